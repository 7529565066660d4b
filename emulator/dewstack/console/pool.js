// A function's environments as they start, serve, idle and vanish, and how many there were in the last minute.

import { h, s } from "./dom.js";
import { count, ms } from "./format.js";

const WORDS = { init: "starting", busy: "serving", ready: "idle", gone: "gone" };
const AFTERGLOW = 450; // milliseconds that an environment which has served between two looks is shown as serving
const FAREWELL = 900; // as long as it takes to fade
const SPAN = 60; // seconds in the history
const HEIGHT = 92;

/**
 * The environments. `update(functions, name)` takes what the API says of all; `tick(idleSeconds)` lets time pass: the
 * bar of an idle one shrinks until it vanishes. `counts()` are those shown now.
 */
export function pool() {
  const tiles = new Map(); // id → { element, state, served, glow, since }
  const none = h("p", { class: "pool-none" }, "No environment: nothing runs, nothing costs.");
  const element = h("ol", { class: "pool", "aria-label": "Execution environments" });
  const place = h("div", { class: "pool-place" }, none, element);

  function tile(id) {
    const parts = { word: h("b", {}), served: h("span", {}), cold: h("small", {}), life: h("i", { class: "pool-life", "aria-hidden": "true" }) };
    const made = { element: h("li", { class: "pool-tile" }, parts.word, parts.served, parts.cold, parts.life), parts, glow: 0 };
    made.element.title = id;
    element.append(made.element);
    return made;
  }

  function write(one, now) {
    const state = one.state === "ready" && now < one.glow ? "busy" : one.state;
    if (one.element.dataset.state !== state) one.element.dataset.state = state;
    one.parts.word.textContent = WORDS[state] ?? state;
    one.parts.served.textContent = state === "init" ? "" : `${count(one.served)} served`;
    one.parts.cold.textContent = one.cold ? `start ${ms(one.cold)}` : "";
  }

  function update(functions, name) {
    const now = performance.now();
    const listed = functions.filter((each) => each.function === name).flatMap((each) => each.environments);
    const present = new Set(listed.map((each) => each.id));
    for (const each of listed) {
      if (each.state === "stopped") continue;
      const one = tiles.get(each.id) ?? tile(each.id);
      if (tiles.has(each.id) && each.served > one.served) one.glow = now + AFTERGLOW;
      Object.assign(one, { state: each.state, served: each.served, cold: each.cold_start_ms, since: each.since });
      tiles.set(each.id, one);
      write(one, now);
    }
    for (const [id, one] of tiles) {
      if (present.has(id) || one.state === "gone") continue;
      one.state = "gone";
      write(one, now);
      setTimeout(() => {
        one.element.remove();
        tiles.delete(id);
      }, FAREWELL);
    }
    none.hidden = counts().all > 0;
  }

  function counts() {
    const states = [...tiles.values()].map((one) => one.element.dataset.state);
    const of = (name) => states.filter((each) => each === name).length;
    return { init: of("init"), busy: of("busy"), idle: of("ready"), all: states.length - of("gone") };
  }

  function tick(idleSeconds) {
    const now = performance.now();
    for (const one of tiles.values()) {
      write(one, now);
      const idle = Math.max(0, Date.now() / 1000 - one.since);
      const left = one.state === "ready" ? Math.max(0, 1 - idle / idleSeconds) : 1;
      one.element.style.setProperty("--left", `${(100 * left).toFixed(1)}%`);
    }
  }

  function forget() {
    tiles.clear();
    element.replaceChildren();
    none.hidden = false;
  }

  return { element: place, update, tick, counts, forget };
}

const KINDS = [["busy", "serving"], ["init", "starting"], ["idle", "idle"]];

/** How many environments there were in the last minute, as stacked columns. `add(counts)` at any time, `draw()`. */
export function history() {
  const samples = []; // [seconds, counts]
  const canvas = h("div", { class: "pool-history" });
  const legend = h("div", { class: "plot-legend" }, KINDS.map(([name, word]) => h("span", { class: "plot-name pool-name", dataset: { kind: name } }, word)));
  const element = h("figure", { class: "pool-figure" }, h("figcaption", { class: "plot-head" }, h("h3", {}, "The last minute"), legend), canvas);

  function add(counts) {
    const now = Date.now() / 1000;
    samples.push([now, counts]);
    while (samples.length && samples[0][0] < now - SPAN) samples.shift();
  }

  function draw() {
    const width = canvas.clientWidth;
    if (!width) return;
    const now = Date.now() / 1000;
    const most = Math.max(4, ...samples.map(([, counts]) => counts.all));
    const x = (at) => Math.max(0, width - 26 - ((now - at) / SPAN) * (width - 26));
    const y = (value) => HEIGHT - 2 - (value / most) * (HEIGHT - 14);
    let below = samples.map(() => 0);
    const areas = KINDS.map(([name]) => {
      const above = below.map((value, index) => value + samples[index][1][name]);
      const step = (values, index) => `${x(samples[index][0]).toFixed(1)} ${y(values[index]).toFixed(1)} H${x(samples[index + 1]?.[0] ?? now).toFixed(1)}`;
      const back = (values, index) => `${x(samples[index + 1]?.[0] ?? now).toFixed(1)} ${y(values[index]).toFixed(1)} H${x(samples[index][0]).toFixed(1)}`;
      const forth = samples.map((_, index) => `L${step(above, index)}`).join("");
      const home = samples.map((_, index) => samples.length - 1 - index).map((index) => `L${back(below, index)}`).join("");
      below = above;
      return samples.length ? s("path", { class: "pool-area", "data-kind": name, d: `M${forth.slice(1)}${home}Z` }) : null;
    });
    canvas.replaceChildren(s("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": `Environments in the last minute, at most ${most === 4 ? Math.max(0, ...samples.map(([, counts]) => counts.all)) : most} at once` },
      [0, Math.floor(most / 2), most].map((value) => [
        s("line", { class: "plot-grid", x1: 0, x2: width - 26, y1: y(value), y2: y(value) }),
        s("text", { class: "plot-tick", x: width - 20, y: y(value) + (value ? 4 : 0) }, String(value)),
      ]).flat(),
      areas,
    ));
  }

  function forget() {
    samples.length = 0;
  }

  return { element, add, draw, forget };
}
