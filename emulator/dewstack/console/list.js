// A list that may be long: only the rows in sight, and a few beside, are in the document.

import { h } from "./dom.js";

const BESIDE = 12; // rows above and below what is in sight

/**
 * A listbox over `count` rows. `row(index)` is the row's value or undefined while it isn't known; `fill(element, value)`
 * renders one; `need(start, end)` is told which rows are in sight; `open(index)` what is clicked. Without `open` it is a
 * list to read.
 */
export class LongList {
  constructor({ label, row, fill, need = () => undefined, open = null }) {
    Object.assign(this, { row, fill, need, open });
    this.count = 0;
    this.chosen = null; // the value's id
    this.shown = new Map(); // id → element
    this.window = h("div", { class: "list-window", role: "presentation" });
    this.spacer = h("div", { class: "list-spacer", role: "presentation" }, this.window);
    this.element = h("div", { class: "list", role: open ? "listbox" : "list", tabIndex: 0, "aria-label": label, onscroll: () => this.draw() }, this.spacer);
    if (open) this.element.addEventListener("click", (event) => {
      const at = event.target.closest("[role=option]")?.dataset.index;
      if (at !== undefined) this.open(Number(at));
    });
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.element);
  }

  /** Pixels of a row: the style sheet says it, by `--row`. */
  get height() {
    return Number.parseFloat(getComputedStyle(this.element).getPropertyValue("--row")) || 30;
  }

  /** Whether the last row is in sight. */
  get atEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.element;
    return scrollTop + clientHeight >= scrollHeight - 2 * this.height;
  }

  get atTop() {
    return this.element.scrollTop < this.height;
  }

  /** There are `count` rows now, `added` of them new at the top: what is read stays where it is. */
  resize(count, added = 0) {
    const follow = this.atTop;
    this.count = count;
    this.spacer.style.setProperty("--height", `${count * this.height}px`);
    if (added && !follow) this.element.scrollTop += added * this.height;
    this.draw();
  }

  /** Forget what is shown: other rows are behind the indices now. */
  restart(count) {
    this.shown = new Map();
    this.element.scrollTop = 0;
    this.resize(count);
  }

  /** Scroll to the last row. */
  toEnd() {
    this.element.scrollTop = this.count * this.height;
    this.draw();
  }

  /** Render what is in sight. */
  draw() {
    const height = this.height;
    const first = Math.floor(this.element.scrollTop / height);
    const start = Math.max(0, first - BESIDE);
    const end = Math.min(this.count, first + Math.ceil(this.element.clientHeight / height) + BESIDE);
    const shown = new Map();
    const rows = [];
    let active = null;
    for (let index = start; index < end; index += 1) {
      const value = this.row(index);
      const id = value?.id ?? `?${index}`;
      let element = this.shown.get(id);
      if (!element) {
        element = h("div", { role: this.open ? "option" : "listitem", class: "list-row", id: `row-${id}` });
        if (value) this.fill(element, value);
        else element.setAttribute("aria-label", "not loaded yet");
      }
      const chosen = value !== undefined && value.id === this.chosen;
      if (this.open) element.setAttribute("aria-selected", String(chosen));
      element.setAttribute("aria-posinset", index + 1);
      element.setAttribute("aria-setsize", this.count);
      element.dataset.index = index;
      if (chosen) active = element.id;
      shown.set(id, element);
      rows.push(element);
    }
    this.shown = shown;
    this.window.style.setProperty("--top", `${start * height}px`);
    const same = rows.length === this.window.children.length && rows.every((row, at) => row === this.window.children[at]);
    if (!same) this.window.replaceChildren(...rows);
    if (active) this.element.setAttribute("aria-activedescendant", active);
    else this.element.removeAttribute("aria-activedescendant");
    this.need(start, end);
  }

  /** Mark a row, and bring it into sight where `index` says where it is. */
  choose(id, index = null) {
    this.chosen = id;
    if (index !== null) {
      const height = this.height;
      const top = index * height;
      if (top < this.element.scrollTop) this.element.scrollTop = top;
      else if (top + height > this.element.scrollTop + this.element.clientHeight) this.element.scrollTop = top + height - this.element.clientHeight;
    }
    this.draw();
  }

  close() {
    this.observer.disconnect();
  }
}
