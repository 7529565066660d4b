// The mailbox: what Cognito would have sent by e-mail or text message.

import { get, listen, repeat } from "./api.js";
import { copy, empty, h, refill, tools } from "./dom.js";
import { moment } from "./format.js";

export const title = "Mailbox";

function letter(message) {
  const code = message.code
    ? h("button", { type: "button", class: "mail-code", onclick: () => copy(message.code, `Copied ${message.code}`) }, message.code, h("small", {}, "copy"))
    : null;
  return h("li", { class: "card letter", dataset: { id: message.id } },
    h("div", { class: "envelope" }, h("strong", {}, message.to), h("span", { class: "quiet" }, `${message.medium} · ${moment(message.sent_at)}`)),
    h("div", { class: "letter-body" }, h("p", { class: "grow" }, message.subject ? h("span", { class: "subject" }, `${message.subject}\n`) : null, message.body), code),
  );
}

/** Messages as cards, in the order given. */
export function letters(messages) {
  if (!messages.length) return empty("No messages yet.", "Sign somebody up, and the code will be here.");
  return h("ol", { class: "letters" }, messages.map(letter));
}

/** Render the mailbox, the newest message first; new ones come by themselves. */
export async function show(main, parameters, signal) {
  const place = h("div", { id: "mail", "aria-live": "polite" });
  const search = h("input", { type: "search", placeholder: "Address or text", "aria-label": "Search the mailbox", value: parameters.q ?? "", dataset: { search: "" }, oninput: () => fill() });
  tools(search);
  main.append(h("p", { class: "hint spaced" }, "What Cognito would have sent by e-mail or text message arrives here, the newest first."), place);
  let messages = [];
  function fill() {
    const wanted = search.value.trim().toLowerCase();
    const found = messages.filter((one) => !wanted || [one.to, one.subject, one.body].some((text) => text?.toLowerCase().includes(wanted)));
    const newest = found.toReversed();
    refill(place, [wanted, newest], () => (messages.length && !found.length ? empty("No message has this in it.") : letters(newest)));
  }
  async function read() {
    ({ messages } = await get("mail", {}, signal));
    fill();
  }
  listen("mail", () => read().catch(() => undefined), signal);
  await repeat(read, 2, signal);
}
