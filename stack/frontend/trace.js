// "What just happened": how far a request went, and what was written on the wire.

import { element } from "./dom.js";
import { GATEWAYS, facts } from "./gateways.js";

const STOPS = ["Browser", "API Gateway", "Lambda", "Cognito"];
const BROWSER = 0, GATEWAY = 1, LAMBDA = 2, COGNITO = 3;

// What API Gateway says in its own name, before or instead of a function.
const GATEWAY_TEXTS = new Set([
  "Unauthorized", "Forbidden", "Not Found", "Too Many Requests", "Request Entity Too Large",
  "The incoming token has expired", "Missing Authentication Token", // a REST API's words
]);
// What it says when the function gave it nothing to pass on.
const FUNCTION_TEXTS = new Set(["Internal Server Error", "Service Unavailable", "Internal server error", "Endpoint request timed out"]);

const WAITING = ["this page", "finds the route, checks the token", "runs one function", "keeps the users"];

/** How far a request got: {stop, good, texts, story}, `stop` being the last place it reached. */
export function journey({ gateway, route, response, url }) {
  const { name } = GATEWAYS[gateway];
  const line = `${route.method} ${route.path}`;
  const door = route.guarded ? `${line}: token verified` : `${line}: open to everyone`;
  const texts = [`asks ${new URL(url).host}`, door, route.handler, route.operation];
  const end = (stop, good, story, last) => ({ stop, good, story, texts: texts.with(stop, last ?? texts[stop]) });

  if (!response) return end(GATEWAY, false, "No answer came: the API isn't running there, or it doesn't accept this page's origin (CORS).", "no answer");
  const { message, code } = Object(response.body);
  if (response.ok) return end(COGNITO, true, `The ${name} ${route.guarded ? "verified the access token and " : ""}ran ${route.handler}, which called Cognito's ${route.operation}.`);
  if (code) return end(COGNITO, false, `The function ran and asked Cognito, which refused with ${code}. The function made that a ${response.status}.`, `${route.operation}: ${code}`);
  if (GATEWAY_TEXTS.has(message)) return end(GATEWAY, false, `The ${name} turned the request away (${response.status}); no function ran, and nothing was paid for.`, `${line}: ${message}`);
  if (FUNCTION_TEXTS.has(message)) return end(LAMBDA, false, "The function failed or took too long. Its log has the reason.", `${route.handler}: no usable answer`);
  if (response.status === 400) return end(LAMBDA, false, "The function found the mistake by itself; Cognito was not asked.", `${route.handler}: refused the input`);
  return end(COGNITO, false, `The function could not use what came of ${route.operation}. Its log has the reason.`, `${route.operation}: failed`);
}

/** Shows the last exchange, and keeps a list of the ones before. */
export class Trace {
  constructor(root) {
    this.part = (id) => root.querySelector(`#${id}`);
    this.count = 0;
    this.part("journey").replaceChildren(...STOPS.map((name, index) => stop(name, WAITING[index], "waiting")));
    this.part("story").textContent = "Nothing yet. Fill in the form, and follow your first request.";
  }

  /** Requests will travel through this gateway; what is shown of one that has travelled stays. */
  ready(gateway) {
    if (this.count === 0) this.draw(gateway, WAITING, () => "waiting");
  }

  /** A request is on its way. */
  sending(gateway, route) {
    this.part("verdict").textContent = "…";
    this.part("verdict").dataset.kind = "waiting";
    const texts = [`${route.method} ${route.path}`, ...WAITING.slice(1)];
    this.draw(gateway, texts, (index) => (index === BROWSER ? "passed" : "waiting"));
  }

  add(exchange) {
    this.count += 1;
    const { gateway, route, response, milliseconds } = exchange;
    const row = element("button", { type: "button" },
      status(response),
      element("span", { className: "line" }, `${route.method} ${route.path}`),
      element("span", { className: "through" }, GATEWAYS[gateway].short),
      element("span", { className: "took" }, duration(milliseconds)));
    row.addEventListener("click", () => this.show(exchange, row));
    this.part("history").prepend(element("li", {}, row));
    if (this.part("history").children.length > 30) this.part("history").lastChild.remove();
    this.part("earlier").hidden = this.count < 2;
    this.show(exchange, row);
  }

  show(exchange, row) {
    const { stop: last, good, texts, story } = journey(exchange);
    const { gateway, response, milliseconds } = exchange;
    for (const other of this.part("history").querySelectorAll("button")) {
      other.setAttribute("aria-current", String(other === row));
    }
    this.draw(gateway, texts, (index) => (index < last ? "passed" : index > last ? "skipped" : good ? "passed" : "stopped"));
    this.part("story").textContent = story;
    this.part("verdict").textContent = `${response ? response.status : "no answer"} · ${duration(milliseconds)}`;
    this.part("verdict").dataset.kind = good ? "good" : "bad";
    this.part("facts").replaceChildren(...facts(exchange).map(fact));
    this.part("through").textContent = `Through the ${GATEWAYS[gateway].name}`;
    this.part("differences").hidden = false;
    this.part("wire").hidden = false;
    this.part("request").replaceChildren(...requestLines(exchange));
    this.part("response").replaceChildren(...responseLines(exchange));
  }

  draw(gateway, texts, state) {
    const stops = STOPS.map((name, index) => stop(name, state(index) === "skipped" ? "not reached" : texts[index], state(index)));
    stops[GATEWAY].firstChild.append(" ", element("small", { className: "kind" }, GATEWAYS[gateway].name));
    this.part("journey").replaceChildren(...stops);
  }
}

function stop(name, text, state) {
  const item = element("li", {}, element("strong", {}, name), element("span", {}, ...breakable(text)));
  item.dataset.state = state;
  return item;
}

function fact([term, value, explanation]) {
  return element("div", {}, element("dt", {}, term),
    element("dd", {}, element("span", { className: "value" }, ...breakable(value)), element("small", {}, ...breakable(explanation))));
}

/** A long name that may go on in the next line where its words do. */
function breakable(text) {
  return text.split(/(?<=[/_])|(?<=\.)(?=[a-zA-Z])|(?<=[a-z])(?=[A-Z])/).flatMap((piece, index) => (index ? [element("wbr"), piece] : [piece]));
}

function status(response) {
  const made = element("span", { className: "status" }, response ? String(response.status) : "–");
  made.dataset.kind = response?.ok ? "good" : "bad";
  return made;
}

function duration(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

function requestLines({ request, url }) {
  const { pathname, host } = new URL(url);
  const headers = { Host: host, Origin: location.origin, ...request.headers };
  return wire(`${request.method} ${pathname}`, headers, request.body);
}

function responseLines({ response, milliseconds }) {
  if (!response) return [`No answer after ${duration(milliseconds)}.`];
  return wire(`HTTP ${response.status}`, response.headers, response.body);
}

function wire(first, headers, body) {
  const lines = [element("b", {}, first), "\n"];
  for (const [name, value] of Object.entries(headers)) {
    lines.push(element("i", {}, `${name}: `), shorten(name, value), "\n");
  }
  if (body !== undefined && body !== "") lines.push("\n", ...json(body));
  return lines;
}

/** A value as indented JSON, names set apart, secrets and tokens cut short. */
function json(value) {
  if (typeof value !== "object" || value === null) return [String(value)];
  const text = JSON.stringify(value, (name, inner) => shorten(name, inner), 2);
  return text.split(/("(?:[^"\\]|\\.)*"(?=:))/).map((part, index) => (index % 2 ? element("i", {}, part) : part));
}

function shorten(name, value) {
  if (typeof value !== "string") return value;
  if (name === "password") return "•".repeat(8);
  if (value.length > 96 && /eyJ[\w-]+\./.test(value)) return `${value.slice(0, 24)}… (${value.length} characters)`;
  return value;
}
