// The page: which view is shown, what each button does, and the session that lives in this tab.

import { ROUTES, call, loadConfig, refusal } from "./api.js";
import { complain, equip, missing, settle, values } from "./forms.js";
import { GATEWAYS, Switch } from "./gateways.js";
import { TokenView, decode } from "./tokens.js";
import { Trace } from "./trace.js";

const VIEWS = {
  "sign-up": "Sign up", confirm: "Confirm your address", "log-in": "Log in",
  forgot: "Forgot your password?", reset: "New password", profile: "Your profile",
};
const STEP = { "sign-up": 0, confirm: 1, "log-in": 2, forgot: 2, reset: 2, profile: 3 };
const STORED = "dewstack.session";

const $ = (selector) => document.querySelector(selector);
const $$ = (selector) => [...document.querySelectorAll(selector)];

const trace = new Trace(document);
const tokens = new TokenView(document);
const gateways = new Switch(document, address);
let config = null;
let session = JSON.parse(sessionStorage.getItem(STORED) ?? "null");
let introduced = false; // whether the profile of this session has been shown
let busy = false;

// Views -------------------------------------------------------------------------------------------------

/** Goes to a view. The address bar follows, so that Back works. */
function go(view) {
  if (location.hash !== `#${view}`) history.pushState(null, "", `#${view}`);
  render();
}

function render({ focus = true } = {}) {
  const asked = location.hash.slice(1);
  let view = asked in VIEWS ? asked : session ? "profile" : "sign-up";
  if (view === "profile" && !session) view = "log-in";
  for (const each of $$("[data-view]")) each.hidden = each.dataset.view !== view;
  $$("#steps li").forEach((step, index) => {
    step.classList.toggle("is-done", index < STEP[view]);
    if (index === STEP[view]) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  });
  document.title = `${VIEWS[view]} · dewstack`;
  const shown = $(`[data-view="${view}"]`);
  if (!focus) return;
  const empty = view !== "profile" && [...shown.querySelectorAll("input")].find((input) => !input.value);
  (empty || shown.querySelector("h2[tabindex], .main")).focus();
}

function notice(text, kind = "good") {
  $("#notice").hidden = !text;
  $("#notice").textContent = text;
  $("#notice").className = `notice is-${kind}`;
}

/** Writes the address into every form, and into the links to the local mailbox. */
function remember(email) {
  for (const input of $$("input[name=email]")) input.value = email;
  for (const link of $$("[data-mailbox] a")) link.href = mailbox(email);
}

function mailbox(email) {
  const url = new URL(config.mailboxUrl, location.href);
  if (email) url.searchParams.set("to", email);
  return url.href;
}

function delivered(delivery) {
  const where = delivery?.destination ? ` to ${delivery.destination}` : "";
  for (const text of $$("[data-delivery]")) text.textContent = `We have sent a code${where}.${config.mailboxUrl ? "" : " Check your e-mail."}`;
}

// Session -----------------------------------------------------------------------------------------------

function keep(answer) {
  const claims = decode(answer.accessToken);
  const offset = claims ? claims.iat * 1000 - Date.now() : 0; // how far this clock is from the server's
  session = { ...session, ...answer, offset: Math.abs(offset) < 2000 ? 0 : offset };
  sessionStorage.setItem(STORED, JSON.stringify(session));
  tokens.show(session);
}

function forget(text, kind) {
  session = null;
  introduced = false;
  sessionStorage.removeItem(STORED);
  for (const input of $$("input[autocomplete*=password], .code")) input.value = "";
  go("log-in");
  notice(text, kind);
}

function introduce({ email, emailVerified, name, city }) {
  const form = $("form[data-action=update]");
  form.elements.name.value = name;
  form.elements.city.value = city;
  $("#who").textContent = email;
  $("#verified").hidden = !emailVerified;
  $("#h-profile").textContent = name || "Your profile";
  const letters = (name || email).split(/\s+/).map((word) => [...word][0] ?? "");
  $("#initials").textContent = (letters[0] + (letters.length > 1 ? letters.at(-1) : "")).toUpperCase();
}

async function openProfile() {
  const exchange = await send(ROUTES.profile);
  if (exchange.response?.ok) {
    remember(exchange.response.body.email);
    introduce(exchange.response.body);
    introduced = true;
  } else guardedFailure(exchange);
}

/** A protected call was refused: say so, and say what to do. */
function guardedFailure(exchange) {
  const { message } = refusal(exchange);
  if (exchange.response?.status !== 401) return notice(message, "bad");
  if (exchange.response.body?.code) return forget(`${message}. Log in again.`, "bad");
  notice("API Gateway refused the access token: it has probably expired. Get fresh tokens below.", "bad");
}

// Calls -------------------------------------------------------------------------------------------------

async function send(route, body) {
  const gateway = gateways.chosen;
  trace.sending(gateway, route);
  const exchange = await call(config, gateway, route, { body, accessToken: route.guarded ? session?.accessToken : undefined });
  trace.add(exchange);
  return exchange;
}

/** Runs one action at a time; its buttons rest meanwhile. */
async function exclusively(action) {
  if (busy || !config) return;
  busy = true;
  document.body.classList.add("is-busy");
  try {
    await action();
  } finally {
    busy = false;
    document.body.classList.remove("is-busy");
  }
}

/** What a form sends (its values, unless said otherwise) and what happens with the answer. */
const ACTIONS = {
  register: {
    body: ({ name, ...rest }) => (name ? { ...rest, name } : rest),
    done(answer, { email }) {
      remember(email);
      delivered(answer.delivery);
      go(answer.confirmed ? "log-in" : "confirm");
    },
  },
  confirm: {
    done(answer, { email }) {
      remember(email);
      go("log-in");
      notice(answer.message);
    },
  },
  login: {
    async done(answer, { email }) {
      remember(email);
      keep(answer);
      go("profile");
      await openProfile();
    },
    failed({ code, message }, { email }) {
      const view = { UserNotConfirmedException: "confirm", PasswordResetRequiredException: "forgot" }[code];
      if (!view) return false;
      remember(email);
      go(view);
      notice(message, "bad");
      return true;
    },
  },
  forgot: {
    done(answer, { email }) {
      remember(email);
      delivered(answer.delivery);
      go("reset");
    },
  },
  reset: {
    done(answer, { email }) {
      forget(answer.message);
      remember(email);
    },
  },
  update: {
    done(answer, changes) {
      introduce({ email: $("#who").textContent, emailVerified: !$("#verified").hidden, ...changes });
      notice(`${answer.message} The ID token still has the old values: get fresh tokens to see the new ones.`);
    },
    failed(_refusal, _values, exchange) {
      if (exchange.response?.status !== 401) return false;
      guardedFailure(exchange);
      return true;
    },
  },
};

async function submit(form) {
  const action = ACTIONS[form.dataset.action];
  settle(form);
  notice("");
  const gap = missing(form);
  if (gap) return complain(form, gap.message, gap.field);
  const typed = values(form);
  const exchange = await send(ROUTES[form.dataset.action], action.body ? action.body(typed) : typed);
  if (exchange.response?.ok) return action.done(exchange.response.body, typed);
  const why = refusal(exchange);
  if (!action.failed?.(why, typed, exchange)) complain(form, why.message, why.field);
}

const BUTTONS = {
  async resend() {
    const form = $("form[data-action=confirm]");
    settle(form);
    const { email } = values(form);
    if (!email) return complain(form, "E-mail address is required.", "email");
    const exchange = await send(ROUTES.resend, { email });
    if (!exchange.response?.ok) {
      const { message, field } = refusal(exchange);
      return complain(form, message, field);
    }
    delivered(exchange.response.body.delivery);
    remember(email);
    notice("A new code is on its way; the old one no longer counts.");
  },
  async refresh() {
    const exchange = await send(ROUTES.refresh, { refreshToken: session.refreshToken });
    if (exchange.response?.ok) {
      keep(exchange.response.body);
      notice("Fresh tokens, without a password.");
      if (!introduced) await openProfile();
      return;
    }
    const { message } = refusal(exchange);
    if (exchange.response?.status === 401) return forget(`${message}. Log in again.`, "bad");
    notice(message, "bad");
  },
  "log-out": () => leave(ROUTES.logout, { refreshToken: session.refreshToken }),
  "log-out-everywhere": () => leave(ROUTES.logoutEverywhere),
};

/** Logs out. An access token that has expired opens no door, not even this one: then it is renewed first. */
async function leave(route, body, again = true) {
  const exchange = await send(route, body);
  const { response } = exchange;
  if (response?.ok) return forget(response.body.message);
  if (response?.status !== 401) return notice(refusal(exchange).message, "bad");
  if (again && !response.body?.code) {
    const renewed = await send(ROUTES.refresh, { refreshToken: session.refreshToken });
    if (renewed.response?.ok) {
      keep(renewed.response.body);
      return leave(route, body, false);
    }
  }
  forget("Your session had already ended.");
}

/** Says where the requests go from now on. */
function address(gateway) {
  const url = config.urls[gateway];
  $("#api").textContent = new URL(url).host;
  $("#api").title = `The ${GATEWAYS[gateway].name}: ${url}, user pool ${config.userPoolId}`;
  $("#api").hidden = false;
  trace.ready(gateway);
}

// Start -------------------------------------------------------------------------------------------------

async function start() {
  $("#trouble").hidden = true;
  try {
    config = await loadConfig();
  } catch (error) {
    $("#trouble-text").textContent = `This page learns its addresses from /config.json, and couldn't (${error.message}).`;
    $("#trouble").hidden = false;
    return;
  }
  gateways.offer(config.urls);
  if (config.mailboxUrl) {
    for (const part of $$("[data-mailbox], #mailbox")) part.hidden = false;
    for (const link of $$("#mailbox, [data-mailbox] a")) link.href = mailbox();
  }
  if (session) {
    tokens.show(session);
    await exclusively(openProfile);
  }
}

equip(document);
for (const form of $$("form")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    exclusively(() => submit(form));
  });
}
for (const [id, action] of Object.entries(BUTTONS)) $(`#${id}`).addEventListener("click", () => exclusively(action));
$("#trouble-retry").addEventListener("click", start);
window.addEventListener("hashchange", () => {
  notice("");
  render();
});
render({ focus: false });
start();
