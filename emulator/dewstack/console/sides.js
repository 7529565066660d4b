// Flask's side and Lambda's side of one request, laid beside each other, with lines between what corresponds.

import { h } from "./dom.js";
import { python } from "./python.js";
import { inline, keyOf, lines } from "./tree.js";
import { Wires } from "./wires.js";

const SECTIONS = [
  ["Route", ["version", "routeKey", "resource", "httpMethod", "rawPath", "path"], "API Gateway has chosen the route: the function is called for it alone."],
  ["Path parameters", ["pathParameters"], "The route has none."],
  ["Query string", ["rawQueryString", "queryStringParameters", "multiValueQueryStringParameters"], "The request has none."],
  ["Headers", ["headers", "multiValueHeaders"], "The request has none."],
  ["Cookies", ["cookies"], "The request has none."],
  ["Body", ["body", "isBase64Encoded"], "The request has none."],
  ["Context", ["requestContext", "stageVariables"], "Flask has no such thing: the account, the API, the stage, the request's id."],
];

/** `request.args["x"]`, its parts told apart. */
function expression(text) {
  const [, source, name, rest] = /^(request\.|g\.)?([\w.]+)(.*)$/.exec(text) ?? [null, "", text, ""];
  return h("code", { class: "expression" }, h("span", { class: "py-source" }, source), h("span", { class: "name" }, name), python(rest));
}

function leftLine(pair, row) {
  return h("button", { type: "button", class: "wired left-line", "aria-pressed": "false", dataset: { part: pair.part }, vars: { row } }, expression(pair.flask), h("span", { class: "is" }, " = "), h("code", { class: "value" }, inline(pair.flask_value)));
}

function code(title, text, says) {
  return h("div", { class: "side-code" }, h("h2", {}, title), text ? h("pre", { class: "code", tabIndex: 0, role: "region", "aria-label": `The code: ${title}` }, python(text)) : h("p", { class: "quiet" }, says));
}

/** The code of both worlds, line by line. */
export function codes(told) {
  return h("div", { class: "sides-head" },
    code("Flask", told.flask.code.replace(/ {2}#.*$/gm, ""), "No rule of the URL map fits: werkzeug would answer by itself."),
    code("API Gateway + Lambda", told.handler, "No route of the map fits: API Gateway has answered by itself."),
  );
}

/** What takes the focus of a line that corresponds to something: its button, or that which folds it. */
function end(line, part) {
  let control = line.querySelector(":scope > button");
  if (!control) {
    const plain = line.querySelector(":scope > .tree-value");
    control = h("button", { type: "button", class: "tree-value", "aria-pressed": "false" }, [...plain.childNodes]);
    plain.replaceWith(control);
  }
  control.classList.add("wired");
  control.dataset.part = part;
  control.above = line.above;
  return control;
}

/** The mapping of an event: `lit(pairs)` hears what is pointed at. */
export function mapping(event, pairs, { lit, signal, marked = new Map() }) {
  const place = h("div", { class: "sides" });
  const wires = new Wires(place, (links) => lit(links.map((link) => link.pair)), signal);
  const known = new Set(SECTIONS.flatMap(([, keys]) => keys));
  const others = Object.keys(event).filter((key) => !known.has(key));
  for (const [title, keys, none] of SECTIONS) {
    const own = title === "Context" ? [...keys, ...others] : keys;
    const present = own.filter((key) => Object.hasOwn(event, key));
    const mine = pairs.filter((pair) => own.includes(pair.path[0]));
    if (!present.length && title === "Cookies") continue;
    const left = h("div", { class: "side-left", role: "group", "aria-label": `${title}: Flask` });
    const right = h("div", { class: "side-right", role: "group", "aria-label": `${title}: event` });
    const ends = new Map(); // what a path is shown by
    const rowOf = new Map();
    for (const key of present) {
      right.append(...lines(event[key], [key], {
        folded: (path) => path.length === 1 && path[0] === "multiValueHeaders", // the headers again
        made: (line, path) => {
          const at = keyOf(path);
          const pair = mine.find((one) => keyOf(one.path) === at);
          if (pair) {
            ends.set(at, end(line, pair.part));
            rowOf.set(line, at);
          }
          if (marked.has(at)) line.dataset.marked = "";
        },
      }));
    }
    if (!present.length) right.append(h("p", { class: "none" }, "not in the event"));
    if (!mine.length) left.append(h("p", { class: "none" }, none));
    let row = 2; // below the heading
    for (const line of right.querySelectorAll(".tree-line")) {
      const here = mine.filter((pair) => keyOf(pair.path) === rowOf.get(line));
      line.style.setProperty("--row", `${row} / span ${here.length || 1}`);
      here.forEach((pair, index) => {
        const made = leftLine(pair, row + index);
        left.append(made);
        wires.add(made, ends.get(keyOf(pair.path)), { pair, part: pair.part });
      });
      row += here.length || 1;
    }
    place.append(h("section", { class: "side-row" }, h("h3", {}, title), left, right));
  }
  wires.soon();
  return { element: place, wires };
}

