// One invocation: where its time went, and what went in and came out.

import { get } from "./api.js";
import { button, empty, h, href } from "./dom.js";
import { explanationTab } from "./explanation.js";
import { bytes, count, dollars, moment, ms } from "./format.js";
import { bodyBox, codeBox, jsonBox } from "./json.js";
import { actions, address } from "./sending.js";
import { facts, figures, table, tabs } from "./table.js";
import { statusChip, timingBar, whatRan } from "./timing.js";

const KINDS = { http: "HTTP API", rest: "REST API", websocket: "WebSocket API", url: "Function URL", invoke: "Invoke", event: "Event", trigger: "Cognito trigger", authorizer: "Authorizer" };

function headersTable(label, headers) {
  if (!headers?.length) return h("p", { class: "quiet" }, "No headers.");
  return table(label, [
    { title: "Header", mono: true, cell: ([name]) => name },
    { title: "Value", mono: true, cell: ([, value]) => value },
  ], headers);
}

function bearer(request) {
  return request?.headers.find(([name]) => name.toLowerCase() === "authorization")?.[1];
}

function requestTab(detail) {
  return (panel) => {
    const { request } = detail;
    panel.append(
      h("p", { class: "request-head" }, h("span", { class: "method" }, request.method), " ", h("code", {}, address(request).href)),
      bearer(request) ? h("p", {}, h("a", { href: href("tokens", null, { invocation: detail.summary.id }) }, "Decode and verify its token")) : "",
      h("h3", {}, "Headers"), headersTable("Request headers", request.headers),
      h("h3", {}, "Body"), bodyBox("Request body", request.body, request),
    );
  };
}

function responseTab(detail) {
  return (panel) => {
    if (detail.http_response) {
      const { status, headers, body } = detail.http_response;
      panel.append(h("h3", {}, `What the client got: ${status}`), bodyBox("Response body", body, detail.http_response), h("h3", {}, "Headers"), headersTable("Response headers", headers));
    }
    if (detail.response !== null && detail.response !== undefined) panel.append(h("h3", {}, "What the function returned"), jsonBox("The function's response", detail.response));
    if (!panel.children.length) panel.append(empty("There was no response.", detail.summary.error ?? ""));
  };
}

function eventTab(detail) {
  return (panel) => panel.append(
    detail.event === null ? empty("No function was reached.", detail.summary.error ?? "") : jsonBox("Event", detail.event),
  );
}

function logsTab(detail) {
  const lines = detail.logs.map((line) => (typeof line === "string" ? line : line.message).replace(/\n$/, ""));
  return (panel) => panel.append(
    lines.length ? codeBox("Log lines", lines.join("\n"), lines.map((line) => h("span", { class: /^(START|END|REPORT|INIT_START) /.test(line) ? "log-frame" : null }, `${line}\n`))) : empty("It wrote nothing."),
    detail.summary.function ? h("p", {}, h("a", { href: href("logs", null, { q: detail.summary.request_id ?? "", function: detail.summary.function }) }, "In the function's log")) : "",
  );
}

/** The tabs that this invocation has. */
function tabsOf(detail, signal) {
  return [
    detail.request && ["request", "Request", requestTab(detail)],
    ["event", "Event", eventTab(detail)],
    detail.identity && ["identity", "Identity", (panel) => panel.append(h("p", { class: "hint" }, "What the authorizer made of the caller."), jsonBox("Identity", detail.identity))],
    ["response", "Response", responseTab(detail)],
    ["logs", `Logs ${detail.logs.length || ""}`.trim(), logsTab(detail)],
    ["explain", "Explain", explanationTab(detail.summary.id, signal)],
  ].filter(Boolean);
}

function head(detail, back) {
  const { summary } = detail;
  return h("div", { class: "detail-head" },
    h("div", { class: "row" },
      button("Back", back, { class: "small back", "aria-label": "Back to the list" }),
      statusChip(summary), h("h2", { class: "detail-title grow" }, whatRan(summary)),
      summary.function ? h("span", { class: "chip", dataset: { kind: summary.cold ? "cold" : "" } }, summary.cold ? "cold start" : "warm") : null,
      button("Close", back, { class: "plain small close", "aria-label": "Close" }),
    ),
    detail.cut ? h("p", { class: "note" }, "Something of this was longer than 256 KB: what is kept is its beginning.") : null,
    summary.error ? h("p", { class: "trouble" }, summary.error) : null,
    actions(detail),
    timingBar(summary),
    summary.function ? figures([
      ["Duration", ms(summary.duration_ms)],
      ["Billed", summary.billed_ms === null ? "–" : `${count(summary.billed_ms)} ms`],
      ["Memory", summary.max_memory_mb === null ? "–" : `${count(summary.max_memory_mb)} of ${count(summary.memory_mb)} MB`],
      ["Cost at AWS", dollars(summary.cost_usd)],
    ]) : null,
    facts([
      ["When", moment(summary.at)],
      ["By way of", [KINDS[summary.kind] ?? summary.kind, summary.stage].filter(Boolean).join(" · ")],
      ["Route", summary.route && h("code", {}, summary.route)],
      ["Function", summary.function ? h("code", {}, summary.function) : "none was reached"],
      ["Request id", summary.request_id && h("code", {}, summary.request_id)],
      ["Body", detail.request?.body ? bytes(new TextEncoder().encode(detail.request.body).length) : null],
    ]),
  );
}

/** Render invocation `id` into `place`. `back()` leaves it; `tab.name` is the tab that is kept from one to the next. */
export async function showInvocation(place, id, { tab, back, signal }) {
  let detail;
  try {
    detail = await get("invocation", { id }, signal);
  } catch (error) {
    if (error.name === "AbortError") return null;
    place.replaceChildren(h("div", { class: "row" }, button("Back", back, { class: "small" })), h("p", { class: "trouble", role: "alert" }, error.status === 404 ? `Invocation ${id} is not recorded any more.` : error.message));
    return null;
  }
  const made = tabs("Parts of the invocation", tabsOf(detail, signal), tab.name, (name) => { tab.name = name; });
  place.replaceChildren(head(detail, back), made.bar, made.panel);
  place.scrollTop = 0;
  return { detail, show: made.show };
}
