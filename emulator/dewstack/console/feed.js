// The recorded invocations that fit some filters, newest first: known where they were looked at, the rest only counted.

import { get } from "./api.js";

const PAGE = 200;

/** `changed(added, restarted)` is called when rows came; `total`, `dropped` and `at(index)` say what there is. */
export class Feed {
  constructor(filters, changed, signal) {
    Object.assign(this, { filters, changed, signal });
    this.items = [];
    this.total = 0;
    this.dropped = 0;
    this.asked = new Set();
    this.edition = 0;
  }

  at(index) {
    return this.items[index];
  }

  indexOf(id) {
    return this.items.findIndex((item) => item?.id === id);
  }

  read(parameters) {
    return get("invocations", { ...this.filters, ...parameters }, this.signal);
  }

  /** Begin anew, with the newest. */
  async restart(filters = this.filters) {
    this.filters = filters;
    this.edition += 1;
    const edition = this.edition;
    const page = await this.read({ limit: PAGE });
    if (edition !== this.edition) return;
    this.asked.clear();
    this.asked.add(0);
    this.items = new Array(page.total).fill(undefined);
    this.take(0, page);
    this.changed(0, true);
  }

  take(start, page) {
    page.invocations.forEach((item, at) => {
      this.items[start + at] = item;
    });
    this.total = page.total;
    this.dropped = page.dropped;
  }

  /** Read what is between two indices and isn't known, a page at a time. */
  async need(start, end) {
    for (let page = Math.floor(start / PAGE); page * PAGE < end; page += 1) {
      const first = page * PAGE;
      if (this.asked.has(page) || first >= this.items.length) continue;
      const missing = this.items.slice(first, first + PAGE).some((item) => item === undefined);
      if (!missing) continue;
      this.asked.add(page);
      const edition = this.edition;
      const newest = this.items[0]?.id;
      const found = await this.read({ limit: PAGE, before: newest === undefined ? null : newest + 1, offset: first });
      if (edition !== this.edition) return;
      const shifted = this.indexOf(newest); // what came meanwhile has moved the rest
      found.invocations.forEach((item, at) => {
        this.items[first + shifted + at] = item;
      });
      this.asked.delete(page);
      this.changed(0, false);
    }
  }

  /** Read what came since. More than a page of it, and the list begins anew. */
  async refresh() {
    const newest = this.items[0]?.id;
    if (newest === undefined) {
      await this.restart();
      return;
    }
    const edition = this.edition;
    const page = await this.read({ limit: PAGE, after: newest });
    if (edition !== this.edition) return;
    if (page.invocations.length >= PAGE) {
      await this.restart();
      return;
    }
    const added = page.invocations.length;
    this.dropped = page.dropped;
    if (!added) return;
    this.items = page.invocations.concat(this.items);
    this.items.length = Math.min(this.items.length, page.total); // the oldest are forgotten
    this.total = this.items.length;
    this.asked.clear();
    this.changed(added, false);
  }
}
