// The three tokens: decoded, explained, and shown with the life they have left.

import { clock, element, moment } from "./dom.js";

const PURPOSE = {
  accessToken: "Says what you may do. It goes with every call to a protected route, as Authorization: Bearer …",
  idToken: "Says who you are. It is meant for this page; the API's protected routes don't take it.",
  refreshToken: "Fetches new tokens without a password. It is encrypted: only Cognito can read it.",
};

const MEANING = {
  sub: "the user, for ever",
  iss: "issued by this user pool",
  aud: "made for this app client",
  client_id: "made for this app client",
  token_use: "which token this is",
  scope: "what it allows",
  auth_time: "when the password was checked",
  iat: "issued",
  exp: "expires",
  jti: "this token's own number",
  origin_jti: "the session it belongs to",
  event_id: "the log-in it came from",
  username: "the user's name in the pool",
  "cognito:username": "the user's name in the pool",
  "cognito:groups": "the user's groups",
  email: "the address",
  email_verified: "proved by the code",
  name: "a standard attribute",
  "custom:city": "an attribute of this pool's own",
};

const TIMES = new Set(["iat", "exp", "auth_time"]);

/** The claims of a JWT, or null if it isn't one. Nothing is verified here: that is API Gateway's work. */
export function decode(token) {
  try {
    const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

/** Shows the tokens of a session in the page's tabs. */
export class TokenView {
  constructor(root) {
    this.tabs = [...root.querySelectorAll("[role=tab]")];
    this.panel = root.querySelector("[role=tabpanel]");
    this.part = (id) => root.querySelector(`#${id}`);
    this.session = null;
    this.kind = "accessToken";
    for (const tab of this.tabs) {
      tab.addEventListener("click", () => this.select(tab.dataset.token));
      tab.addEventListener("keydown", (event) => this.step(event, tab));
    }
    setInterval(() => this.tick(), 1000);
  }

  show(session) {
    this.session = session;
    this.select(this.kind);
  }

  select(kind) {
    this.kind = kind;
    for (const tab of this.tabs) {
      const chosen = tab.dataset.token === kind;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      if (chosen) this.panel.setAttribute("aria-labelledby", tab.id);
    }
    if (this.session) this.fill();
  }

  step(event, tab) {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    event.preventDefault();
    const next = this.tabs[(this.tabs.indexOf(tab) + move + this.tabs.length) % this.tabs.length];
    this.select(next.dataset.token);
    next.focus();
  }

  fill() {
    const token = this.session[this.kind] ?? "";
    this.claims = this.kind === "refreshToken" ? null : decode(token);
    this.part("token-purpose").textContent = PURPOSE[this.kind];
    this.part("claims").replaceChildren(...Object.entries(this.claims ?? {}).map(claim));
    this.part("raw").replaceChildren(...coloured(token));
    this.tick();
  }

  tick() {
    this.part("life").hidden = !this.claims;
    if (!this.claims || !this.session) return;
    const now = (Date.now() + this.session.offset) / 1000;
    const left = Math.max(0, this.claims.exp - now);
    const share = left / (this.claims.exp - this.claims.iat);
    const level = left === 0 ? "over" : share < 0.15 ? "low" : "good";
    this.part("life").dataset.level = level;
    this.part("life-left").textContent = left === 0 ? "Expired" : `${clock(left)} left`;
    this.part("life-until").textContent = left === 0 ? "Get fresh tokens to go on." : `until ${moment(this.claims.exp)}`;
    this.part("life-bar").value = share;
  }
}

function claim([name, value]) {
  const shown = typeof value === "string" ? value : JSON.stringify(value);
  const detail = element("dd", {}, element("span", { className: "value" }, shown));
  const meaning = [MEANING[name], TIMES.has(name) ? moment(value) : ""].filter(Boolean).join(" ");
  if (meaning) detail.append(element("small", {}, meaning));
  return element("div", {}, element("dt", {}, name), detail);
}

function coloured(token) {
  const parts = token.split(".");
  if (parts.length !== 3) return [token];
  return parts.flatMap((part, index) => [
    ...(index ? ["."] : []),
    element("span", { className: ["jwt-head", "jwt-claims", "jwt-signature"][index] }, part),
  ]);
}
