// What functions write, as it comes: all of them or one, with search.

import { get, lines, listen } from "./api.js";
import { button, copy, empty, h, href, select, tools } from "./dom.js";
import { count, time } from "./format.js";
import { shortcut } from "./keys.js";
import { LongList } from "./list.js";

export const title = "Logs";
export const full = true;

const KEPT = 50_000; // lines in this page; the emulator keeps its own
const FRAME = /^(START|END|REPORT|INIT_START|EXTENSION|PLATFORM) /;
const FAILURE = /\[ERROR\]|\bERROR\b|Traceback|Task timed out|"level": ?"(ERROR|FATAL)"/;
const WARNING = /\[WARN(ING)?\]|\bWARN(ING)?\b|"level": ?"WARN(ING)?"/;

/** Parts of a text, with what was searched for marked. */
function marked(text, wanted) {
  if (!wanted) return [text];
  const nodes = [];
  const lower = text.toLowerCase();
  let at = 0;
  for (let found = lower.indexOf(wanted); found >= 0; found = lower.indexOf(wanted, at)) {
    nodes.push(text.slice(at, found), h("mark", {}, text.slice(found, found + wanted.length)));
    at = found + wanted.length;
  }
  nodes.push(text.slice(at));
  return nodes;
}

function kindOf(text) {
  if (FRAME.test(text)) return "frame";
  if (FAILURE.test(text)) return "bad";
  return WARNING.test(text) ? "warn" : "";
}

/** Render the logs of the function `parameters.id` (its key in the map), or of all. */
export async function show(main, parameters, signal) {
  const { functions } = await get("functions", {}, signal);
  const byName = functions.find((one) => one.name === parameters.function)?.key ?? parameters.function;
  const only = parameters.id ?? byName ?? "";
  let wanted = (parameters.q ?? "").toLowerCase();
  let follow = true;
  let frames = true;
  let entries = [];
  let shown = [];
  let number = 0;

  const told = h("span", { class: "quiet", role: "status" });
  const following = button("Follow", () => setFollow(!follow), { "aria-pressed": "true", class: "small", title: "Stay at the newest line (f)" });
  const framing = button("START, END, REPORT", () => {
    frames = !frames;
    framing.setAttribute("aria-pressed", String(frames));
    sift();
  }, { "aria-pressed": "true", class: "small" });
  tools(told, framing, following, button("Copy", () => copy(shown.map((row) => row.text).join("\n"), `Copied ${count(shown.length)} lines`), { class: "small" }));

  const search = h("input", { type: "search", class: "grow", placeholder: "Search what was written, or a request id", "aria-label": "Search the logs", value: parameters.q ?? "", dataset: { search: "" }, oninput: () => {
    wanted = search.value.trim().toLowerCase();
    history.replaceState(null, "", href("logs", only || null, { q: search.value.trim() }));
    sift();
  } });
  const known = functions.map((one) => [one.key, one.key]);
  const chooser = select([["", "all functions"], ...(only && !known.some(([key]) => key === only) ? [[only, only]] : []), ...known], only, (key) => { location.hash = href("logs", key || null, { q: search.value.trim() }); }, { "aria-label": "Function" });
  const list = new LongList({
    label: "Log lines, the newest last",
    row: (index) => shown[index],
    fill: (element, row) => {
      element.dataset.kind = row.kind;
      element.append(h("span", { class: "quiet at" }, row.first ? time(row.timestamp / 1000, true) : ""), h("span", { class: "quiet by cut" }, row.first ? row.function : ""), h("span", { class: "text" }, marked(row.text, wanted)));
    },
  });
  list.element.classList.add("log-list");
  list.element.addEventListener("wheel", () => { if (!list.atEnd) setFollow(false); }, { passive: true });
  const nothing = h("div", { class: "list-empty", hidden: true });
  main.append(h("div", { class: "filters" }, search, chooser), h("div", { class: "split" }, h("div", { class: "list-side" }, list.element, nothing)));

  function setFollow(on) {
    follow = on;
    following.setAttribute("aria-pressed", String(on));
    if (on) list.toEnd();
  }

  const fits = (row) => (frames || row.kind !== "frame") && (!wanted || row.event.includes(wanted));

  function sift() {
    shown = entries.filter(fits);
    list.restart(shown.length);
    if (follow) list.toEnd();
    tell();
  }

  function tell() {
    told.textContent = shown.length === entries.length ? `${count(entries.length)} lines` : `${count(shown.length)} of ${count(entries.length)} lines`;
    nothing.hidden = shown.length > 0;
    if (!shown.length) nothing.replaceChildren(entries.length ? empty("No line fits.") : empty("Nothing has been written yet.", "Invoke a function, and its lines appear here."));
  }

  function take(events) {
    const rows = events.flatMap((event) => {
      const whole = `${event.message} ${event.stream} ${event.function}`.toLowerCase();
      const kind = kindOf(event.message);
      return event.message.replace(/\n$/, "").split("\n").map((text, at) => ({ id: (number += 1), first: at === 0, text, kind, event: whole, function: event.function, timestamp: event.timestamp }));
    });
    entries.push(...rows);
    if (entries.length > KEPT) {
      entries = entries.slice(-KEPT);
      sift();
      return;
    }
    shown.push(...rows.filter(fits));
    list.resize(shown.length);
    if (follow) list.toEnd();
    tell();
  }

  let reading = null;
  async function read() {
    reading?.abort();
    const mine = new AbortController();
    reading = mine;
    entries = [];
    sift();
    try {
      for await (const events of lines("logs", { function: only, follow: 1 }, mine.signal)) take(events);
    } catch {
      // The emulator is gone, and the shell says so; when it is back, the lines are read anew.
    }
  }

  shortcut("f", "Follow the newest line", () => setFollow(!follow), signal);
  signal.addEventListener("abort", () => {
    reading?.abort();
    list.close();
  });
  listen("state", (state) => state === "live" && read(), signal);
  read();
}
