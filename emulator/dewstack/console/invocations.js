// Live invocations: a long list that follows what happens, and beside it the one that is looked at.

import { get, listen, post } from "./api.js";
import { attempt, button, empty, h, href, select, tools } from "./dom.js";
import { confirmed } from "./dialogs.js";
import { Feed } from "./feed.js";
import { count, ms, time } from "./format.js";
import { showInvocation } from "./invocation.js";
import { shortcut } from "./keys.js";
import { LongList } from "./list.js";
import { routeKey, statusChip, whatRan } from "./timing.js";

export const title = "Invocations";
export const full = true;

const STATUSES = [["", "any outcome"], ["ok", "ok"], ["error", "errors"], ["4xx", "4xx"], ["5xx", "5xx"], ["cold", "cold starts"]];
const FILTERS = ["q", "status", "function", "route"];
const REFRESH_MS = 200;

/** A row of the list; `keys` has functions' names in the map by their names at AWS. */
function fillRow(row, summary, keys) {
  const [clock, milliseconds] = time(summary.at, true).split(".");
  row.append(
    h("span", { class: "quiet at" }, clock, h("span", { class: "at-ms" }, `.${milliseconds}`)),
    statusChip(summary),
    h("span", { class: "cut what" }, whatRan(summary)),
    h("span", { class: "cut quiet by" }, keys.get(summary.function) ?? summary.function ?? summary.error ?? ""),
    summary.cold ? h("span", { class: "chip", dataset: { kind: "cold" } }, "cold") : h("span", {}),
    h("span", { class: "took" }, ms(summary.total_ms ?? summary.duration_ms)),
  );
}

const filtersOf = (parameters) => Object.fromEntries(FILTERS.map((name) => [name, parameters[name] ?? ""]));

/** Render the list, and the invocation that `parameters.id` names. */
export async function show(main, parameters, signal) {
  let filters = filtersOf(parameters);
  let chosen = parameters.id ? Number(parameters.id) : null;
  let live = true;
  let reading = null; // the AbortController of the detail that is being read
  let opened = null;
  const tab = { name: "request" };
  const { functions: known } = await get("functions", {}, signal);
  const keys = new Map(known.map((one) => [one.name, one.key]));

  const pause = button("Live", () => setLive(!live), { "aria-pressed": "true", class: "small", title: "New invocations appear as they happen (p)" });
  const told = h("span", { class: "quiet", role: "status" });
  const clear = button("Clear", () => confirmed("Clear the record", "All recorded invocations are forgotten. Logs and metrics stay.", "Clear", async () => {
    await post("invocations/clear");
    close();
    await feed.restart();
  }), { class: "small" });
  tools(told, pause, clear);

  const search = h("input", { type: "search", class: "grow", placeholder: "Search: path, function, status, error, request id", "aria-label": "Search invocations", value: filters.q, dataset: { search: "" }, oninput: () => later(() => filter({ q: search.value.trim() })) });
  const statuses = select(STATUSES, filters.status, (status) => filter({ status }), { "aria-label": "Outcome" });
  const functions = select([["", "all functions"]], "", (name) => filter({ function: name }), { "aria-label": "Function" });
  const routes = select([["", "all routes"]], "", (route) => filter({ route }), { "aria-label": "Route" });
  const list = new LongList({ label: "Invocations, the newest first", row: (index) => feed.at(index), fill: (row, summary) => fillRow(row, summary, keys), need: (start, end) => feed.need(start, end).catch(() => undefined), open: (index) => open(feed.at(index)?.id) });
  const nothing = h("div", { class: "list-empty", hidden: true });
  const detail = h("section", { class: "detail", "aria-label": "Invocation", tabIndex: -1, hidden: true });
  const split = h("div", { class: "split" }, h("div", { class: "list-side" }, list.element, nothing), detail);
  main.append(h("div", { class: "filters" }, search, statuses, functions, routes), split);

  const feed = new Feed(filters, (added, restarted) => {
    if (restarted) list.restart(feed.length);
    else list.resize(feed.length, added);
    tell();
  }, signal);

  function tell() {
    const lost = feed.dropped ? `, ${count(feed.dropped)} too many to keep` : "";
    told.textContent = `${count(feed.length)}${feed.more ? "+" : ""} ${feed.filtered ? "found" : "recorded"}${lost}`;
    nothing.hidden = feed.length > 0;
    if (feed.length > 0) return;
    nothing.replaceChildren(feed.filtered ? empty("Nothing fits these filters.") : empty("Nothing has run yet.", "Send a request, and it will be here at once."));
  }

  let timer = null;
  function later(work) {
    clearTimeout(timer);
    timer = setTimeout(work, 150);
  }

  function filter(change) {
    filters = { ...filters, ...change };
    remember();
    return attempt(() => feed.restart(filters));
  }

  function remember() {
    history.replaceState(null, "", href("invocations", chosen, filters));
  }

  function setLive(on) {
    live = on;
    pause.setAttribute("aria-pressed", String(on));
    pause.textContent = on ? "Live" : "Paused";
    if (on) follow();
  }

  let following = false;
  let again = false;
  async function follow() {
    if (!live || signal.aborted) return;
    if (following) {
      again = true;
      return;
    }
    following = true;
    await feed.refresh().catch(() => undefined);
    setTimeout(() => {
      following = false;
      if (again) {
        again = false;
        follow();
      }
    }, REFRESH_MS);
  }

  function open(id) {
    if (id !== undefined && id !== null) location.hash = href("invocations", id, filters);
  }

  function close() {
    if (chosen !== null) location.hash = href("invocations", null, filters);
  }

  function choose(id) {
    chosen = id;
    reading?.abort();
    reading = new AbortController();
    split.dataset.open = String(id !== null);
    detail.hidden = id === null;
    const index = id === null ? -1 : feed.indexOf(id);
    list.choose(id, index < 0 ? null : index);
    opened = null;
    if (id === null) return;
    const mine = reading.signal;
    showInvocation(detail, id, { tab, back: close, signal: mine }).then((made) => {
      if (!mine.aborted) opened = made;
    });
  }

  let cursor = null; // where the keyboard is while nothing is open

  function move(by) {
    const from = feed.indexOf(chosen ?? cursor);
    const next = from < 0 ? 0 : Math.min(Math.max(from + by, 0), feed.length - 1);
    const id = feed.at(next)?.id;
    if (id === undefined || id === chosen) return;
    if (chosen === null) {
      cursor = id;
      list.choose(id, next);
      return;
    }
    choose(id);
    remember();
  }

  shortcut("j", "The next, older one", () => move(1), signal);
  shortcut("k", "The one before, newer", () => move(-1), signal);
  shortcut("ArrowDown", "The next, older one", () => move(1), signal);
  shortcut("ArrowUp", "The one before, newer", () => move(-1), signal);
  shortcut("Enter", "Open it", () => (chosen === null ? open(cursor) : detail.focus()), signal);
  shortcut("Escape", "Close it", close, signal);
  shortcut("p", "Pause, or follow what happens", () => setLive(!live), signal);
  shortcut("r", "Replay it", () => detail.querySelector("#replay")?.click(), signal);
  shortcut("e", "Edit and replay it", () => detail.querySelector("#edit")?.click(), signal);
  for (const [key, name] of [["1", "request"], ["2", "event"], ["3", "response"], ["4", "logs"]]) {
    shortcut(key, `Its ${name}`, () => opened?.show(name), signal);
  }

  signal.addEventListener("abort", () => {
    list.close();
    reading?.abort();
    clearTimeout(timer);
  });
  listen("invocations", follow, signal);
  let lost = false;
  listen("state", (state) => {
    if (state === "gone") lost = true;
    else if (lost) feed.restart().then(() => { lost = false; }, () => undefined); // it may have begun anew, with other ids
    else follow();
  }, signal);
  fillChoices(functions, [...keys], filters.function);
  get("routes", {}, signal).then(({ routes: all }) => fillChoices(routes, [...new Set(all.map(routeKey))].map((one) => [one, one]), filters.route), () => undefined);
  await feed.restart();
  choose(chosen);

  return (changed) => {
    const wanted = filtersOf(changed);
    if (JSON.stringify(wanted) !== JSON.stringify(filters)) {
      filters = wanted;
      search.value = filters.q;
      statuses.value = filters.status;
      functions.value = filters.function;
      routes.value = filters.route;
      attempt(() => feed.restart(filters));
    }
    const id = changed.id ? Number(changed.id) : null;
    if (id === null) cursor = chosen ?? cursor;
    choose(id);
    if (id === null && cursor !== null) list.choose(cursor, feed.indexOf(cursor));
  };
}

function fillChoices(place, choices, chosen) {
  const known = choices.some(([value]) => value === chosen) || !chosen ? choices : [[chosen, chosen], ...choices];
  place.append(...known.map(([value, says]) => h("option", { value, selected: value === chosen }, says)));
}
