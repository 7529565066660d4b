// The console: asks the control API for what is new every second while the page is visible.
const $ = (id) => document.getElementById(id);

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

async function get(path) {
  const response = await fetch(`/_dew/${path}`, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

function codeButton(code) {
  const button = element("button", code, { type: "button", class: "code", "aria-label": `Copy the code ${code}` });
  const hint = button.appendChild(element("small", "copy"));
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code);
      hint.textContent = "copied";
    } catch {
      hint.textContent = "select it by hand";
    }
  });
  return button;
}

function card(message) {
  const item = element("li");
  const envelope = item.appendChild(element("div", undefined, { class: "envelope" }));
  envelope.append(element("strong", message.to), element("span", new Date(message.sent_at * 1000).toLocaleTimeString()));
  const letter = item.appendChild(element("div", undefined, { class: "letter" }));
  letter.append(element("p", message.subject ? `${message.subject}\n${message.body}` : message.body));
  if (message.code) letter.append(codeButton(message.code));
  return item;
}

let newest = "";

function showMail(messages) {
  const last = messages.at(-1)?.id ?? "";
  $("no-mail").hidden = messages.length > 0;
  if (last === newest && messages.length === $("mail").children.length) return;
  newest = last;
  $("mail").replaceChildren(...messages.toReversed().map(card));
}

function showRoutes(routes) {
  $("routes").replaceChildren(
    ...routes.map((route) => {
      const row = element("tr");
      const scopes = route.scopes.length ? ` (${route.scopes.join(" ")})` : "";
      row.append(...[route.method, route.path, route.function, (route.authorizer ?? "") + scopes].map((text) => element("td", text)));
      return row;
    }),
  );
}

function showWhere(health) {
  const link = (url) => element("a", url, { href: url });
  const rows = [["Service", link(health.urls.service)], ["Front end", link(health.urls.frontend)], ["AWS endpoint", element("code", health.urls.aws)]];
  for (const [key, value] of Object.entries(health.outputs)) {
    if (/UserPool|HttpApiId/.test(key)) rows.push([key, element("code", value)]);
  }
  $("where").replaceChildren(...rows.flatMap(([name, node]) => {
    const value = element("dd");
    value.append(node);
    return [element("dt", name), value];
  }));
}

let shown = "";

async function refresh() {
  if (document.hidden) return;
  try {
    const [health, mail, routes] = await Promise.all([get("health"), get("mail"), get("routes")]);
    showMail(mail.messages);
    const rest = JSON.stringify([health, routes]);
    if (rest !== shown) {
      shown = rest;
      $("service").textContent = `${health.service || "dewstack"} (${health.stage || "–"})`;
      showRoutes(routes.routes);
      showWhere(health);
    }
    $("state").textContent = `running · dewstack ${health.version}`;
  } catch {
    $("state").textContent = "The emulator does not answer. Start it: dew up";
  }
}

refresh();
setInterval(refresh, 1000);
document.addEventListener("visibilitychange", refresh);
