// A token looked at from all sides: what it says, and whether it is good, by the emulator's own check.

import { get, post } from "./api.js";
import { attempt, button, h, href } from "./dom.js";
import { jsonBox } from "./json.js";
import { moment, span } from "./format.js";
import { section, table } from "./table.js";

export const title = "Tokens";

const VERDICTS = { passed: ["good", "passed"], failed: ["bad", "failed"], unknown: ["", "not checked"] };
const TIMES = new Set(["exp", "iat", "auth_time", "nbf"]);

function claimsTable(claims, now) {
  const said = ([name, value]) => {
    if (!TIMES.has(name) || typeof value !== "number") return typeof value === "string" ? value : JSON.stringify(value);
    return [String(value), h("span", { class: "quiet" }, ` ${moment(value)}, ${value < now ? `${span(now - value)} ago` : `in ${span(value - now)}`}`)];
  };
  return table("Claims", [{ title: "Claim", mono: true, cell: ([name]) => name }, { title: "Value", cell: said }], Object.entries(claims));
}

function checksList(checks) {
  return h("ul", { class: "card lines checks-list" }, checks.map((one) => h("li", { class: "line" },
    h("span", { class: "chip status", dataset: { kind: VERDICTS[one.verdict][0] } }, VERDICTS[one.verdict][1]),
    h("strong", { class: "check-name" }, one.check), h("span", { class: "grow" }, one.says),
  )));
}

function report(told) {
  return [
    h("p", { class: told.verified ? "note verdict-line" : "trouble verdict-line", role: "status" }, told.says),
    section("Checks", checksList(told.checks)),
    told.claims ? section("Claims", claimsTable(told.claims, told.time)) : null,
    told.header ? section("Header", jsonBox("Header", told.header)) : null,
  ].filter(Boolean);
}

/** Render the form; `parameters.invocation` is a recorded request whose Authorization header is looked at. */
export async function show(main, parameters, signal) {
  const area = h("textarea", { rows: 5, spellcheck: false, "aria-label": "Token", placeholder: "eyJraWQiOi…", dataset: { search: "" }, oninput: () => look() });
  const result = h("div", { id: "token-report" });
  const recorded = h("div", { class: "row" });
  let edition = 0;

  async function look() {
    const mine = (edition += 1);
    if (!area.value.trim()) {
      result.replaceChildren();
      return;
    }
    await attempt(async () => {
      const told = await post("tokens/check", { token: area.value.trim() }, signal);
      if (mine === edition) result.replaceChildren(...report(told));
    });
  }

  async function fromRecord(id) {
    const { request } = await get("invocation", { id }, signal);
    const header = request?.headers.find(([name]) => name.toLowerCase() === "authorization")?.[1];
    area.value = header ? header.replace(/^Bearer\s+/i, "") : "";
    await look();
    if (!header) result.replaceChildren(h("p", { class: "trouble" }, `Invocation ${id} has no Authorization header.`));
  }

  const latest = button("Of the latest request with a token", () => attempt(async () => {
    const { invocations } = await get("invocations", { limit: 50 }, signal);
    for (const one of invocations.filter((each) => each.method)) {
      const { request } = await get("invocation", { id: one.id }, signal);
      if (request?.headers.some(([name]) => name.toLowerCase() === "authorization")) {
        history.replaceState(null, "", href("tokens", null, { invocation: one.id }));
        await fromRecord(one.id);
        return;
      }
    }
    result.replaceChildren(h("p", { class: "note" }, "None of the latest 50 requests has a token."));
  }), { class: "small" });
  recorded.append(latest, button("Clear", () => {
    area.value = "";
    look();
  }, { class: "small" }));
  main.append(h("p", { class: "lead spaced" }, "Paste a token of a user pool. It is decoded and verified by the emulator, as an authorizer would: nothing leaves this machine."), area, h("div", { class: "spaced-above" }, recorded), h("div", { class: "section" }, result));
  if (parameters.invocation) await fromRecord(parameters.invocation);
}
