// One request as Flask and as a Lambda function see it: what each finds where, what comes back, and what differs.

import { get, listen, post } from "./api.js";
import { dialog } from "./dialogs.js";
import { attempt, button, empty, field, h, href, select, tools } from "./dom.js";
import { jsonEditor } from "./editor.js";
import { time } from "./format.js";
import { bodyBox, jsonBox } from "./json.js";
import { shortcut } from "./keys.js";
import { python } from "./python.js";
import { codes, mapping } from "./sides.js";
import { section, table } from "./table.js";
import { statusChip } from "./timing.js";
import { inline, keyOf, lines } from "./tree.js";

export const title = "Flask ⇄ Lambda";
export const style = "comparison.css";

const KEPT = 40;
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const COMPARED = new Set(["http", "rest"]);
const NO_REASON = "There is no reason for it: it is a fault of dewstack's, worth an issue.";

/** The newest requests as links. */
function strip(rows, chosen) {
  return h("nav", { class: "strip", "aria-label": "Requests, the newest first" }, h("ul", {}, rows.map((row) => h("li", {}, h("a", { href: href("comparison", row.id), "aria-current": row.id === chosen ? "true" : null },
    h("span", { class: "strip-what" }, h("span", { class: "method" }, row.method), " ", row.path),
    h("span", { class: "strip-more" }, statusChip(row), " ", h("span", { class: "quiet" }, time(row.at))),
  )))));
}

/** A form that sends a request; `sent(told)` gets its comparison. */
function sendForm(like, sent) {
  const chosen = { method: like?.method ?? "GET" };
  const trouble = h("p", { class: "trouble", role: "alert", hidden: true });
  const path = h("input", { value: like?.url ?? "/", spellcheck: false });
  const body = h("textarea", { rows: 5, spellcheck: false, "aria-label": "Body" });
  body.value = like && !like.base64 ? like.body ?? "" : "";
  const go = button("Send and compare", async () => {
    go.disabled = true;
    trouble.hidden = true;
    try {
      const told = await post("comparison", { request: { method: chosen.method, path: path.value, headers: headers.value(), body: body.value } });
      shown.close();
      sent(told);
    } catch (error) {
      trouble.textContent = error.message;
      trouble.hidden = false;
    } finally {
      go.disabled = false;
    }
  }, { class: "primary" });
  const headers = jsonEditor("Headers", JSON.stringify(like?.headers ?? [["Host", "localhost"]]).replaceAll("],[", "],\n  [").replace("[[", "[\n  [").replace("]]", "]\n]"), (right) => { go.disabled = !right; }, { lines: 6 });
  const shown = dialog("Send a request", h("div", { class: "form" },
    h("div", { class: "request-line" }, field("Method", select(METHODS, chosen.method, (value) => { chosen.method = value; })), field("Path and query", path)),
    h("div", {}, h("span", { class: "field-name" }, "Headers"), headers.element), field("Body", body), trouble,
  ), [h("span", { class: "quiet grow" }, "It goes through the gateway to your function, as any request."), go]);
  shown.classList.add("wide");
}

/** Whether all is the same, in words. */
function verdict(told) {
  const wrong = [...told.event_differences, ...told.response_differences].filter((one) => !one.reason).length;
  const says = wrong ? `${wrong} ${wrong === 1 ? "difference" : "differences"} without a reason` : told.event ? "Flask and API Gateway make the same event, and the same answer" : `Both answer ${told.http_response.status} before any function is called`;
  return h("span", { class: "chip", id: "verdict", dataset: { kind: wrong ? "bad" : "good" } }, says);
}

/** What the pointer or the focus is at, in words. */
function said(place, pairs) {
  place.replaceChildren(...pairs.slice(0, 2).map((pair) => h("span", { class: "said-pair", dataset: { part: pair.part } }, h("code", {}, pair.flask), h("span", { class: "arrow" }, " ⇄ "), h("code", {}, pair.event), pair.note ? h("span", { class: "quiet" }, ` ${pair.note}`) : null)));
}

/** Places of an event by what became of them in the other format. */
function markedOf(payloads, own) {
  const marked = new Map();
  for (const one of payloads?.moved ?? []) if (!one.same && one[own]) marked.set(keyOf(one[own]), one.note);
  return marked;
}

function movedTable(payloads) {
  const place = (path) => (path ? h("code", {}, path.map((step, at) => [at ? [".", h("wbr", {})] : null, step.replace(/(?<=[a-z])(?=[A-Z])/g, "\u200b")])) : h("span", { class: "quiet" }, "–"));
  const moved = payloads.moved.filter((one) => !one.same);
  return h("details", { class: "moved" }, h("summary", {}, `Payload 1.0 and 2.0 differ in ${moved.length} fields`),
    table("What differs between the payload formats", [
      { title: "In 1.0", cell: (one) => place(one.v1) },
      { title: "Value in 1.0", mono: true, cell: (one) => (one.v1 ? inline(one.v1_value) : "–") },
      { title: "In 2.0", cell: (one) => place(one.v2) },
      { title: "Value in 2.0", mono: true, cell: (one) => (one.v2 ? inline(one.v2_value) : "–") },
      { title: "What is otherwise", cell: (one) => one.note },
    ], moved));
}

/** The mapping with its heading, its formats and the line that says what is pointed at. */
function sides(told, chosen, signal) {
  const bar = h("p", { class: "said", role: "status" });
  const place = h("div", {});
  const own = told.event.version ?? "1.0";
  const forms = told.payloads ? ["1.0", "2.0"] : [own];
  let ending = new AbortController();
  const switches = forms.map((form) => button(`Payload ${form}`, () => show(form), { class: "small", dataset: { form } }));
  const note = h("span", { class: "quiet" });
  function show(form) {
    chosen.form = form;
    ending.abort();
    ending = new AbortController();
    signal.addEventListener("abort", () => ending.abort(), { signal: ending.signal });
    const key = form === "1.0" ? "v1" : "v2";
    const real = form === own;
    const [event, pairs] = real ? [told.event, told.mapping] : [told.payloads[key], told.payloads[`${key}_mapping`]];
    for (const one of switches) one.setAttribute("aria-pressed", String(one.dataset.form === form));
    note.textContent = !told.payloads ? "REST APIs have this format alone" : real ? "what the function got" : "what it would get by another payload in the map";
    place.replaceChildren(mapping(event, pairs, { lit: (found) => said(bar, found), signal: ending.signal, marked: real ? new Map() : markedOf(told.payloads, key) }).element);
    said(bar, []);
  }
  show(forms.includes(chosen.form) ? chosen.form : own);
  return h("section", { class: "mapping", "aria-label": "What corresponds" },
    h("div", { class: "sides-names" }, h("div", { class: "row" }, h("h2", {}, "flask.request"), h("span", { class: "quiet" }, "Point at a line, or go there by Tab and arrow keys.")), h("div", { class: "row" }, h("h2", {}, "event"), h("span", { class: "row forms", role: "group", "aria-label": "Payload format" }, switches), note)),
    place, bar,
    told.payloads ? movedTable(told.payloads) : null,
    h("details", { class: "moved" }, h("summary", {}, "The whole event as JSON"), jsonBox("Event", told.event)),
  );
}

/** What the view and the handler give back. */
function returned(told) {
  const { response } = told;
  if (response === null || response === undefined) return null;
  const whole = typeof response === "object" && "statusCode" in response;
  const headers = whole ? { ...response.headers } : {};
  const view = whole ? `return body, ${response.statusCode}${Object.keys(headers).length ? `, ${JSON.stringify(headers, null, 4)}` : ""}` : "return jsonify(result)";
  return section("What comes back", h("div", { class: "columns" },
    h("div", {}, h("h3", {}, "The view would return"), h("pre", { class: "code", tabIndex: 0, role: "region", "aria-label": "What the view would return" }, python(view))),
    h("div", {}, h("h3", {}, "The function returned"), h("div", { class: "code tree", tabIndex: 0, role: "region", "aria-label": "The function's response" }, lines(response, [], { made: () => undefined, folded: () => false }))),
  ));
}

/** Status and headers of both responses, line by line, and why a line differs. */
function responses(told) {
  const { flask_response: left, http_response: right } = told;
  const differing = new Map(told.response_differences.map((one) => [one.field, one]));
  const rows = [{ name: "status", left: left.status, right: right.status, found: differing.get("status") }];
  const names = [...new Set([...left.headers, ...right.headers].map(([name]) => name.toLowerCase()))].sort();
  for (const name of names) {
    const [mine, theirs] = [left, right].map((one) => one.headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value));
    const spelled = [...right.headers, ...left.headers].find(([each]) => each.toLowerCase() === name)[0];
    for (let at = 0; at < Math.max(mine.length, theirs.length); at += 1) {
      rows.push({ name: spelled, left: mine[at], right: theirs[at], found: differing.get(`headers.${name}[${at}]`) });
    }
  }
  rows.push({ name: "body", left: "see below", right: "see below", found: differing.get("body") });
  const value = (row, side) => h("span", { class: row.found ? "differs" : null }, row[side] ?? "–");
  const why = (row) => (row.found ? [h("span", { class: "chip", dataset: { kind: row.found.reason ? "accent" : "bad" } }, "differs"), " ", row.found.reason || NO_REASON] : h("span", { class: "quiet" }, "the same"));
  return section("What the client gets",
    table("Both responses", [
      { title: "Part", mono: true, keep: true, cell: (row) => row.name },
      { title: "From Flask", mono: true, cell: (row) => value(row, "left") },
      { title: "From API Gateway", mono: true, cell: (row) => value(row, "right") },
      { title: "Why", cell: why },
    ], rows.slice(0, -1)),
    h("div", { class: "columns bodies" },
      h("div", {}, h("h3", {}, "Body from Flask"), bodyBox("Body from Flask", left.body, left)),
      h("div", {}, h("h3", {}, ["Body from API Gateway: ", rows.at(-1).found ? h("span", { class: "differs" }, "differs") : "the same"]), bodyBox("Body from API Gateway", right.body, right)),
    ),
  );
}

function eventDifferences(told) {
  const found = told.event_differences;
  if (!told.event) return null;
  return section("Both events", h("p", { class: "lead" }, found.length ? `Flask's shim makes the event of what is on the left; API Gateway made its own. Of all fields these ${found.length} differ:` : "Flask's shim makes the event of what is on the left; API Gateway made its own. Not one field differs."),
    found.length ? table("Fields of the events that differ", [
      { title: "Field", mono: true, cell: (one) => one.field },
      { title: "From Flask", mono: true, cell: (one) => inline(one.flask) },
      { title: "From API Gateway", mono: true, cell: (one) => inline(one.gateway) },
      { title: "Why", cell: (one) => [h("span", { class: "chip", dataset: { kind: one.reason ? "accent" : "bad" } }, one.reason ? "expected" : "fault"), " ", one.reason || NO_REASON] },
    ], found) : null);
}

function all(told, chosen, signal) {
  const { summary } = told;
  return [
    h("div", { class: "compared-head" },
      h("h2", { class: "compared-title" }, h("span", { class: "method" }, summary.method), " ", h("span", {}, told.request.url), " ", statusChip(summary)),
      h("span", { class: "row" }, verdict(told), h("a", { href: href("invocations", summary.id) }, "The invocation")),
    ),
    codes(told),
    told.event && typeof told.event === "object" ? sides(told, chosen, signal) : h("p", { class: "note refused" }, `API Gateway answered by itself${summary.error ? ` (${summary.error})` : ""}: no function was called, nothing of it is billed by Lambda. In Flask it is what the URL map, flask-cors or @login_required would have answered.`),
    returned(told), responses(told), eventDifferences(told),
  ];
}

/** Render. */
export async function show(main, parameters, signal) {
  const chosen = { form: null };
  const [list, place] = [h("div", {}), h("div", { class: "compared", "aria-live": "off" })];
  let rows = [];
  let id = null;
  let ending = new AbortController();
  let like = null;
  const drawList = () => {
    const at = list.firstChild?.scrollLeft ?? 0;
    list.replaceChildren(rows.length ? strip(rows, id) : "");
    if (list.firstChild) list.firstChild.scrollLeft = at;
  };
  function draw(told) {
    ending.abort();
    ending = new AbortController();
    signal.addEventListener("abort", () => ending.abort(), { signal: ending.signal });
    like = told.request;
    id = told.summary.id;
    place.dataset.id = id;
    place.replaceChildren(...all(told, chosen, ending.signal).filter(Boolean));
    drawList();
  }
  async function open(number) {
    id = number;
    drawList();
    try {
      const told = await post("comparison", { id: number }, signal);
      if (id === number) draw(told);
    } catch (error) {
      if (error.name !== "AbortError" && id === number) place.replaceChildren(h("p", { class: "trouble", role: "alert" }, error.message));
    }
  }
  const send = () => sendForm(like, (told) => {
    draw(told);
    history.replaceState(null, "", href("comparison", told.summary.id));
  });
  const step = (by) => {
    const next = rows[rows.findIndex((row) => row.id === id) + by];
    if (next) location.hash = href("comparison", next.id);
  };
  tools(button("Send a request", send, { class: "primary", id: "send" }));
  shortcut("s", "Send a request", send, signal);
  shortcut("j", "The next request", () => step(1), signal);
  shortcut("k", "The request before", () => step(-1), signal);
  main.replaceChildren(list, place);
  listen("invocations", (came) => {
    const known = new Set(rows.map((row) => row.id));
    const added = came.filter((row) => COMPARED.has(row.kind) && row.method && !known.has(row.id)).sort((one, other) => other.id - one.id);
    if (!added.length) return;
    rows = [...added, ...rows].slice(0, KEPT);
    drawList();
    if (id === null) attempt(() => open(rows[0].id));
  }, signal);
  const { invocations } = await get("invocations", { limit: 100 }, signal);
  rows = invocations.filter((row) => COMPARED.has(row.kind) && row.method).slice(0, KEPT);
  drawList();
  const wanted = Number(parameters.id) || rows[0]?.id;
  if (wanted) await open(wanted);
  else place.replaceChildren(empty("No request yet.", "Send one to your service, or from here: it is shown as Flask and as Lambda see it."));
  return (changed) => {
    const next = Number(changed.id) || rows[0]?.id;
    if (next && next !== id) open(next);
  };
}
