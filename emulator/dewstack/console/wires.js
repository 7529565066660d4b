// Lines between what corresponds on two sides: all of them faint, and strong what is pointed at.

import { s } from "./dom.js";

/** The nearest line that is not folded away. */
function visible(element) {
  let at = element;
  while (at && at.getClientRects().length === 0) at = at.above ?? null;
  return at;
}

/**
 * `add(left, right, part)` connects two elements. What is hovered or has the focus is lit up on both sides; a click
 * keeps it so. `lit(links)` hears of it. Links of one element belong together.
 */
export class Wires {
  constructor(place, lit, signal) {
    this.place = place;
    this.lit = lit;
    this.links = [];
    this.of = new Map(); // element → its links
    this.kept = null;
    this.now = null;
    this.canvas = s("svg", { class: "wires", "aria-hidden": "true" });
    place.append(this.canvas);
    const at = (event) => event.target.closest?.(".wired");
    place.addEventListener("pointerover", (event) => event.pointerType !== "touch" && this.light(at(event) ?? this.kept), { signal });
    place.addEventListener("pointerleave", () => this.light(this.kept), { signal });
    place.addEventListener("focusin", (event) => this.light(at(event) ?? this.kept), { signal });
    place.addEventListener("focusout", () => this.light(this.kept), { signal });
    place.addEventListener("click", (event) => at(event) && this.keep(at(event)), { signal });
    place.addEventListener("keydown", (event) => this.walk(event), { signal });
    place.addEventListener("folded", () => this.soon(), { signal });
    addEventListener("resize", () => this.soon(), { signal });
    document.addEventListener("scroll", () => this.soon(), { signal, capture: true, passive: true });
    this.observer = new ResizeObserver(() => this.soon());
    this.observer.observe(place);
    signal.addEventListener("abort", () => this.observer.disconnect());
  }

  add(left, right, link) {
    const made = { ...link, left, right, path: s("path", { class: "wire", "data-part": link.part }) };
    this.links.push(made);
    this.canvas.append(made.path);
    for (const element of [left, right]) this.of.set(element, [...(this.of.get(element) ?? []), made]);
  }

  keep(element) {
    this.kept = this.kept === element ? null : element;
    for (const each of this.of.keys()) if (each.hasAttribute("aria-pressed")) each.setAttribute("aria-pressed", String(each === this.kept));
    this.light(element);
  }

  light(element) {
    if (element === this.now) return;
    this.now = element;
    const links = this.of.get(element) ?? [];
    for (const link of this.links) {
      const on = links.includes(link);
      link.path.classList.toggle("is-lit", on);
      if (on) this.canvas.append(link.path); // above the others
    }
    for (const each of this.of.keys()) each.classList.toggle("is-lit", links.some((link) => link.left === each || link.right === each));
    this.place.classList.toggle("has-lit", links.length > 0);
    this.lit(links);
  }

  /** Arrow keys: up and down on one side, across to what corresponds. */
  walk(event) {
    const element = event.target.closest?.(".wired");
    if (!element || event.ctrlKey || event.metaKey || event.altKey) return;
    const across = { ArrowRight: "right", ArrowLeft: "left" }[event.key];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    let next = null;
    if (across) {
      next = this.of.get(element)[0][across];
      for (let above = next.above; above; above = above.above) above.unfold();
    } else if (step) {
      const side = this.links[0] && this.links.some((link) => link.left === element) ? "left" : "right";
      const row = [...new Set(this.links.map((link) => link[side]))].filter((each) => each.getClientRects().length);
      row.sort((one, other) => (one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
      next = row[row.indexOf(element) + step];
    }
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  soon() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    const origin = this.place.getBoundingClientRect();
    this.canvas.setAttribute("viewBox", `0 0 ${origin.width} ${origin.height}`);
    for (const link of this.links) {
      const [left, right] = [visible(link.left), visible(link.right)];
      if (!left || !right) {
        link.path.setAttribute("d", "");
        continue;
      }
      const [from, to] = [left.getBoundingClientRect(), right.getBoundingClientRect()];
      const y1 = from.top + Math.min(from.height / 2, 14) - origin.top;
      const y2 = to.top + Math.min(to.height / 2, 14) - origin.top;
      const stacked = to.left < from.right;
      link.path.classList.toggle("is-stacked", stacked);
      const x1 = (stacked ? from.left : from.right) - origin.left;
      const x2 = to.left - origin.left;
      if (stacked) link.path.setAttribute("d", `M${x1} ${y1} C${x1 - 14} ${y1} ${x2 - 14} ${y2} ${x2} ${y2}`);
      else link.path.setAttribute("d", `M${x1} ${y1} C${x1 + (x2 - x1) / 2} ${y1} ${x2 - (x2 - x1) / 2} ${y2} ${x2} ${y2}`);
    }
  }
}
