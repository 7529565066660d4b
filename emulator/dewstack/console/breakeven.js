// What a month costs at a load: by the request, and by the hour of a server. Where both cross, they cost the same.

import { h, s } from "./dom.js";
import { dollars } from "./format.js";
import { ticks } from "./chart.js";

const HEIGHT = 200;
const LEFT = 46;
const RIGHT = 12;
const TOP = 16;
const BOTTOM = 34;
const MONTH_SECONDS = 730 * 3600;

/** Requests a second: 5.8, 0.12. */
export const perSecond = (rate) => (rate >= 100 ? rate.toFixed(0) : String(Number(rate.toPrecision(2))));

/** The plot. `draw({ perRequest, server, rate, even })`: dollars of a request, the server as the API tells it, requests a second. */
export function breakEven() {
  const canvas = h("div", { class: "even-canvas" });
  let shown = null;
  const observer = new ResizeObserver(() => shown && draw(shown));
  observer.observe(canvas);

  function draw(told) {
    shown = told;
    const { perRequest, server, rate, even } = told;
    const width = canvas.clientWidth;
    if (!width) return;
    const mostRate = even === null ? Math.max(1, rate * 1.3) : Math.max(even * 2, Math.min(rate * 1.15, even * 12));
    const mostCost = server.monthly_usd * 2.1;
    const x = (value) => LEFT + (Math.min(value, mostRate) / mostRate) * (width - LEFT - RIGHT);
    const y = (value) => HEIGHT - BOTTOM - (Math.min(value, mostCost) / mostCost) * (HEIGHT - BOTTOM - TOP);
    const cost = (value) => value * (perRequest ?? 0) * MONTH_SECONDS;
    const top = perRequest ? Math.min(mostRate, mostCost / (perRequest * MONTH_SECONDS)) : mostRate;
    const rates = ticks(mostRate, false).filter((each) => each <= mostRate);
    const costs = ticks(mostCost, false).filter((each) => each <= mostCost);
    const crossing = even !== null && even <= mostRate;
    canvas.replaceChildren(s("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": even === null ? "What a month costs, by load" : `What a month costs, by load: both the same at ${perSecond(even)} requests a second` },
      costs.map((value) => [
        s("line", { class: "plot-grid", x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }),
        s("text", { class: "plot-tick", x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, `$${value}`),
      ]).flat(),
      rates.map((value) => s("text", { class: "plot-tick", x: x(value), y: HEIGHT - BOTTOM + 15, "text-anchor": "middle" }, String(value))),
      s("text", { class: "plot-tick", x: (LEFT + width - RIGHT) / 2, y: HEIGHT - 3, "text-anchor": "middle" }, "requests per second, all month"),
      crossing ? s("rect", { class: "even-cheap", x: LEFT, y: TOP, width: x(even) - LEFT, height: HEIGHT - TOP - BOTTOM }) : null,
      s("line", { class: "even-server", x1: LEFT, x2: width - RIGHT, y1: y(server.monthly_usd), y2: y(server.monthly_usd) }),
      s("text", { class: "even-label", "data-of": "server", x: width - RIGHT, y: y(server.monthly_usd) - 6, "text-anchor": "end" }, "always on"),
      perRequest ? s("line", { class: "even-lambda", x1: x(0), y1: y(0), x2: x(top), y2: y(cost(top)) }) : null,
      crossing ? s("circle", { class: "even-point", cx: x(even), cy: y(server.monthly_usd), r: 4.5 }) : null,
      crossing ? s("text", { class: "even-label", x: x(even), y: y(server.monthly_usd) + 20, "text-anchor": "start", dx: 4 }, `same at ${perSecond(even)}/s`) : null,
      rate > 0 && perRequest ? [
        s("line", { class: "even-now", x1: x(rate), x2: x(rate), y1: TOP, y2: HEIGHT - BOTTOM }),
        s("circle", { class: "even-here", cx: x(rate), cy: y(cost(rate)), r: 5 }),
        s("text", { class: "even-label", "data-of": "lambda", x: x(rate), y: TOP - 4, "text-anchor": rate > mostRate / 2 ? "end" : "start" }, `you are here: ${dollars(cost(rate))}`),
      ] : [],
    ));
  }

  return { element: canvas, draw, close: () => observer.disconnect() };
}
