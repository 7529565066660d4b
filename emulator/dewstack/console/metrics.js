// How often, how many failed, how fast: as tables and over time, by function and by route.

import { call, get, listen, repeat } from "./api.js";
import { button, empty, h, href, refill, select, tools } from "./dom.js";
import { plot } from "./chart.js";
import { count, ms, seconds } from "./format.js";
import { section, table } from "./table.js";

export const title = "Metrics";

const WINDOWS = [["15", "15 minutes"], ["60", "1 hour"], ["180", "3 hours"], ["1440", "24 hours"]];
const PERIODS = { 15: 60, 60: 60, 180: 300, 1440: 1800 };
const PERCENTILES = [["p50", "p50", "one"], ["p90", "p90", "two"], ["p99", "p99", "three"]];
const percentilesOf = (metric) => PERCENTILES.map(([stat, name, tone]) => ({ metric, stat, name, tone }));

const LAMBDA = [
  ["Invocations", count, [{ metric: "Invocations", stat: "Sum", name: "invocations", tone: "one", bars: true }, { metric: "Throttles", stat: "Sum", name: "throttles", tone: "warn", bars: true }, { metric: "Errors", stat: "Sum", name: "errors", tone: "bad", bars: true }]],
  ["Duration", ms, percentilesOf("Duration")],
  ["Cold starts", count, [{ metric: "InitDuration", stat: "SampleCount", name: "cold starts", tone: "cold", bars: true }]],
  ["Concurrent executions", count, [{ metric: "ConcurrentExecutions", stat: "Maximum", name: "most at once", tone: "two", bars: true }]],
];
const gateway = (refused, failed) => [
  ["Requests", count, [{ metric: "Count", stat: "Sum", name: "requests", tone: "one", bars: true }, { metric: refused, stat: "Sum", name: "4xx", tone: "warn", bars: true }, { metric: failed, stat: "Sum", name: "5xx", tone: "bad", bars: true }]],
  ["Latency", ms, percentilesOf("Latency")],
];
const GATEWAYS = { httpApi: gateway("4xx", "5xx"), http: gateway("4XXError", "5XXError") };

/** What can be plotted: `{ id, label, namespace, dimensions, plots }`. */
function subjects(figures) {
  const dimension = (pairs) => Object.entries(pairs).map(([Name, Value]) => ({ Name, Value }));
  return [
    { id: "", label: "all functions", namespace: "AWS/Lambda", dimensions: [], plots: LAMBDA },
    ...figures.functions.map((one) => ({ id: `function ${one.function}`, label: one.function, namespace: "AWS/Lambda", dimensions: dimension({ FunctionName: one.function }), plots: LAMBDA })),
    ...figures.routes.map((one) => ({
      id: `${one.api} ${one.stage} ${one.method} ${one.path}`,
      label: `${one.method} ${one.path} (${one.kind === "http" ? "REST" : "HTTP"} API)`,
      namespace: "AWS/ApiGateway",
      dimensions: dimension({ [one.kind === "http" ? "ApiName" : "ApiId"]: one.api, Method: one.method, Resource: one.path, Stage: one.stage }),
      plots: GATEWAYS[one.kind],
    })),
  ];
}

async function read(subject, minutes, signal) {
  const { time: now } = await get("clock", {}, signal);
  const period = PERIODS[minutes];
  const to = Math.floor(now / period) * period + period;
  const from = to - minutes * 60;
  const wanted = subject.plots.flatMap(([, , series]) => series);
  const { MetricDataResults: found } = await call("cloudwatch", "GetMetricData", {
    StartTime: from,
    EndTime: to,
    MetricDataQueries: wanted.map((one, at) => ({ Id: `m${at}`, MetricStat: { Metric: { Namespace: subject.namespace, MetricName: one.metric, Dimensions: subject.dimensions }, Period: period, Stat: one.stat } })),
  }, signal);
  const points = new Map(found.map((one) => [one.Id, new Map(one.Timestamps.map((at, index) => [seconds(at), one.Values[index]]))]));
  let at = -1;
  return { from, to, period, plots: subject.plots.map(([, , series]) => series.map((one) => ({ ...one, points: points.get(`m${(at += 1)}`) ?? new Map() }))) };
}

function functionRows(figures, choose) {
  if (!figures.functions.length) return empty("No function has run in this time.");
  return table("Functions", [
    { title: "Function", cell: (one) => button(one.function, () => choose(`function ${one.function}`), { class: "link" }) },
    { title: "Invocations", number: true, cell: (one) => count(one.invocations) },
    { title: "Errors", number: true, cell: (one) => count(one.errors) },
    { title: "Throttles", number: true, cell: (one) => count(one.throttles) },
    { title: "Cold starts", number: true, cell: (one) => count(one.cold_starts) },
    { title: "At once", number: true, cell: (one) => count(one.concurrency) },
    ...["p50", "p95", "p99"].map((name) => ({ title: name, number: true, cell: (one) => ms(one[name]) })),
  ], figures.functions);
}

function routeRows(figures, choose) {
  if (!figures.routes.length) return empty("No route was asked for in this time.");
  return table("Routes", [
    { title: "Route", mono: true, cell: (one) => button(`${one.method} ${one.path}`, () => choose(`${one.api} ${one.stage} ${one.method} ${one.path}`), { class: "link" }) },
    { title: "Gateway", cell: (one) => `${one.kind === "http" ? "REST API" : "HTTP API"} · ${one.stage}` },
    { title: "Requests", number: true, cell: (one) => count(one.requests) },
    { title: "4xx", number: true, cell: (one) => count(one.client_errors) },
    { title: "5xx", number: true, cell: (one) => count(one.server_errors) },
    ...["p50", "p95", "p99"].map((name) => ({ title: name, number: true, cell: (one) => ms(one[name]) })),
  ], figures.routes);
}

/** Render tables and plots; `parameters.of` is what is plotted, `parameters.minutes` how far back. */
export async function show(main, parameters, signal) {
  let minutes = Object.hasOwn(PERIODS, parameters.minutes) ? parameters.minutes : "60";
  let chosen = parameters.of ?? "";
  let figures = { functions: [], routes: [] };
  let drawn = [];
  let shape = "";
  let told = null;

  const picker = h("select", { "aria-label": "What is plotted", onchange: () => choose(picker.value) });
  tools(picker, select(WINDOWS, minutes, (value) => {
    minutes = value;
    choose(chosen);
  }, { "aria-label": "How far back" }));
  const places = { plots: h("div", { class: "plots" }), functions: h("div", {}), routes: h("div", {}) };
  main.append(places.plots, section("Functions", places.functions), section("Routes", places.routes));

  function choose(id) {
    chosen = id;
    history.replaceState(null, "", href("metrics", null, { of: chosen, minutes: minutes === "60" ? null : minutes }));
    document.querySelector("#main").scrollTop = 0;
    return refresh().catch(() => undefined);
  }

  async function refresh() {
    figures = await get("metrics", { minutes }, signal);
    const known = subjects(figures);
    const subject = known.find((one) => one.id === chosen) ?? known[0];
    refill(picker, [known.map((one) => one.id), subject.id], () => known.map((one) => h("option", { value: one.id, selected: one.id === subject.id }, one.label)));
    told = await read(subject, Number(minutes), signal);
    refill(places.functions, figures.functions, () => functionRows(figures, choose));
    refill(places.routes, figures.routes, () => routeRows(figures, choose));
    const wanted = subject.plots.map(([name]) => name).join();
    if (shape !== wanted) {
      shape = wanted;
      drawn.forEach((one) => one.close());
      drawn = subject.plots.map(([name, write], at) => plot(name, () => ({ ...told, series: told.plots[at] }), write, { whole: write === count }));
      places.plots.replaceChildren(...drawn.map((one) => one.element));
    }
    drawn.forEach((one) => one.draw());
  }

  let soon = null;
  listen("invocations", () => {
    soon ??= setTimeout(() => {
      soon = null;
      refresh().catch(() => undefined);
    }, 1000);
  }, signal);
  signal.addEventListener("abort", () => {
    clearTimeout(soon);
    drawn.forEach((one) => one.close());
  });
  await repeat(refresh, 10, signal);
}
