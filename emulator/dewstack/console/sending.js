// A recorded invocation used again: replayed, edited, as a curl command, as a fixture or a test.

import { post, text } from "./api.js";
import { attempt, button, copy, field, h, href, select, toast } from "./dom.js";
import { dialog } from "./dialogs.js";
import { jsonEditor } from "./editor.js";
import { codeBox } from "./json.js";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const COMPARED = new Set(["http", "rest"]);
const UNSENT = new Set(["host", "content-length", "connection", "accept-encoding", "transfer-encoding", "expect"]);

const quoted = (value) => `'${String(value).replaceAll("'", `'\\''`)}'`;

/** Where a request was sent to: its record has the path, and the Host header. */
export function address(request) {
  const host = request.headers.find(([name]) => name.toLowerCase() === "host")?.[1] ?? location.host;
  return new URL(request.url, `http://${host}`);
}

/** The request as a curl command for a POSIX shell. */
export function curl(request) {
  const parts = ["curl", "-i"];
  if (request.method !== "GET" || request.body) parts.push("-X", request.method);
  parts.push(quoted(address(request).href));
  for (const [name, value] of request.headers) {
    if (!UNSENT.has(name.toLowerCase())) parts.push("\\\n  -H", quoted(`${name}: ${value}`));
  }
  if (request.body) {
    parts.push("\\\n  --data-binary", request.base64 ? "@-" : quoted(request.body));
    if (request.base64) parts.unshift(`echo ${quoted(request.body)} | base64 -d |`);
  }
  return parts.join(" ");
}

function arrived(detail) {
  const { id, status, error } = detail.summary;
  toast(`Replayed as ${id}: ${status ?? (error ? "error" : "ok")}`);
  const filters = location.hash.split("?")[1];
  location.hash = href("invocations", id) + (filters ? `?${filters}` : "");
}

/** Send it again as it was. */
export async function replay(id) {
  arrived(await post("invocations/replay", { id }));
}

/** Let somebody change event or request, and send that. */
export function editAndReplay(detail) {
  const trouble = h("p", { class: "trouble", role: "alert", hidden: true });
  const send = h("button", { type: "button", class: "primary" }, "Replay");
  const place = h("div", { class: "form" });
  let make = null;
  const modes = {
    event: () => {
      const editor = jsonEditor("Event", JSON.stringify(detail.event, null, 2), (right) => { send.disabled = !right; });
      place.replaceChildren(h("p", { class: "hint" }, "The function gets this event as it is: no gateway, no authorizer."), editor.element);
      make = () => ({ event: editor.value() });
    },
    request: () => {
      const { method, headers, body } = detail.request;
      const parsed = address(detail.request);
      const chosen = { method };
      const path = h("input", { value: parsed.pathname + parsed.search, spellcheck: false });
      const editor = jsonEditor("Headers", headersText(headers), (right) => { send.disabled = !right; }, { lines: 8 });
      const area = h("textarea", { rows: 7, spellcheck: false, "aria-label": "Body" });
      area.value = body ?? "";
      place.replaceChildren(
        h("p", { class: "hint" }, "The request goes through the gateway: route, CORS, authorizer, throttle, event."),
        h("div", { class: "request-line" }, field("Method", select(METHODS.includes(method) ? METHODS : [method, ...METHODS], method, (value) => { chosen.method = value; })), field("Path and query", path)),
        h("div", {}, h("span", { class: "field-name" }, "Headers"), editor.element),
        field("Body", area),
      );
      make = () => ({ request: { method: chosen.method, path: path.value, headers: editor.value(), body: area.value } });
    },
  };
  const available = [["request", "Request, through the gateway"], ["event", "Event, to the function"]].filter(([name]) => detail[name]);
  const choose = (name) => {
    send.disabled = false;
    trouble.hidden = true;
    modes[name]();
    for (const one of switches) one.setAttribute("aria-pressed", String(one.dataset.mode === name));
  };
  const switches = available.map(([name, says]) => button(says, () => choose(name), { dataset: { mode: name } }));
  send.addEventListener("click", async () => {
    send.disabled = true;
    trouble.hidden = true;
    try {
      const made = await post("invocations/replay", { id: detail.summary.id, ...make() });
      shown.close();
      arrived(made);
    } catch (error) {
      trouble.textContent = error.message;
      trouble.hidden = false;
    } finally {
      send.disabled = false;
    }
  });
  const shown = dialog("Edit and replay", h("div", { class: "form" }, available.length > 1 ? h("div", { class: "row" }, switches) : null, place, trouble), [h("span", { class: "quiet grow" }, h("kbd", {}, "Ctrl"), " ", h("kbd", {}, "Enter"), " replays"), send]);
  shown.classList.add("wide");
  shown.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !send.disabled) send.click();
  });
  choose(available[0][0]);
}

/** Headers as an editable list of pairs, one a line. */
function headersText(headers) {
  return headers.length ? `[\n${headers.map((pair) => `  ${JSON.stringify(pair)}`).join(",\n")}\n]` : "[]";
}

const EXPORTS = { event: ["Event as a fixture", "event", "json"], pytest: ["A pytest test", "test_event", "py"] };

/** Show an export, to copy or to save. */
export async function exported(id, as) {
  const [says, name, extension] = EXPORTS[as];
  const content = await text("invocations/export", { id, as });
  const file = `${name}_${id}.${extension}`;
  const save = button("Save as file", () => {
    const url = URL.createObjectURL(new Blob([content], { type: "text/plain" }));
    h("a", { href: url, download: file }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }, { class: "primary" });
  dialog(says, codeBox(file, content), [save]).classList.add("wide");
}

/** The buttons below an invocation's title. */
export function actions(detail) {
  const { id } = detail.summary;
  const again = Boolean(detail.event || detail.request);
  return h("div", { class: "row actions" },
    again && button("Replay", () => attempt(() => replay(id)), { class: "primary", id: "replay" }),
    again && button("Edit and replay", () => editAndReplay(detail), { id: "edit" }),
    detail.request && COMPARED.has(detail.summary.kind) && h("a", { class: "button", href: href("comparison", id) }, "Compare with Flask"),
    detail.request && button("Copy as curl", () => copy(curl(detail.request), "Copied as curl"), { id: "curl" }),
    detail.event && button("Fixture", () => attempt(() => exported(id, "event")), { id: "export-event" }),
    detail.event && button("pytest", () => attempt(() => exported(id, "pytest")), { id: "export-pytest" }),
  );
}
