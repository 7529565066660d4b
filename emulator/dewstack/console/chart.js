// Plots over time, in SVG: bars for what is counted, lines for what is measured.

import { h, refill, s } from "./dom.js";
import { time } from "./format.js";

const HEIGHT = 168;
const LEFT = 52;
const RIGHT = 8;
const TOP = 10;
const BOTTOM = 22;
const TICK_MINUTES = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720];

/** Round steps from 0 to at least `most`, four or five of them. */
export function ticks(most, whole) {
  if (!(most > 0)) return [0, 1];
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough);
  if (whole) step = Math.max(1, Math.ceil(step));
  const found = [];
  for (let at = 0; at < most + step; at += step) found.push(Number(at.toPrecision(12)));
  return found;
}

/**
 * A plot. `data()` gives `{ from, to, period, series }`, times in seconds; a series is `{ name, tone, bars, points }` with
 * `points` a Map from the start of a period to a number. `write` says a number. `{ element, draw() }`.
 */
export function plot(title, data, write, { whole = false } = {}) {
  const canvas = h("div", { class: "plot-canvas" });
  const legend = h("div", { class: "plot-legend" });
  const rows = h("div", { tabIndex: 0 });
  const element = h("figure", { class: "plot card" }, h("figcaption", { class: "plot-head" }, h("h2", {}, title), legend), canvas, h("details", { class: "plot-table" }, h("summary", {}, "As a table"), rows));
  let pointed = null; // the start of the period that the pointer is at
  let width = 0;
  const observer = new ResizeObserver(([entry]) => {
    width = Math.floor(entry.contentRect.width);
    draw();
  });
  observer.observe(canvas);

  function moments({ from, to, period }) {
    const found = [];
    for (let at = Math.floor(from / period) * period; at < to; at += period) found.push(at);
    return found;
  }

  function tell({ series }, at) {
    const said = series.map((one) => h("span", { class: "plot-name", dataset: { tone: one.tone } }, one.name, at === null ? null : h("b", {}, ` ${one.points.has(at) ? write(one.points.get(at)) : "–"}`)));
    legend.replaceChildren(...(at === null ? [] : [h("span", { class: "quiet" }, time(at))]), ...said);
  }

  function shape(one, scale, period, step) {
    if (one.bars) {
      const thick = Math.max(1, step - 1);
      return [...one.points].filter(([, value]) => value > 0).map(([at, value]) => s("rect", { class: "plot-bar", x: scale.x(at), y: scale.y(value), width: thick, height: Math.max(1, scale.y(0) - scale.y(value)) }));
    }
    const sorted = [...one.points].sort(([a], [b]) => a - b);
    const middle = (at) => scale.x(at + period / 2).toFixed(1);
    let path = "";
    sorted.forEach(([at, value], index) => {
      const joined = index > 0 && at - sorted[index - 1][0] <= period;
      path += `${joined ? "L" : "M"}${middle(at)} ${scale.y(value).toFixed(1)}`;
    });
    return [s("path", { class: "plot-line", d: path }), ...sorted.map(([at, value]) => s("circle", { class: "plot-dot", cx: middle(at), cy: scale.y(value), r: 2 }))];
  }

  function draw() {
    if (!width) return;
    const told = data();
    const { from, to, period, series } = told;
    const begin = Math.floor(from / period) * period;
    const most = Math.max(0, ...series.flatMap((one) => [...one.points.values()]));
    const steps = ticks(most, whole);
    const scale = {
      x: (at) => LEFT + ((at - begin) / (to - begin)) * (width - LEFT - RIGHT),
      y: (value) => HEIGHT - BOTTOM - (value / steps.at(-1)) * (HEIGHT - BOTTOM - TOP),
    };
    const step = scale.x(begin + period) - scale.x(begin);
    const minutes = TICK_MINUTES.find((each) => ((to - from) / 60 / each) * 62 < width - LEFT) ?? 720;
    const times = [];
    for (let at = Math.ceil(begin / 60 / minutes) * 60 * minutes; at < to; at += minutes * 60) times.push(at);
    const drawing = s("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": `${title}: ${series.map((one) => one.name).join(", ")}. The numbers follow as a table.` },
      steps.map((value) => s("line", { class: "plot-grid", x1: LEFT, x2: width - RIGHT, y1: scale.y(value), y2: scale.y(value) })),
      steps.map((value) => s("text", { class: "plot-tick", x: LEFT - 6, y: scale.y(value) + 4, "text-anchor": "end" }, write(value))),
      times.map((at) => s("text", { class: "plot-tick", x: scale.x(at), y: HEIGHT - 6, "text-anchor": "middle" }, time(at).slice(0, 5))),
      pointed === null ? null : s("rect", { class: "plot-pointed", x: scale.x(pointed), y: TOP, width: step, height: HEIGHT - TOP - BOTTOM }),
      series.map((one) => s("g", { "data-tone": one.tone }, shape(one, scale, period, step))),
    );
    drawing.addEventListener("pointermove", (event) => {
      const share = (event.clientX - drawing.getBoundingClientRect().left - LEFT) / (width - LEFT - RIGHT);
      const at = begin + Math.floor((Math.min(Math.max(share, 0), 0.9999) * (to - begin)) / period) * period;
      if (at !== pointed) {
        pointed = at;
        draw();
      }
    });
    drawing.addEventListener("pointerleave", () => {
      pointed = null;
      draw();
    });
    canvas.replaceChildren(drawing);
    tell(told, pointed);
    const seen = moments(told).filter((at) => series.some((one) => one.points.has(at))).reverse();
    refill(rows, [seen, series.map((one) => [...one.points])], () => [h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "From"), series.map((one) => h("th", { scope: "col", class: "number" }, one.name)))),
      h("tbody", {}, seen.map((at) => h("tr", {}, h("th", { scope: "row" }, time(at)), series.map((one) => h("td", { class: "number" }, one.points.has(at) ? write(one.points.get(at)) : "–"))))),
    )]);
  }

  return { element, draw, close: () => observer.disconnect() };
}
