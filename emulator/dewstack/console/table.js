// Tables and lists of facts.

import { h } from "./dom.js";

/**
 * A table. `columns` are `{ title, cell(row), number?, mono?, keep? }` (`keep`: on one line); a cell is text or an element. `caption` is for who
 * cannot see where the table stands. On a phone each row is a block, which takes the roles away: hence they are said.
 */
export function table(caption, columns, rows) {
  const kind = (column) => ["number", "mono", "keep"].filter((name) => column[name]).join(" ") || null;
  return h("div", { class: "table", tabIndex: 0, role: "region", "aria-label": caption }, h("table", { role: "table", "aria-label": caption },
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, columns.map((column) => (column.title ? h("th", { scope: "col", role: "columnheader", class: column.number ? "number" : null }, column.title) : h("td", { role: "cell" }))))),
    h("tbody", { role: "rowgroup" }, rows.map((row) => h("tr", { role: "row" }, columns.map((column) => h("td", { role: "cell", class: kind(column), dataset: { title: column.title } }, column.cell(row)))))),
  ));
}

/** Names and values, a line each; what is null is left out. */
export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "").map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** A few large numbers. */
export function figures(pairs) {
  return h("dl", { class: "figures" }, pairs.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** A field that hides what hasn't its text: the `parts` (a selector) within `place`. `apply()` after they were made anew. */
export function sieve(label, place, parts) {
  const input = h("input", { type: "search", placeholder: label, "aria-label": label, dataset: { search: "" }, oninput: apply });
  function apply() {
    const wanted = input.value.trim().toLowerCase();
    for (const part of place.querySelectorAll(parts)) part.hidden = !part.textContent.toLowerCase().includes(wanted);
  }
  return { input, apply };
}

/** A section with a title, and a hint or a link at its right. */
export function section(title, ...content) {
  return h("section", { class: "section" }, h("div", { class: "section-head" }, h("h2", {}, title)), ...content);
}

/** Tabs: `tabs` are `[name, label, render(panel)]`. `shown` is called with the name of the one that is chosen. */
export function tabs(label, list, chosen, shown) {
  const panel = h("div", { role: "tabpanel", class: "tabpanel", tabIndex: 0, id: "tabpanel" });
  const buttons = list.map(([name, text]) => h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "tabpanel", onclick: () => show(name) }, text));
  const bar = h("div", { role: "tablist", "aria-label": label, onkeydown: (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = list.findIndex(([name]) => name === chosen);
    const next = (at + step + list.length) % list.length;
    show(list[next][0]);
    buttons[next].focus();
  } }, buttons);
  function show(name) {
    chosen = list.some(([each]) => each === name) ? name : list[0][0];
    list.forEach(([each], index) => {
      buttons[index].setAttribute("aria-selected", String(each === chosen));
      buttons[index].tabIndex = each === chosen ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", `tab-${chosen}`);
    panel.replaceChildren();
    list.find(([each]) => each === chosen)[2](panel);
    shown?.(chosen);
  }
  show(chosen);
  return { bar, panel, show };
}
