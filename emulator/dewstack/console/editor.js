// A field for JSON: line numbers, and what is wrong with it in words, at the place where it is.

import { button, h } from "./dom.js";
import { mistake } from "./json.js";

/**
 * `{ element, value(), valid() }` of an editor for `text`. `value()` is the parsed value; it throws an Error that says
 * where the mistake is. `changed` is called after every change.
 */
export function jsonEditor(label, text, changed = () => undefined, { lines = 18 } = {}) {
  const area = h("textarea", { "aria-label": label, "aria-describedby": "json-verdict", spellcheck: false, wrap: "off", rows: lines, autocapitalize: "off", oninput: () => check(), onscroll: () => follow() });
  area.value = text;
  const numbers = h("div", { class: "editor-numbers", "aria-hidden": "true" });
  const verdict = h("p", { class: "verdict", id: "json-verdict", role: "status" });
  const goTo = button("Go there", () => {
    const wrong = mistake(area.value);
    if (!wrong) return;
    area.focus();
    area.setSelectionRange(wrong.at, Math.min(wrong.at + 1, area.value.length));
    area.scrollTop = Math.max(0, (wrong.line - 4) * Number.parseFloat(getComputedStyle(area).lineHeight));
  }, { class: "small", hidden: true });
  const tidy = button("Indent", () => {
    area.value = JSON.stringify(JSON.parse(area.value), null, 2);
    check();
  }, { class: "small" });

  function follow() {
    numbers.scrollTop = area.scrollTop;
  }

  function check() {
    const wrong = mistake(area.value);
    const count = area.value.split("\n").length;
    if (numbers.children.length !== count || numbers.dataset.wrong !== String(wrong?.line ?? "")) {
      numbers.replaceChildren(...Array.from({ length: count }, (_, at) => h("span", { class: wrong?.line === at + 1 ? "is-wrong" : null }, String(at + 1))));
      numbers.dataset.wrong = String(wrong?.line ?? "");
    }
    verdict.textContent = wrong ? `Line ${wrong.line}, column ${wrong.column}: ${wrong.says}` : "This is JSON.";
    verdict.dataset.kind = wrong ? "bad" : "good";
    area.setAttribute("aria-invalid", String(Boolean(wrong)));
    goTo.hidden = !wrong;
    tidy.disabled = Boolean(wrong);
    follow();
    changed(!wrong);
  }

  check();
  return {
    element: h("div", { class: "editor" }, h("div", { class: "editor-field" }, numbers, area), h("div", { class: "row" }, verdict, h("span", { class: "grow" }), goTo, tidy)),
    valid: () => mistake(area.value) === null,
    value: () => {
      const wrong = mistake(area.value);
      if (wrong) throw new Error(`${label}, line ${wrong.line}, column ${wrong.column}: ${wrong.says}`);
      return JSON.parse(area.value);
    },
  };
}
