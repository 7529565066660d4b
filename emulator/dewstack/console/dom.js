// Elements, made of values. Text is always text: nothing here or elsewhere in the console sets markup.

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "indeterminate", "selected", "spellcheck", "tabIndex"]);

function fill(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined) continue;
    if (typeof value === "function") made.addEventListener(name.replace(/^on/, ""), value);
    else if (name === "dataset") Object.assign(made.dataset, value);
    else if (name === "vars") for (const [key, one] of Object.entries(value)) made.style.setProperty(`--${key}`, one);
    else if (PROPERTIES.has(name)) made[name] = value;
    else if (value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** An element: `h("button", { class: "plain", onclick: work }, "Text", otherElement)`. `vars` are CSS variables. */
export function h(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function s(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

/** A button with a text; `attributes` as for `h`. */
export function button(text, work, attributes = {}) {
  return h("button", { type: "button", ...attributes, onclick: work }, text);
}

/** A link within the console. `parameters` follow as a query; those that are null are left out. */
export function href(page, id = null, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== ""));
  return `#/${page}${id === null ? "" : `/${encodeURIComponent(id)}`}${query.size ? `?${query}` : ""}`;
}

/** The place for a page's own controls, beside its title. Emptied when another page is shown. */
export function tools(...children) {
  document.querySelector("#tools")?.replaceChildren(...children);
}

/** A field with its label above, for `input`, `select` and `textarea`. */
export function field(label, control, hint = null) {
  return h("label", { class: "field" }, h("span", {}, label), control, hint && h("small", {}, hint));
}

/** A choice: `options` are values, or pairs of value and text. */
export function select(options, chosen, work, attributes = {}) {
  const made = h("select", { ...attributes, onchange: (event) => work(event.target.value) });
  for (const option of options) {
    const [value, text] = Array.isArray(option) ? option : [option, option];
    made.append(h("option", { value, selected: value === chosen }, text));
  }
  return made;
}

/** What stands where there is nothing yet. */
export function empty(title, ...hint) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), hint.length ? h("p", {}, ...hint) : null);
}

/** A message in the corner; errors stay longer, and are announced at once. */
export function toast(text, kind = "good") {
  const shown = h("p", { class: "toast", dataset: { kind }, role: kind === "bad" ? "alert" : null }, text);
  const place = document.querySelector("#toasts");
  while (place.children.length > 3) place.firstChild.remove();
  place.append(shown);
  setTimeout(() => shown.remove(), kind === "bad" ? 9000 : 3500);
}

/** Do what a click asks for; what goes wrong is told, and what was left behind with its page is not. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (error.name !== "AbortError") toast(error.message, "bad");
    return undefined;
  }
}

/** Copy a text, and say so. */
export async function copy(text, what = "Copied") {
  try {
    await navigator.clipboard.writeText(text);
    toast(what);
    return true;
  } catch {
    toast("The browser lets nobody copy here: select it by hand", "bad");
    return false;
  }
}

/** Put new children in, but only when `key` differs from what was put last: what is unchanged keeps focus and selection. */
export function refill(place, key, make) {
  const wanted = JSON.stringify(key);
  if (place.shownKey === wanted) return;
  place.shownKey = wanted;
  place.replaceChildren(...[make()].flat(Infinity).filter(Boolean));
}
