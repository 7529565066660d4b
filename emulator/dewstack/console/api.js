// The control API: requests, and the stream of what happens.

const LATEST_WAIT = 5000; // milliseconds between two tries to reach an emulator that is gone

/** What the API refuses, in its own words. */
export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function answered(path, options) {
  let response;
  try {
    response = await fetch(`/_dew/${path}`, { cache: "no-store", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "Unreachable", "The emulator does not answer. Start it: dew up");
  }
  if (response.ok) return response;
  const text = await response.text();
  let told = {};
  try {
    told = JSON.parse(text).error ?? {};
  } catch {
    // No JSON: the text itself is what there is to say.
  }
  throw new ApiError(response.status, told.code ?? "Error", told.message || text || `${path}: ${response.status}`);
}

function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

/** GET `/_dew/{path}` as JSON. Rejects with an ApiError, or with an AbortError after `signal`. */
export async function get(path, parameters = {}, signal = null) {
  const response = await answered(path + query(parameters), { headers: { Accept: "application/json" }, signal });
  return response.json();
}

/** The same for what is text. */
export async function text(path, parameters = {}, signal = null) {
  return (await answered(path + query(parameters), { signal })).text();
}

/** POST a JSON document. */
export async function post(path, body = {}, signal = null) {
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  return (await answered(path, { method: "POST", headers, body: JSON.stringify(body), signal })).json();
}

/** DELETE; with `lasting` it goes out even while the page is being left. */
export async function remove(path, { lasting = false, signal = null } = {}) {
  return (await answered(path, { method: "DELETE", headers: { Accept: "application/json" }, keepalive: lasting, signal })).json();
}

/** An AWS operation of the emulator, as boto3 would call it. */
export function call(service, operation, parameters = {}, signal = null) {
  return post(`call/${service}/${operation}`, parameters, signal);
}

/** All pages of an operation that lists: the values at `key`. `token` is how the next page is asked for. */
export async function callAll(service, operation, parameters, key, token = "NextToken", signal = null) {
  const found = [];
  let next = null;
  do {
    const page = await call(service, operation, next ? { ...parameters, [token]: next } : parameters, signal);
    found.push(...(page[key] ?? []));
    next = page[token];
  } while (next);
  return found;
}

/** The values of an NDJSON answer, as they come, a list at a time. */
export async function* lines(path, parameters = {}, signal = null) {
  const reader = (await answered(path + query(parameters), { signal })).body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    if (parts.length) yield parts.filter(Boolean).map((line) => JSON.parse(line));
  }
}

/** Do `work` now and every `seconds` while the page is visible, until `signal`. Errors are the connection's to tell. */
export function repeat(work, seconds, signal) {
  let busy = false;
  const step = async () => {
    if (busy || document.hidden || signal.aborted) return;
    busy = true;
    try {
      await work();
    } catch (error) {
      if (error.name !== "AbortError" && !(error instanceof ApiError)) throw error;
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(step, seconds * 1000);
  document.addEventListener("visibilitychange", step, { signal });
  signal.addEventListener("abort", () => clearInterval(timer));
  return step();
}

/** The stream of what happens. One for the whole console; it connects again by itself, and says how it is. */
class Stream extends EventTarget {
  constructor() {
    super();
    this.state = "connecting";
    this.names = new Set();
    this.source = null;
    this.wait = 250;
  }

  /** Connect while somebody looks: browsers have six connections for all tabs together. */
  start() {
    document.addEventListener("visibilitychange", () => {
      this.source?.close();
      this.source = null;
      if (!document.hidden) this.open();
    });
    if (!document.hidden) this.open();
  }

  open() {
    const source = new EventSource("/_dew/stream");
    this.source = source;
    for (const name of this.names) this.take(name);
    source.onopen = () => {
      this.wait = 250;
      this.tell("live");
    };
    source.onerror = () => {
      this.tell("gone");
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again, from where it was
      setTimeout(() => this.source === source && this.open(), this.wait);
      this.wait = Math.min(this.wait * 2, LATEST_WAIT);
    };
  }

  take(name) {
    this.source.addEventListener(name, (event) => {
      this.dispatchEvent(new CustomEvent(name, { detail: JSON.parse(event.data || "null") }));
    });
  }

  tell(state) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  want(name) {
    if (name === "state" || this.names.has(name)) return;
    this.names.add(name);
    if (this.source) this.take(name);
  }
}

const stream = new Stream();

/** Connect: the shell does it once. */
export function connect() {
  stream.start();
}

/**
 * Hear of `invocations`, `environments`, `mail`, `deployed`, or of the connection's `state` (connecting, live, gone):
 * `handler(data)` for each event until `signal`. After a time without connection, `state` says `live` again: read anew.
 */
export function listen(name, handler, signal) {
  stream.want(name);
  stream.addEventListener(name, (event) => handler(event.detail), { signal });
}

/** How the connection is now. */
export function state() {
  return stream.state;
}
