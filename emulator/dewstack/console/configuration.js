// The map as it came out, and functions as they are: environment, versions, what they run on.

import { get, listen } from "./api.js";
import { attempt, button, empty, h, href, refill, tools } from "./dom.js";
import { bytes, count, moment, seconds } from "./format.js";
import { jsonBox } from "./json.js";
import { facts, section, sieve, table } from "./table.js";

export const title = "Configuration";

const HIDDEN = "••••••••";

function environment(one, reveal) {
  const entries = Object.entries(one.environment);
  if (!entries.length) return h("p", { class: "quiet" }, "No environment variables.");
  return table(`Environment of ${one.name}`, [
    { title: "Variable", mono: true, cell: ([name]) => name },
    { title: "Value", mono: true, cell: ([name, value]) => (value === null ? h("span", {}, h("span", { class: "quiet", "aria-hidden": "true" }, HIDDEN), " ", button("Show", reveal, { class: "link small", "aria-label": `Show the value of ${name}` })) : value) },
  ], entries);
}

function functionCard(one, reveal) {
  return h("section", { class: "section function", id: `function-${one.key ?? one.name}` },
    h("div", { class: "section-head" }, h("h2", {}, one.key ?? one.name), h("span", { class: "row" }, h("a", { href: href("invocations", null, { function: one.name }), "aria-label": `Invocations of ${one.name}` }, "invocations"), one.key ? h("a", { href: href("logs", one.key), "aria-label": `Logs of ${one.name}` }, "logs") : null)),
    h("div", { class: "card padded" }, facts([
      ["Name at AWS", h("code", {}, one.name)],
      ["Handler", one.handler && h("code", {}, one.handler)],
      ["Runtime", one.runtime],
      ["Memory and timeout", `${count(one.memory_mb)} MB · ${one.timeout} s`],
      ["Role", one.role && h("code", {}, one.role)],
      ["Code", one.code_size ? bytes(one.code_size) : null],
      ["Layers", one.layers.length ? one.layers.join(", ") : null],
      ["Changed", one.modified && moment(seconds(one.modified))],
      ["Versions", one.versions.length ? one.versions.join(", ") : "only $LATEST"],
      ["Aliases", one.aliases.length ? one.aliases.map((alias) => `${alias.name} → ${alias.version}`).join(", ") : null],
    ])),
    h("div", { class: "spaced-above" }, environment(one, reveal)),
  );
}

function about(told) {
  return facts([
    ["Service", told.service && `${told.service} (${told.stage})`],
    ["Stack and region", told.stack && `${told.stack} · ${told.region}`],
    ["Map", told.file && h("code", {}, told.file)],
    ["dewstack", told.versions.dewstack],
    ["Python", told.versions.python],
    ["Account", h("code", {}, told.account)],
    ["State", told.state ?? "in memory: gone when it stops"],
    ["IAM", told.iam],
    ["Issuer of tokens", told.issuer],
  ]);
}

/** Render the configuration; `parameters.id` is the function that is shown first. */
export async function show(main, parameters, signal) {
  let revealed = false;
  const places = { about: h("div", { class: "card padded" }), functions: h("div", {}), map: h("div", {}) };
  const secrets = button("Show hidden values", () => {
    revealed = !revealed;
    secrets.setAttribute("aria-pressed", String(revealed));
    return attempt(read);
  }, { "aria-pressed": "false", class: "small" });
  const search = sieve("Find a function or a variable", places.functions, ".function");
  tools(search.input, secrets);
  main.append(places.about, h("div", { class: "section" }, places.functions), section("The map, with its variables resolved", places.map));
  const reveal = () => secrets.click();

  async function read() {
    const told = await get("configuration", { reveal: revealed ? "1" : null }, signal);
    refill(places.about, [told.versions, told.service, told.stage, told.stack], () => about(told));
    refill(places.functions, told.functions, () => (told.functions.length ? told.functions.map((one) => functionCard(one, reveal)) : empty("No function is deployed.")));
    search.apply();
    refill(places.map, told.map, () => (told.map ? jsonBox("The map", told.map) : empty("No map runs here.")));
  }

  listen("deployed", () => read().catch(() => undefined), signal);
  await read();
  if (parameters.id) document.getElementById(`function-${parameters.id}`)?.scrollIntoView();
}
