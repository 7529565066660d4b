// An invocation in words and in a bar: what ran, how it ended, where the time went.

import { h } from "./dom.js";
import { kindOf, ms } from "./format.js";

/** What ran: the request, or what invoked the function. */
export function whatRan(summary) {
  if (summary.method && summary.path) return `${summary.method} ${summary.path}`;
  if (summary.route) return summary.route;
  return `${summary.kind} ${summary.function ?? ""}`.trim();
}

/** A route of the map as the record names it: a REST API's without its stage. */
export function routeKey(route) {
  return `${route.method} ${route.api === "rest" ? route.path.replace(/^\/[^/]+/, "") || "/" : route.path}`;
}

/** The status as a chip: an HTTP status, or whether the function returned. */
export function statusChip(summary) {
  const text = summary.status ?? (summary.error ? "error" : "ok");
  return h("span", { class: "chip status", dataset: { kind: kindOf(summary) } }, String(text));
}

/** The parts of an invocation's time in milliseconds: `{ gateway, init, work }`; a part that there was none of is 0. */
export function parts(summary) {
  const work = summary.duration_ms ?? 0;
  const init = summary.init_ms ?? 0;
  const total = Math.max(summary.total_ms ?? 0, init + work);
  return { gateway: total - init - work, init, work, total };
}

const NAMES = { gateway: "Gateway", init: "Init", work: "Function" };

/** The timing bar: gateway, init and function, to scale, with a legend that says the numbers. */
export function timingBar(summary) {
  const told = parts(summary);
  const shown = Object.keys(NAMES).filter((name) => told[name] > 0);
  if (!told.total) return null;
  const bar = h("div", { class: "timing-bar", "aria-hidden": "true" }, shown.map((name) => h("span", { dataset: { part: name }, vars: { share: `${(100 * told[name]) / told.total}%` } })));
  const legend = h("dl", { class: "timing-legend" }, shown.map((name) => h("div", { dataset: { part: name } }, h("dt", {}, NAMES[name]), h("dd", {}, ms(told[name])))), h("div", {}, h("dt", {}, "Total"), h("dd", {}, ms(told.total))));
  return h("figure", { class: "timing", "aria-label": "Where the time went" }, bar, legend);
}
