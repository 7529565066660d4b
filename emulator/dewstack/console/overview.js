// What runs here: where it is, who may call what, and what happened last.

import { get, listen, repeat } from "./api.js";
import { empty, h, href, refill } from "./dom.js";
import { count, moment, ms } from "./format.js";
import { letters } from "./mail.js";
import { facts, section, table } from "./table.js";
import { routeKey, statusChip, whatRan } from "./timing.js";

export const title = "Overview";

const LATEST = 12;
const KINDS = { http: "HTTP API", rest: "REST API", websocket: "WebSocket", url: "Function URL" };

/** Who may call a route, in words. */
export function whoMayCall(route) {
  if (!route.authorizer) return h("span", { class: "chip" }, "anyone");
  const scopes = route.scopes?.length ? h("span", { class: "quiet" }, ` ${route.scopes.join(" ")}`) : null;
  return h("span", {}, h("span", { class: "chip", dataset: { kind: "accent" } }, route.authorizer), scopes);
}

function routesTable(routes) {
  if (!routes.length) return empty("The map has no routes.");
  return table("Routes", [
    { title: "Method", cell: (route) => h("span", { class: "method" }, route.method) },
    { title: "Path", mono: true, cell: (route) => h("a", { href: href("invocations", null, { route: routeKey(route) }), title: "The requests to it" }, route.path) },
    { title: "Function", cell: (route) => route.function },
    { title: "Who may call it", cell: whoMayCall },
    { title: "Gateway", cell: (route) => `${KINDS[route.api] ?? route.api} · ${route.payload}` },
    { title: "In the map", mono: true, cell: (route) => h("span", { class: "quiet" }, route.defined_at) },
  ], routes);
}

function functionsTable(functions) {
  if (!functions.length) return empty("The map has no functions.");
  return table("Functions", [
    { title: "Function", cell: (one) => h("a", { href: href("configuration", one.key) }, one.key) },
    { title: "Handler", mono: true, cell: (one) => one.handler ?? "–" },
    { title: "Runtime", cell: (one) => one.runtime },
    { title: "Memory", number: true, cell: (one) => `${count(one.memory_size)} MB` },
    { title: "Timeout", number: true, cell: (one) => `${one.timeout} s` },
    { title: "Environments", number: true, cell: (one) => count(one.environments) },
    { title: "", cell: (one) => h("span", { class: "row" }, h("a", { href: href("invocations", null, { function: one.name }), "aria-label": `Invocations of ${one.key}` }, "invocations"), h("a", { href: href("logs", one.key), "aria-label": `Logs of ${one.key}` }, "logs")) },
  ], functions);
}

function recentList(summaries) {
  if (!summaries.length) return empty("Nothing has run yet.", "Send a request, and it will be here at once.");
  return h("ol", { class: "card lines" }, summaries.map((summary) => h("li", {}, h("a", { class: "line", href: href("invocations", summary.id) },
    statusChip(summary), h("span", { class: "cut grow" }, whatRan(summary)),
    summary.cold ? h("span", { class: "chip", dataset: { kind: "cold" } }, "cold") : null,
    h("span", { class: "quiet number" }, ms(summary.total_ms ?? summary.duration_ms)),
    h("span", { class: "quiet number" }, moment(summary.at)),
  ))));
}

function addresses(health) {
  const here = /^https?:\/\/(127\.0\.0\.1|\[::1\]|([\w-]+\.)*localhost)[:/]/; // the names that AWS gives lead elsewhere
  const link = (url) => (here.test(`${url}/`) ? h("a", { href: url }, url) : h("code", {}, url));
  const outputs = Object.entries(health.outputs).map(([name, value]) => [name, link(value)]);
  const ofFunctions = outputs.filter(([name]) => name.endsWith("QualifiedArn"));
  return [
    facts([
      ["Service", link(health.urls.service)],
      ["Front end", link(health.urls.frontend)],
      ["AWS endpoint", h("code", {}, health.urls.aws)],
      ...outputs.filter((one) => !ofFunctions.includes(one)),
    ]),
    ofFunctions.length ? h("details", { class: "spaced-above" }, h("summary", {}, `ARNs of ${ofFunctions.length} functions`), facts(ofFunctions)) : null,
  ];
}

/** Render the overview; it follows what happens. */
export async function show(main, _parameters, signal) {
  const places = Object.fromEntries(["routes", "functions", "recent", "mail", "where"].map((name) => [name, h("div", {})]));
  const more = (page, text) => h("a", { href: href(page) }, text);
  const withMore = (made, link) => {
    made.querySelector(".section-head").append(link);
    return made;
  };
  main.append(
    h("div", { class: "columns" },
      withMore(section("Recent invocations", places.recent), more("invocations", "all")),
      h("div", {}, withMore(section("Mail", places.mail), more("mail", "mailbox")), section("Where things are", h("div", { class: "card padded" }, places.where))),
    ),
    section("Routes", places.routes),
    section("Functions", places.functions),
  );

  async function described() {
    const [health, { routes }, { functions }] = await Promise.all([get("health", {}, signal), get("routes", {}, signal), get("functions", {}, signal)]);
    refill(places.where, health, () => addresses(health));
    refill(places.routes, routes, () => routesTable(routes));
    refill(places.functions, functions, () => functionsTable(functions));
  }
  async function recent() {
    const { invocations } = await get("invocations", { limit: LATEST }, signal);
    refill(places.recent, invocations, () => recentList(invocations));
  }
  async function mail() {
    const { messages } = await get("mail", {}, signal);
    const latest = messages.slice(-3).toReversed();
    refill(places.mail, latest, () => letters(latest));
  }
  listen("invocations", () => soon(recent), signal);
  listen("mail", () => soon(mail), signal);
  listen("deployed", () => soon(described), signal);
  listen("state", (state) => state === "live" && soon(async () => Promise.all([described(), recent(), mail()])), signal);
  await Promise.all([repeat(described, 5, signal), repeat(recent, 10, signal), repeat(mail, 5, signal)]);
}

/** Do it now; when it cannot be done, the shell says that the emulator is gone. */
function soon(work) {
  work().catch(() => undefined);
}
