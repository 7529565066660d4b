// The keyboard: single keys, and `g` with another for pages. What is typed into a field is left alone.

import { h } from "./dom.js";
import { dialog } from "./dialogs.js";

const known = new Map(); // key → {says, work, group}
let before = "";

/** Let `key` ("j", "Enter", "g o") do `work` until `signal`; `says` is what the list of shortcuts says. */
export function shortcut(key, says, work, signal = null, group = "On this page") {
  const entry = { says, work, group };
  known.set(key, entry);
  signal?.addEventListener("abort", () => {
    if (known.get(key) === entry) known.delete(key);
  });
}

function typing(target) {
  return target.closest?.("input, select, textarea, [contenteditable], dialog") !== null;
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (typing(event.target)) {
    if (event.key === "Escape" && !event.target.closest("dialog")) event.target.blur();
    return;
  }
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
  const found = known.get(before ? `${before} ${event.key}` : event.key);
  before = !before && event.key === "g" ? "g" : "";
  if (!found) return;
  event.preventDefault();
  found.work(event);
}

const WRITTEN = { ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc" };

/** The list of what keys do now. */
export function showShortcuts() {
  const groups = new Map();
  for (const [key, { says, group }] of known) {
    if (!groups.has(group)) groups.set(group, new Map());
    const entries = groups.get(group);
    entries.set(says, [...(entries.get(says) ?? []), ...key.split(" ")]);
  }
  const order = [...groups].sort(([one], [other]) => (one === "On this page" ? -1 : other === "On this page" ? 1 : 0));
  const columns = order.map(([group, entries]) =>
    h("section", {}, h("h3", {}, group), h("dl", { class: "shortcuts" }, [...entries].map(([says, keys]) => [
      h("dt", {}, keys.map((one) => h("kbd", {}, WRITTEN[one] ?? one))), h("dd", {}, says),
    ]))),
  );
  dialog("Shortcuts", h("div", { class: "shortcut-columns" }, columns));
}

/** Listen: the shell does it once. */
export function startKeys() {
  document.addEventListener("keydown", pressed);
}
