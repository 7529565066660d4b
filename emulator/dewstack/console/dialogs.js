// Dialogs: the browser's own, which keep the focus inside and give it back.

import { attempt, button, h } from "./dom.js";

/** Show a dialog with a title and content; gives the element, whose `close()` ends it. `actions` are buttons below. */
export function dialog(title, content, actions = []) {
  const heading = h("h2", { id: "dialog-title" }, title);
  const close = button("Close", () => made.close(), { class: "plain small" });
  const made = h("dialog", { "aria-labelledby": "dialog-title" },
    h("div", { class: "dialog-head" }, heading, close),
    h("div", { class: "dialog-body" }, content),
    actions.length ? h("div", { class: "dialog-actions" }, actions) : null,
  );
  made.addEventListener("close", () => made.remove());
  made.addEventListener("click", (event) => {
    if (event.target === made) made.close();
  });
  document.body.append(made);
  made.showModal();
  return made;
}

/** Ask for the values of fields; `work(values)` does it, and what it refuses stands in the dialog. */
export function form(title, fields, verb, work, { danger = false } = {}) {
  const trouble = h("p", { class: "trouble", role: "alert", hidden: true });
  const send = h("button", { type: "submit", class: danger ? "danger" : "primary" }, verb);
  const made = h("form", { class: "form", onsubmit: async (event) => {
    event.preventDefault();
    send.disabled = true;
    trouble.hidden = true;
    try {
      await work(Object.fromEntries(new FormData(made)));
      shown.close();
    } catch (error) {
      trouble.textContent = error.message;
      trouble.hidden = false;
    } finally {
      send.disabled = false;
    }
  } }, fields, trouble, h("div", { class: "dialog-actions" }, send));
  const shown = dialog(title, made);
  made.querySelector("input, select, textarea, button")?.focus();
  return shown;
}

/** Ask before what cannot be undone. */
export function confirmed(title, text, verb, work) {
  form(title, [h("p", {}, text)], verb, work, { danger: true });
}

/** Work on a click, the button disabled meanwhile. */
export function busy(text, work, attributes = {}) {
  const made = button(text, async () => {
    made.disabled = true;
    await attempt(work);
    made.disabled = false;
  }, attributes);
  return made;
}
