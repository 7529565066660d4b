// What happened to an invocation, explained: what in it is remarkable, what its error means, and its route's story.

import { get } from "./api.js";
import { empty, h } from "./dom.js";
import { codeBox } from "./json.js";
import { facts } from "./table.js";

function causes(entry) {
  return h("ol", { class: "causes" }, entry.causes.map(({ why, find, mend }) =>
    h("li", {}, why, h("br"), h("code", {}, find), h("br"), h("span", { class: "quiet" }, mend))));
}

function error(entry) {
  return [
    h("h3", {}, entry.title),
    h("p", {}, entry.means),
    h("p", { class: "quiet" }, `Said by ${entry.who}. In Flask: ${entry.flask}`),
    h("h4", {}, "Causes, the likeliest first"), causes(entry),
  ];
}

function story(route) {
  const { access } = route.facts;
  return [
    h("h3", {}, `What AWS does with ${route.route}`),
    facts([
      ["Defined at", h("code", {}, route.defined_at)],
      ["Handler", h("code", {}, route.function.handler_at ?? route.function.handler ?? "")],
      ["May call", access.text],
      ["Issuer", access.issuer && h("code", {}, access.issuer)],
      ["Audience", access.audience && h("code", {}, access.audience.join(", "))],
      ["Scopes", access.scopes && h("code", {}, access.scopes.join(", "))],
    ]),
    h("ol", { class: "causes" }, route.steps.map(({ name, text, limit }) =>
      h("li", {}, h("strong", {}, `${name}: `), text, limit ? h("span", { class: "quiet" }, ` (${limit})`) : ""))),
    h("h3", {}, "In Flask"), codeBox("The Flask view", route.flask),
  ];
}

/** The tab "Explain" of the invocation with this id. */
export function explanationTab(id, signal) {
  return async (panel) => {
    const place = h("div", { class: "explanation" }, h("p", { class: "quiet", role: "status" }, "Looking at it…"));
    panel.append(place);  // another tab takes it away, whatever comes then
    let told;
    try {
      told = await get("explain", { id }, signal);
    } catch (trouble) {
      if (trouble.name !== "AbortError") place.replaceChildren(h("p", { class: "trouble", role: "alert" }, trouble.message));
      return;
    }
    const [first, ...others] = told.candidates;
    place.replaceChildren(
      ...told.found.map((sentence) => h("p", { class: "note" }, sentence)),
      ...(first ? error(first) : []),
      others.length ? h("p", { class: "quiet" }, `It may also be: ${others.map((one) => one.title).join("; ")}`) : "",
      ...(told.route ? story(told.route) : []),
    );
    if (!place.textContent) place.append(empty("There is nothing to explain.", "It went well, and no route of the map leads there."));
  };
}
