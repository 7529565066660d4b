// The recorded invocations that fit some filters, newest first: known where they were looked at, the rest only counted.

import { get } from "./api.js";

const PAGE = 200;

/**
 * `changed(added, restarted)` is called when rows came; `length`, `more`, `dropped` and `at(index)` say what there is.
 * Ids have no gaps, so that without filters any place can be read at once; with filters the list grows as it is read,
 * and `more` says that it isn't all.
 */
export class Feed {
  constructor(filters, changed, signal) {
    Object.assign(this, { filters, changed, signal });
    this.items = [];
    this.next = null;
    this.dropped = 0;
    this.asked = new Set();
    this.edition = 0;
  }

  get filtered() {
    return Object.values(this.filters).some(Boolean);
  }

  get length() {
    return this.items.length;
  }

  get more() {
    return this.filtered && this.next !== null;
  }

  at(index) {
    return this.items[index];
  }

  indexOf(id) {
    return this.items.findIndex((item) => item?.id === id);
  }

  read(parameters) {
    return get("invocations", { ...this.filters, limit: PAGE, ...parameters }, this.signal);
  }

  /** Begin anew, with the newest. */
  async restart(filters = this.filters) {
    this.filters = filters;
    const edition = (this.edition += 1);
    const page = await this.read({});
    if (edition !== this.edition) return;
    this.asked.clear();
    this.items = page.invocations;
    this.next = page.next;
    this.dropped = page.dropped;
    if (!this.filtered) this.reach(page.total);
    this.changed(0, true);
  }

  /** Have as many places as there are rows. */
  reach(total) {
    const known = Math.min(this.items.length, total);
    this.items.length = total;
    if (total > known) this.items.fill(undefined, known);
  }

  /** Read what is between two indices and isn't known. */
  need(start, end) {
    return this.filtered ? this.grow(end) : this.fill(start, end);
  }

  async grow(end) {
    if (end < this.items.length || this.next === null || this.asked.has(this.next)) return;
    const from = this.next;
    this.asked.add(from);
    const edition = this.edition;
    const page = await this.read({ before: from }).finally(() => this.asked.delete(from));
    if (edition !== this.edition) return;
    this.items.push(...page.invocations);
    this.next = page.next;
    this.changed(0, false);
  }

  async fill(start, end) {
    const newest = this.items[0]?.id;
    for (let first = Math.floor(start / PAGE) * PAGE; first < Math.min(end, this.items.length); first += PAGE) {
      const missing = this.items.slice(first, first + PAGE).indexOf(undefined);
      const before = newest - first - missing + 1;
      if (missing < 0 || this.asked.has(before)) continue;
      this.asked.add(before);
      const edition = this.edition;
      const page = await this.read({ before }).finally(() => this.asked.delete(before));
      if (edition !== this.edition) return;
      const begin = first + missing + this.indexOf(newest); // what came meanwhile has moved the rest
      page.invocations.forEach((item, at) => {
        if (begin + at < this.items.length) this.items[begin + at] = item;
      });
      if (page.invocations.length < PAGE && page.next === null) this.items.length = begin + page.invocations.length;
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
    const page = await this.read({ after: newest });
    if (edition !== this.edition) return;
    if (page.next !== null) {
      await this.restart();
      return;
    }
    const added = page.invocations.length;
    this.dropped = page.dropped;
    if (!added) return;
    this.items = page.invocations.concat(this.items);
    if (!this.filtered) this.reach(page.total); // the oldest are forgotten
    this.changed(added, false);
  }
}
