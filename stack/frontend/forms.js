// Forms: their values, their errors at the field, and the help that a password field needs.

import { element } from "./dom.js";

// As the pool's policy in stack/cognito.yml has it; Cognito has the last word.
const RULES = [
  ["8 characters", (text) => text.length >= 8],
  ["a small letter", (text) => /[a-z]/.test(text)],
  ["a capital", (text) => /[A-Z]/.test(text)],
  ["a digit", (text) => /[0-9]/.test(text)],
];

/** What was typed, by the fields' names; passwords as they are, the rest without outer blanks. */
export function values(form) {
  const inputs = [...form.elements].filter((input) => input.name);
  return Object.fromEntries(
    inputs.map((input) => [input.name, input.autocomplete.includes("password") ? input.value : input.value.trim()]));
}

/** Says what is wrong: at the field if there is one of that name, else on top of the form. */
export function complain(form, message, field) {
  const input = field && form.elements[field];
  const text = element("p", { className: "error", id: `error-${form.dataset.action}` }, message);
  text.setAttribute("role", "alert");
  if (!input) {
    form.querySelector(".main").before(text);
    return;
  }
  input.setAttribute("aria-invalid", "true");
  input.dataset.describedby = input.getAttribute("aria-describedby") ?? "";
  input.setAttribute("aria-describedby", `${text.id} ${input.dataset.describedby}`.trim());
  input.closest(".field").append(text);
  input.focus();
}

/** Takes back what `complain` said. */
export function settle(form) {
  for (const text of form.querySelectorAll(".error")) text.remove();
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    const before = input.dataset.describedby;
    if (before) input.setAttribute("aria-describedby", before);
    else input.removeAttribute("aria-describedby");
  }
}

/** The first required field left empty, as {message, field}, or null. */
export function missing(form) {
  const input = [...form.elements].find((each) => each.required && !each.value.trim());
  if (!input) return null;
  const label = form.querySelector(`label[for="${input.id}"]`).firstChild.textContent.trim();
  return { message: `${label} is required.`, field: input.name };
}

/** Gives every password field a button that shows it, and its rules a tick as they are met. */
export function equip(root) {
  for (const input of root.querySelectorAll("input[type=password]")) {
    const button = element("button", { type: "button", className: "reveal", ariaPressed: "false" }, "Show");
    button.setAttribute("aria-label", "Show the password");
    button.addEventListener("click", () => reveal(input, button, input.type === "password"));
    input.form.addEventListener("submit", () => reveal(input, button, false), true);
    const box = element("div", { className: "with-button" });
    input.replaceWith(box);
    box.append(input, button);
  }
  for (const list of root.querySelectorAll(".rules")) {
    const items = RULES.map(([text]) => element("li", {}, text));
    list.append(...items);
    const input = root.querySelector(`#${list.dataset.for}`);
    input.addEventListener("input", () => {
      RULES.forEach(([, met], index) => items[index].classList.toggle("is-met", met(input.value)));
    });
  }
}

function reveal(input, button, shown) {
  input.type = shown ? "text" : "password";
  button.ariaPressed = String(shown);
  button.textContent = shown ? "Hide" : "Show";
}
