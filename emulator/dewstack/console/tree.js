// A JSON document as lines that fold, each known by the path to its value.

import { h } from "./dom.js";
import { coloured } from "./json.js";

const SHOWN = 110; // characters of a text
const MANY_NULLS = 4;

/** A value on one line, coloured; what is long is cut. */
export function inline(value) {
  const text = JSON.stringify(value) ?? "null";
  if (text.length <= SHOWN) return coloured(text);
  const kind = typeof value === "string" ? "json-string" : null;
  return [h("span", { class: kind, title: text.slice(0, 2000) }, `${text.slice(0, SHOWN - 10)}…`), h("span", { class: "more" }, ` ${text.length.toLocaleString("en")} characters`)];
}

/** What a path is known by. */
export const keyOf = (path) => JSON.stringify(path);

/**
 * The lines of `value` at `path`. `made(line, path, container)` is called for each line that names a value; lines have
 * `above`, the line that folds them away. `folded(path)` says what begins folded.
 */
export function lines(value, path, { made, folded, last = true, depth = 0, above = null }) {
  const name = path.length && depth >= 0 ? path.at(-1) : null;
  const label = typeof name === "string" ? [h("span", { class: "key" }, JSON.stringify(name)), ": "] : [];
  const comma = last ? "" : ",";
  const line = (content, attributes = {}) => Object.assign(h("div", { class: "tree-line", vars: { depth }, ...attributes }, content), { above });
  const entries = Array.isArray(value) ? value.map((each, index) => [index, each]) : value !== null && typeof value === "object" ? Object.entries(value) : null;
  if (!entries?.length) {
    const single = line([h("span", { class: "tree-value" }, label, entries ? (Array.isArray(value) ? "[]" : "{}") : inline(value), comma)], value === null ? { class: "tree-line is-null" } : {});
    made(single, path, false);
    return [single];
  }
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  const rest = h("span", { class: "tree-rest" }, ` ${entries.length} ${close}${comma}`);
  const shows = h("button", { type: "button", class: "tree-fold", "aria-expanded": "true", onclick: () => fold(shows.getAttribute("aria-expanded") === "true") }, h("span", { class: "tree-mark", "aria-hidden": "true" }), label, open, rest);
  const head = line([shows]);
  const nothing = Array.isArray(value) ? [] : entries.filter(([, each]) => each === null);
  const apart = nothing.length > MANY_NULLS ? nothing : []; // they would hide what is there
  const shown = entries.filter((entry) => !apart.includes(entry));
  const below = (some, over) => some.flatMap(([key, each]) => lines(each, [...path, key], { made, folded, last: key === entries.at(-1)[0], depth: depth + 1, above: over }));
  const inner = below(shown, head);
  if (apart.length) {
    const more = h("button", { type: "button", class: "tree-fold more", "aria-expanded": "false" }, h("span", { class: "tree-mark", "aria-hidden": "true" }), `${apart.length} more are null`);
    const row = Object.assign(h("div", { class: "tree-line", vars: { depth: depth + 1 } }, more), { above: head, unfold: () => more.click() });
    const rest = h("div", { class: "tree-body", hidden: true }, below(apart, row));
    more.addEventListener("click", () => {
      rest.hidden = !rest.hidden;
      more.setAttribute("aria-expanded", String(!rest.hidden));
      row.dispatchEvent(new CustomEvent("folded", { bubbles: true }));
    });
    inner.push(row, rest);
  }
  const body = h("div", { class: "tree-body" }, inner, line([close, comma], { class: "tree-line tree-end" }));
  function fold(away) {
    shows.setAttribute("aria-expanded", String(!away));
    body.hidden = away;
    head.dispatchEvent(new CustomEvent("folded", { bubbles: true }));
  }
  head.unfold = () => fold(false);
  if (folded(path)) fold(true);
  made(head, path, true);
  return [head, body];
}
