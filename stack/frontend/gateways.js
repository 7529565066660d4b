// The two kinds of API Gateway that stand in front of the same functions, and the switch between them.

const STORED = "dewstack.gateway";

/** What sets each kind apart; `preflight`, `event` and the rest are pairs of a fact and its explanation. */
export const GATEWAYS = {
  http: {
    name: "HTTP API",
    short: "HTTP",
    about: "Younger, simpler, cheaper: told once how to check tokens and which pages may call it.",
    preflights: "an HTTP API answers that by itself",
    requestId: "apigw-requestid",
    url: "no stage in the path: $default has none",
    preflight: ["OPTIONS → 204", "by the gateway itself, as provider.httpApi.cors says"],
    event: ["payload format 2.0", "event.rawPath, event.requestContext.http.method"],
    guard: ["JWT authorizer", "claims in event.requestContext.authorizer.jwt.claims"],
  },
  rest: {
    name: "REST API",
    short: "REST",
    about: "Older, with more to set: each path has an authorizer and a preflight of its own.",
    preflights: "in a REST API a MOCK method of the path answers that",
    requestId: "x-amzn-requestid",
    url: "its path begins with the stage",
    preflight: ["OPTIONS → 200", "by a MOCK method, which cors: gave this path"],
    event: ["payload format 1.0", "event.path, event.httpMethod"],
    guard: ["User-pool authorizer", "claims in event.requestContext.authorizer.claims"],
  },
};

/** What of an exchange depends on the kind of gateway: [term, value, explanation] each. */
export function facts({ gateway, route, url, response }) {
  const kind = GATEWAYS[gateway];
  const id = response?.headers[kind.requestId];
  const guard = route.guarded ? kind.guard : ["none", "this route is open to everyone"];
  return [
    ["URL", new URL(url).pathname, kind.url],
    ["Preflight", ...kind.preflight],
    ["Authorizer", ...guard],
    ["Event", ...kind.event],
    ["Request id", id ?? (response ? "not exposed to this page" : "no answer"), kind.requestId],
  ];
}

/** The choice between the gateways of this deployment. It isn't shown where there is only one. */
export class Switch {
  /** `changed` is called with the name of the chosen gateway, at the start and whenever it changes. */
  constructor(root, changed) {
    this.part = (id) => root.querySelector(`#${id}`);
    this.choices = [...root.querySelectorAll("input[name=gateway]")];
    this.changed = changed;
    this.chosen = "http";
    for (const choice of this.choices) {
      choice.addEventListener("change", () => {
        sessionStorage.setItem(STORED, choice.value);
        this.choose(choice.value);
      });
    }
  }

  /** Takes `urls`, {http?, rest?}, and the choice that this tab has made before, if it is still one. */
  offer(urls) {
    const present = Object.keys(GATEWAYS).filter((gateway) => urls[gateway]);
    this.part("gateways").hidden = present.length < 2;
    const before = sessionStorage.getItem(STORED);
    this.choose(present.includes(before) ? before : present[0]);
  }

  choose(gateway) {
    this.chosen = gateway;
    for (const choice of this.choices) choice.checked = choice.value === gateway;
    this.part("gateway-about").textContent = GATEWAYS[gateway].about;
    this.part("preflights").textContent = GATEWAYS[gateway].preflights;
    this.changed(gateway);
  }
}
