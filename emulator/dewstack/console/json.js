// JSON, shown and checked.

import { copy, h } from "./dom.js";

const COLOURED_CHARACTERS = 120_000; // beyond, a text without colours: it stays quick
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** A JSON text with its parts coloured, as nodes. */
export function coloured(text) {
  if (text.length > COLOURED_CHARACTERS) return [text];
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(TOKEN)) {
    const [whole, string, colon] = found;
    const kind = string ? (colon ? "key" : "string") : found[3] ? "word" : "number";
    const shown = colon ? string : whole;
    nodes.push(text.slice(at, found.index), h("span", { class: `json-${kind}` }, shown));
    at = found.index + shown.length;
  }
  nodes.push(text.slice(at));
  return nodes;
}

/** Text in a box that scrolls, with a button that copies it. */
export function codeBox(label, text, nodes = [text]) {
  return h("div", { class: "code-box" },
    h("pre", { class: "code", tabIndex: 0, role: "region", "aria-label": label }, nodes),
    h("button", { type: "button", class: "small copy", "aria-label": `Copy: ${label}`, onclick: () => copy(text) }, "Copy"),
  );
}

/** A value as indented JSON. */
export function jsonBox(label, value) {
  const text = JSON.stringify(value, null, 2);
  return codeBox(label, text, coloured(text));
}

/** A body: JSON when it is some, else as it is. `cut` says that it isn't all. */
export function bodyBox(label, body, { base64 = false, cut = false } = {}) {
  if (body === null || body === undefined || body === "") return h("p", { class: "quiet" }, "No body.");
  const notes = [base64 ? "This is base64: the body isn't text." : null, cut ? "The body was longer: this is its beginning." : null].filter(Boolean);
  const parsed = base64 || cut ? undefined : parsedOrNothing(body);
  const box = parsed !== undefined && typeof parsed === "object" ? jsonBox(label, parsed) : codeBox(label, String(body));
  return h("div", {}, notes.map((note) => h("p", { class: "hint" }, note)), box);
}

function parsedOrNothing(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is wrong with a JSON text: `{ at, line, column, says }`, or null where nothing is. */
export function mistake(text) {
  const found = new Reader(text).mistake();
  if (!found) return null;
  const before = text.slice(0, found.at).split("\n");
  return { ...found, line: before.length, column: before.at(-1).length + 1 };
}

class Wrong extends Error {
  constructor(at, says) {
    super(says);
    this.at = at;
  }
}

/** Walks over a JSON text and stops where it stops being one. */
class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  mistake() {
    try {
      this.value();
      this.space();
      if (this.at < this.text.length) throw new Wrong(this.at, `nothing may follow the value, but there is ${this.seen()}`);
      return null;
    } catch (error) {
      if (error instanceof Wrong) return { at: error.at, says: error.message };
      throw error;
    }
  }

  space() {
    while (" \t\r\n".includes(this.text[this.at] ?? "x")) this.at += 1;
  }

  seen() {
    const next = this.text[this.at];
    return next === undefined ? "the end" : `'${next}'`;
  }

  value() {
    this.space();
    const next = this.text[this.at];
    if (next === "{") this.list("}", () => this.pair());
    else if (next === "[") this.list("]", () => this.value());
    else if (next === '"') this.string();
    else if (next !== undefined && /[-0-9]/.test(next)) this.number();
    else this.word();
  }

  list(end, item) {
    const opened = this.at;
    this.at += 1;
    this.space();
    if (this.text[this.at] === end) {
      this.at += 1;
      return;
    }
    for (;;) {
      item();
      this.space();
      const next = this.text[this.at];
      if (next === end) {
        this.at += 1;
        return;
      }
      if (next === undefined) throw new Wrong(opened, `this '${this.text[opened]}' is never closed: a '${end}' is missing`);
      if (next !== ",") throw new Wrong(this.at, `a ',' or '${end}' belongs here, but there is ${this.seen()}`);
      const comma = this.at;
      this.at += 1;
      this.space();
      if (this.text[this.at] === end) throw new Wrong(comma, `a ',' may not stand before '${end}'`);
    }
  }

  pair() {
    this.space();
    if (this.text[this.at] !== '"') {
      const why = this.text[this.at] === "'" ? "names stand in double quotes, not single ones" : `a name in double quotes belongs here, but there is ${this.seen()}`;
      throw new Wrong(this.at, why);
    }
    this.string();
    this.space();
    if (this.text[this.at] !== ":") throw new Wrong(this.at, `a ':' belongs after the name, but there is ${this.seen()}`);
    this.at += 1;
    this.value();
  }

  string() {
    const opened = this.at;
    for (this.at += 1; this.text[this.at] !== '"'; this.at += 1) {
      const next = this.text[this.at];
      if (next === undefined || next === "\n") throw new Wrong(opened, 'this text has no closing "');
      if (next < " ") throw new Wrong(this.at, "a control character must be written with a backslash, \\t for instance");
      if (next === "\\") {
        const escape = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(this.text.slice(this.at, this.at + 6));
        if (!escape) throw new Wrong(this.at, 'a backslash is followed by one of " \\ / b f n r t, or by u and four digits');
        this.at += escape[0].length - 1;
      }
    }
    this.at += 1;
  }

  number() {
    const found = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(this.text.slice(this.at));
    if (!found) throw new Wrong(this.at, "this is no number");
    this.at += found[0].length;
    if (/[0-9.]/.test(this.text[this.at] ?? "")) throw new Wrong(this.at, "a number has no leading zeros, and digits after its point");
  }

  word() {
    const found = /^\w+/.exec(this.text.slice(this.at))?.[0];
    if (found === undefined) throw new Wrong(this.at, `a value belongs here, but there is ${this.seen()}`);
    if (["true", "false", "null"].includes(found)) {
      this.at += found.length;
      return;
    }
    const python = { True: "true", False: "false", None: "null", undefined: "null" }[found];
    throw new Wrong(this.at, python ? `'${found}' is '${python}' in JSON` : `'${found}' is no JSON: texts stand in double quotes`);
  }
}
