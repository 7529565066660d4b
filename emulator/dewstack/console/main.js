// The shell: which page is shown, the navigation, the theme, the sign of life.
//
// A page is a module that exports `title` and `show(main, parameters, signal)`: it renders into `main` and stops all
// work when `signal` aborts. `parameters` has what the address says after the page's name: `#/logs/login?q=x` gives
// { id: "login", q: "x" }. `show` may give a function `change(parameters)`, which is called instead of `show` when only
// the parameters differ. `full = true` is exported by pages that fill the window and scroll by themselves, and
// `style = "name.css"` by those with a style sheet of their own (listed in `STYLES` of __init__.py).

import { connect, get, listen } from "./api.js";
import { h, toast } from "./dom.js";
import { shortcut, showShortcuts, startKeys } from "./keys.js";

const GROUPS = [
  ["Watch", [["overview", "Overview", "o"], ["invocations", "Invocations", "i"], ["logs", "Logs", "l"], ["metrics", "Metrics", "m"]]],
  ["Understand", [["comparison", "Flask ⇄ Lambda", "f"], ["load", "Load & cost", "c"]]],
  ["Manage", [["users", "Users", "u"], ["mail", "Mailbox", "b"], ["tokens", "Tokens", "t"], ["stacks", "Stacks", "s"], ["configuration", "Configuration", "k"]]],
];
const LOAD = {
  overview: () => import("./overview.js"),
  invocations: () => import("./invocations.js"),
  comparison: () => import("./comparison.js"),
  load: () => import("./load.js"),
  logs: () => import("./logs.js"),
  metrics: () => import("./metrics.js"),
  users: () => import("./users.js"),
  mail: () => import("./mail.js"),
  tokens: () => import("./tokens.js"),
  stacks: () => import("./stacks.js"),
  configuration: () => import("./configuration.js"),
};
const THEMES = { "": ["light", "Theme: system"], light: ["dark", "Theme: light"], dark: ["", "Theme: dark"] };

const $ = (id) => document.getElementById(id);
let current = { name: null, ending: null, change: null };

function whereTo() {
  if (!location.hash.startsWith("#/")) return { name: location.pathname.endsWith("/mail") ? "mail" : "overview", parameters: {} };
  const [path, query] = location.hash.slice(2).split("?");
  const [name, id] = path.split("/");
  const parameters = Object.fromEntries(new URLSearchParams(query ?? ""));
  if (id) parameters.id = decodeURIComponent(id);
  return { name: name || "overview", parameters };
}

async function route() {
  const { name, parameters } = whereTo();
  if (name === current.name && current.change) {
    current.change(parameters);
    return;
  }
  current.ending?.abort();
  const ending = new AbortController();
  const first = current.name === null;
  const samePage = name === current.name;
  current = { name, ending, change: null };
  closeMenu();
  for (const link of $("nav").querySelectorAll("a")) {
    if (link.dataset.page === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  let page;
  try {
    if (!Object.hasOwn(LOAD, name)) throw new Error(`There is no page called '${name}'.`);
    page = await LOAD[name]();
  } catch (error) {
    if (!ending.signal.aborted) fail(error);
    return;
  }
  if (ending.signal.aborted) return;
  if (page.style) await dress(page.style);
  const place = h("div", { class: "page" });
  const heading = h("h1", { tabIndex: -1 }, page.title);
  $("main").classList.toggle("full", page.full === true);
  $("main").replaceChildren(h("div", { class: "top" }, heading, h("div", { class: "tools", id: "tools" })), place);
  $("main").scrollTop = 0;
  document.title = `${page.title} · dewstack`;
  if (!first && !samePage) heading.focus({ preventScroll: true });
  try {
    const change = await page.show(place, parameters, ending.signal);
    if (!ending.signal.aborted && typeof change === "function") current.change = change;
  } catch (error) {
    if (!ending.signal.aborted) place.replaceChildren(trouble(error));
  }
}

const dressed = new Map();

/** Load a style sheet once; a page is shown when it is there, or could not be had. */
function dress(name) {
  if (!dressed.has(name)) {
    dressed.set(name, new Promise((resolve) => {
      document.head.append(h("link", { rel: "stylesheet", href: `/_dew/${name}`, onload: resolve, onerror: resolve }));
    }));
  }
  return dressed.get(name);
}

function trouble(error) {
  return h("p", { class: "trouble", role: "alert" }, `This page could not be shown: ${error.message}`);
}

function fail(error) {
  $("main").replaceChildren(h("div", { class: "top" }, h("h1", {}, "Nothing to show")), h("div", { class: "page" }, trouble(error)));
}

function closeMenu() {
  $("menu").setAttribute("aria-expanded", "false");
}

function showNavigation() {
  for (const [group, pages] of GROUPS) {
    const items = pages.map(([name, label, key]) => {
      shortcut(`g ${key}`, label, () => { location.hash = `#/${name}`; }, null, "Go to");
      return h("li", {}, h("a", { href: `#/${name}`, dataset: { page: name } }, label));
    });
    $("nav").append(h("h2", { class: "nav-group" }, group), h("ul", {}, items));
  }
}

function theme(change) {
  let chosen = document.documentElement.dataset.theme ?? "";
  if (change) {
    chosen = THEMES[chosen][0];
    if (chosen) document.documentElement.dataset.theme = chosen;
    else delete document.documentElement.dataset.theme;
    try {
      localStorage.setItem("dewstack.theme", chosen);
    } catch {
      // Storage is blocked: the choice holds until the page is closed.
    }
  }
  $("theme").textContent = THEMES[chosen][1];
}

async function greet() {
  try {
    const health = await get("health");
    $("service").textContent = health.service || "dewstack";
    $("service").title = health.service;
    $("stage").textContent = health.stage;
    $("stage").hidden = !health.stage;
    $("state").textContent = `running · ${health.version}`;
    $("state").dataset.state = "live";
  } catch {
    lost();
  }
}

function lost() {
  $("state").textContent = "The emulator does not answer. Start it: dew up";
  $("state").dataset.state = "gone";
}

function begin() {
  showNavigation();
  theme(false);
  $("theme").addEventListener("click", () => theme(true));
  $("help").addEventListener("click", showShortcuts);
  $("menu").addEventListener("click", () => {
    const open = $("menu").getAttribute("aria-expanded") === "true";
    $("menu").setAttribute("aria-expanded", String(!open));
  });
  $("skip").addEventListener("click", (event) => {
    event.preventDefault();
    $("main").focus();
  });
  shortcut("?", "This list", showShortcuts, null, "Everywhere");
  shortcut("T", "Change the theme", () => theme(true), null, "Everywhere");
  shortcut("/", "Search", () => document.querySelector("[data-search]")?.focus(), null, "Everywhere");
  startKeys();
  const forever = new AbortController().signal;
  let deployed = null; // told at once by every connection, then when it changes
  listen("state", (state) => {
    if (state === "gone") deployed = null;
    greet(); // gone or not: it is asked
  }, forever);
  listen("deployed", (now) => {
    if (deployed !== null && now !== deployed) {
      greet();
      toast("The map was deployed");
    }
    deployed = now;
  }, forever);
  connect();
  addEventListener("hashchange", route);
  greet();
  route();
}

begin();
