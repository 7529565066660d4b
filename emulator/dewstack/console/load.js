// A load that one drags, the environments that it needs, and what it costs beside a server that is always on.
//
// The load ends with the page: it is renewed while somebody looks, and the emulator ends it otherwise.

import { get, listen, post, remove, repeat, state } from "./api.js";
import { breakEven, perSecond } from "./breakeven.js";
import { attempt, button, empty, h, href, select, tools } from "./dom.js";
import { count, dollars, ms, span } from "./format.js";
import { shortcut } from "./keys.js";
import { history, pool } from "./pool.js";
import { routeKey } from "./timing.js";

export const title = "Load & cost";
export const style = "load.css";

const RATES = [0, 0.2, 0.5, 1, 2, 3, 5, 8, 12, 20, 30, 50, 75, 100];
const IDLE = [3, 5, 10, 30];
const RENEWED = 6; // seconds that a load lasts without being renewed
const FRAME = 250; // milliseconds between two looks at the environments
const TOGETHER = 10;

/** A number as the API tells it (`value`), and as it is read. */
const figure = (name, value, text) => h("data", { value: value ?? "", dataset: { figure: name } }, text);
const seconds = (value) => `${value.toFixed(value < 10 ? 2 : 1)} s`;
const mark = (number) => h("span", { class: "mark", "aria-hidden": "true" }, number);

/** What may be called: routes, then functions; `kind` and `key` are how the record names a route. */
function targetsOf(routes, functions) {
  const called = routes.filter((route) => route.api === "http" || route.api === "rest");
  return [
    ...called.map((route) => ({ id: `${route.method} ${route.path}`, asked: { route: `${route.method} ${route.path}` }, kind: route.api, key: routeKey(route), authorizer: route.authorizer, name: functions.find((one) => one.key === route.function)?.name })),
    ...functions.map((one) => ({ id: one.key, asked: { function: one.key }, kind: null, key: null, authorizer: null, name: one.name })),
  ];
}

/** The one that was asked for, or what was read last, or the first that anybody may read: reading changes nothing. */
async function chosenOf(targets, wanted, signal) {
  const found = targets.find((one) => one.id === wanted);
  if (found) return found;
  const { invocations } = await get("invocations", { status: "ok", limit: 50 }, signal).catch(() => ({ invocations: [] }));
  for (const row of invocations.filter((each) => each.method === "GET")) {
    const last = targets.find((one) => one.kind === row.kind && one.key === row.route);
    if (last) return last;
  }
  return targets.find((one) => one.key?.startsWith("GET ") && !one.authorizer) ?? targets[0];
}

/** The slider with its buttons. `changed(rate)`, `together(fresh)`. */
function controls(changed, together) {
  const said = h("output", { class: "rate", for: "rate" });
  const slider = h("input", { type: "range", id: "rate", min: 0, max: RATES.length - 1, step: 1, value: 0, "aria-label": "Load in requests per second", oninput: () => set(Number(slider.value)) });
  const stop = button("Stop", () => set(0), { disabled: true });
  function write(rate) {
    const text = `${rate} request${rate === 1 ? "" : "s"} per second`;
    said.replaceChildren(h("b", {}, String(rate)), rate === 1 ? " request per second" : " requests per second");
    slider.setAttribute("aria-valuetext", text);
    slider.style.setProperty("--at", `${(100 * RATES.indexOf(rate)) / (RATES.length - 1)}%`);
    stop.disabled = rate === 0;
  }
  function set(at) {
    slider.value = String(at);
    write(RATES[at]);
    changed(RATES[at]);
  }
  write(0);
  const element = h("section", { class: "card load-controls", "aria-label": "Load" },
    h("div", { class: "load-rate" }, said, slider),
    h("div", { class: "row" },
      button(`${TOGETHER} at once`, () => together(false), { title: "Send ten requests in the same moment" }),
      button(`${TOGETHER} at once, from none`, () => together(true), { title: "The environments end first: every request meets a cold start" }),
      stop,
    ),
  );
  return { element, step: (by) => set(Math.max(0, Math.min(RATES.length - 1, Number(slider.value) + by))), set };
}

/** How the requests were answered. */
function answersLine(load) {
  if (!load) return [h("span", { class: "quiet" }, "Drag the load. Real requests go through the gateway to your own handlers.")];
  const kind = (status) => (status === "ok" || status < 400 ? "good" : status < 500 ? "warn" : "bad");
  const chips = Object.entries(load.statuses).map(([status, number]) => h("span", { class: "chip", dataset: { kind: kind(status) } }, `${status} × `, figure(`status.${status}`, number, count(number))));
  return [
    h("span", {}, figure("sent", load.sent, count(load.sent)), " sent"), ...chips,
    load.in_flight ? h("span", { class: "quiet" }, `${count(load.in_flight)} under way`) : null,
    load.skipped ? h("span", { class: "chip", dataset: { kind: "warn" } }, `${count(load.skipped)} skipped: too many under way`) : null,
    load.median_ms === null ? null : h("span", { class: "quiet" }, `median ${ms(load.median_ms)}`),
    load.repeats ? h("a", { href: href("invocations", load.repeats) }, "the request that is repeated") : h("span", { class: "quiet" }, "a made-up request: send one yourself, and it is repeated"),
  ].filter(Boolean);
}

function costRows(load, server) {
  const cost = load?.cost;
  const row = (name, told, lambda, always) => h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: "number" }, figure(`lambda.${told}`, lambda, dollars(lambda))), h("td", { class: "number" }, figure(`server.${told}`, always, dollars(always))));
  const all = cost?.counted ? cost : null;
  return h("table", { class: "cost-table" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "At this load"), h("th", { scope: "col", class: "number", dataset: { of: "lambda" } }, "by the request"), h("th", { scope: "col", class: "number", dataset: { of: "server" } }, "always on"))),
    h("tbody", {},
      row("an hour", "hourly", all?.hourly_usd ?? null, server.hourly_usd),
      row("a month", "monthly", all?.monthly_usd ?? null, server.monthly_usd),
      row("a month, free tier", "free", all?.monthly_with_free_tier_usd ?? null, server.monthly_usd),
    ),
  );
}

function verdict(load, server) {
  const even = load?.cost?.break_even_rate ?? null;
  if (even === null) return "What a request costs shows with the first that is answered.";
  const rate = load.rate;
  const cheaper = rate < even;
  return [
    `${perSecond(even)} requests a second, all month, day and night: so much it takes until the server (${server.name}) is the cheaper one. `,
    rate > 0 ? h("b", {}, cheaper ? `At ${rate} you pay ${dollars(load.cost.monthly_usd)} instead of ${dollars(server.monthly_usd)}.` : `At ${rate} all month, the server would be cheaper.`) : "",
  ];
}

/** Render the page. */
export async function show(main, parameters, signal) {
  const [{ routes }, { functions }, first] = await Promise.all([get("routes", {}, signal), get("functions", {}, signal), get("load", {}, signal)]);
  const targets = targetsOf(routes, functions);
  if (!targets.length) {
    main.append(empty("There is nothing to call yet.", "The map has no functions."));
    return undefined;
  }
  let target = await chosenOf(targets, parameters.target, signal);
  let told = first;
  let rate = 0;
  let server = first.always_on[0].key;
  let idle = Math.min(5, first.usual_idle_seconds);
  let environments = [];
  let made = false; // a load of this page's own
  const shown = pool();
  const minute = history();
  const even = breakEven();
  const places = Object.fromEntries(["answers", "lambda", "server", "table", "verdict", "points", "box"].map((name) => [name, h("div", { class: `load-${name}` })]));
  const panel = controls((wanted) => { rate = wanted; soon(); }, (fresh) => attempt(() => send({ burst: TOGETHER, fresh })));

  const load = () => (made || told.load?.running ? told.load : null);
  const current = () => told.always_on.find((one) => one.key === server);

  async function send(more = {}) {
    made = true;
    told = await post(`load?server=${server}`, { ...target.asked, rate, seconds: RENEWED, idle_seconds: idle, ...more }, signal);
    write();
  }
  async function end(lasting = false) {
    if (made) told = await remove(`load?server=${server}`, { lasting });
  }
  let waiting = 0;
  function soon() { // a drag passes many rates
    clearTimeout(waiting);
    waiting = setTimeout(() => attempt(async () => {
      await (rate > 0 ? send() : end());
      write();
    }), 80);
  }
  async function renew() {
    if (rate > 0) await send();
    else told = await get("load", { server }, signal);
    write();
  }

  function write() {
    const now = load();
    const always = current();
    places.answers.replaceChildren(...answersLine(now));
    const cost = now?.cost;
    const elapsed = now?.elapsed ?? 0;
    places.lambda.replaceChildren(
      h("p", { class: "meter" }, figure("so_far", cost?.so_far.cost_usd ?? 0, dollars(cost?.so_far.cost_usd ?? 0)), mark(3)),
      h("p", { class: "quiet" }, cost?.counted ? [figure("counted", cost.counted, count(cost.counted)), " requests; ", figure("billed", cost.billed_seconds, seconds(cost.billed_seconds)), " of work are paid", cost.init_seconds ? [", ", figure("init", cost.init_seconds, seconds(cost.init_seconds)), " of it cold starts"] : "", ", and nothing else"].flat() : "Nothing has run, nothing is paid."),
    );
    const meanwhile = cost ? cost.server.meanwhile_usd : 0;
    places.server.replaceChildren(
      h("p", { class: "meter" }, figure("meanwhile", meanwhile, dollars(meanwhile))),
      h("p", { class: "quiet" }, `${span(elapsed)} of ${always.name}, whether anybody calls or not`),
    );
    const busy = elapsed > 0 && cost ? (100 * (cost.billed_seconds - cost.init_seconds)) / elapsed : 0;
    const does = busy > 100 ? "and too small: requests wait in line" : busy > 0 ? `busy for ${busy < 1 ? busy.toPrecision(1) : busy.toFixed(0)}% of the time` : "and waits";
    places.box.replaceChildren(h("div", { class: "server-box", vars: { busy: `${Math.min(100, busy)}%` } }, h("b", {}, "on"), h("span", {}, does), h("i", { "aria-hidden": "true" })));
    places.table.replaceChildren(costRows(now, always));
    places.verdict.replaceChildren(...[verdict(now, always)].flat());
    even.draw({ perRequest: cost?.per_request_usd ?? null, server: always, rate: now ? now.rate : 0, even: cost?.break_even_rate ?? null });
    points(now);
  }

  function points(now) {
    const counts = shown.counts();
    const aws = now?.aws;
    const refused = Object.entries(now?.statuses ?? {}).filter(([status]) => status === "401" || status === "403").reduce((sum, [, number]) => sum + number, 0);
    const behind = routes.find((one) => one.authorizer);
    const guarded = target.authorizer
      ? [`${target.key} is behind the authorizer “${target.authorizer}”: a bad token is turned away before a function runs`, refused ? `, ${count(refused)} of them now, for $0.` : ".", ]
      : behind ? ["This one is open to all. ", h("a", { href: href("load", null, { target: `${behind.method} ${behind.path}` }) }, `${behind.method} ${behind.path}`), ` is behind “${behind.authorizer}”: without a token it costs nothing.`] : ["No route of this map is behind an authorizer."];
    const say = [
      ["An always-on server", "Runs only when needed", counts.all ? `${count(counts.all)} environment${counts.all === 1 ? "" : "s"} now, ${counts.busy} serving. Stop the load: they vanish after ${count(idle)}\u00a0s, the server stays.` : "No environment now. The server is on all the same."],
      ["Harder to scale", "Auto-scales instantly", aws ? [`${count(counts.all)} here. For ${now.rate} requests a second of ${aws.warm_ms}\u00a0ms, AWS would have up to `, figure("aws", aws.environments, count(aws.environments)), " serving at once (simulated), up to 1,000 without asking."] : `Press “${TOGETHER} at once, from none”: as many environments start as are needed, up to 1,000 on AWS.`],
      ["Paid by the hour", "You only pay when it runs", now?.cost?.per_request_usd ? [figure("per_million", now.cost.per_request_usd, dollars(now.cost.per_request_usd * 1e6)), ` for a million requests like these; for none, $0.`] : "For no requests, $0. The server's bill comes either way."],
      ["Manual auth and token logic", "Cognito handles it", guarded],
    ];
    places.points.replaceChildren(h("ol", { class: "points" }, say.map(([flask, serverless, seen], at) => h("li", { class: "point" }, mark(at + 1), h("h3", {}, h("small", {}, `Flask: ${flask[0].toLowerCase()}${flask.slice(1)}`), h("b", {}, serverless)), h("p", {}, seen)))));
  }

  const targetSelect = select(targets.map((one) => [one.id, one.asked.route ? one.id : `function ${one.id}`]), target.id, (id) => { location.hash = href("load", null, { target: id }); }, { "aria-label": "What is called" });
  const serverSelect = select(first.always_on.map((one) => [one.key, one.name]), server, (key) => attempt(async () => {
    server = key;
    told = await get("load", { server }, signal);
    write();
  }), { "aria-label": "The server to compare with" });
  const usual = first.usual_idle_seconds;
  const idleSelect = select([...IDLE.filter((each) => each < usual).map((each) => [String(each), `${each} s`]), [String(usual), `${usual} s (usual)`]], String(idle), (chosen) => {
    idle = Number(chosen);
    if (rate > 0) soon();
  }, { "aria-label": "How long environments may idle" });
  tools(targetSelect);

  main.append(
    panel.element, places.answers,
    h("div", { class: "duel" },
      h("section", { class: "card duel-side", dataset: { of: "lambda" } }, h("div", { class: "duel-head" }, h("h2", {}, "Lambda", mark(1)), h("label", { class: "quiet" }, "idle for ", idleSelect, ", then gone", mark(2))), shown.element, minute.element, places.lambda),
      h("section", { class: "card duel-side", dataset: { of: "server" } }, h("div", { class: "duel-head" }, h("h2", {}, "A server"), serverSelect), places.box, h("figure", { class: "pool-figure" }, h("figcaption", { class: "plot-head" }, h("h3", {}, "The last minute"), h("div", { class: "plot-legend" }, h("span", { class: "plot-name", dataset: { of: "server" } }, "on"))), h("div", { class: "server-minute" })), places.server),
    ),
    places.points,
    h("div", { class: "columns" },
      h("section", { class: "card padded" }, h("h2", {}, "What a month costs"), even.element),
      h("section", { class: "card padded load-money" }, places.table, places.verdict, h("p", { class: "hint" }, `Prices of ${first.region}, ${first.as_of}, without tax: this route's requests, durations and data out, with as few cold starts as there are in the long run. Logs, users and databases are not in it: `, h("code", {}, "dew cost"), " tells more.")),
    ),
    h("p", { class: "hint load-note" }, `Environments here end after ${idle} s without work while you look, so that you see it; afterwards ${span(usual)} as before. AWS keeps them for some minutes, which costs nothing. Where a function answers within 10 ms, a short line waits for the environments that are there; AWS would start one for each: hence the simulated number.`),
  );
  listen("environments", ({ functions: all }) => {
    environments = all;
    shown.update(environments, target.name);
  }, signal);
  environments = (await get("environments", {}, signal)).functions;
  shown.update(environments, target.name);
  const frames = setInterval(() => {
    shown.tick(told.idle_seconds);
    minute.add(shown.counts());
    minute.draw();
  }, FRAME);
  shortcut("+", "More load", () => panel.step(1), signal);
  shortcut("-", "Less load", () => panel.step(-1), signal);
  shortcut("0", "Stop the load", () => panel.set(0), signal);
  const leave = () => end(true).catch(() => undefined);
  addEventListener("pagehide", leave, { signal });
  signal.addEventListener("abort", () => {
    clearInterval(frames);
    clearTimeout(waiting);
    even.close();
    leave();
  });
  write();
  repeat(renew, 1, signal);
  return (changed) => {
    const next = targets.find((one) => one.id === changed.target);
    if (!next || next === target) return;
    panel.set(0);
    target = next;
    targetSelect.value = next.id;
    made = false;
    shown.forget();
    shown.update(environments, target.name);
    write();
  };
}
