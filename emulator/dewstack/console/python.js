// Python, coloured for the eye.

import { h } from "./dom.js";

const TOKEN = /(#.*)|("(?:[^"\\]|\\.)*")|(@[\w.]+)|\b(def|return|or|and|not|None|True|False|import|from|if|else)\b|\b(request|event)\b/g;
const KINDS = ["comment", "string", "decorator", "word", "source"];

/** A Python text as nodes. */
export function python(text) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(TOKEN)) {
    const kind = KINDS[found.slice(1).findIndex((group) => group !== undefined)];
    nodes.push(text.slice(at, found.index), h("span", { class: `py-${kind}` }, found[0]));
    at = found.index + found[0].length;
  }
  nodes.push(text.slice(at));
  return nodes;
}
