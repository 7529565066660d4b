// The users of a user pool, and its groups.

import { call, callAll } from "./api.js";
import { attempt, button, empty, field, h, href, select, tools } from "./dom.js";
import { confirmed, form } from "./dialogs.js";
import { count, moment, seconds } from "./format.js";
import { section, table } from "./table.js";
import { showUser } from "./user.js";

export const title = "Users";

const PAGE = 50;
const SEARCHED = [["email", "E-mail"], ["username", "User name"], ["phone_number", "Phone"], ["name", "Name"], ["sub", "sub"]];
const STATUSES = [["", "any status"], ["CONFIRMED", "confirmed"], ["UNCONFIRMED", "unconfirmed"], ["FORCE_CHANGE_PASSWORD", "must change password"], ["RESET_REQUIRED", "must reset"], ["EXTERNAL_PROVIDER", "external"]];
const KINDS = { CONFIRMED: "good", UNCONFIRMED: "warn", FORCE_CHANGE_PASSWORD: "warn", RESET_REQUIRED: "warn" };

/** An attribute of a user as ListUsers tells it. */
export const attribute = (user, name) => (user.Attributes ?? user.UserAttributes ?? []).find((one) => one.Name === name)?.Value ?? "";

/** A user's status, and whether they may sign in. */
export function statusOf(user) {
  return h("span", { class: "row" }, h("span", { class: "chip", dataset: { kind: KINDS[user.UserStatus] ?? "" } }, user.UserStatus), user.Enabled ? null : h("span", { class: "chip", dataset: { kind: "bad" } }, "disabled"));
}

function createForm(pool, done) {
  const byEmail = pool.UsernameAttributes?.includes("email");
  const byPhone = pool.UsernameAttributes?.includes("phone_number");
  const name = byEmail ? ["E-mail", "email"] : byPhone ? ["Phone", "tel"] : ["User name", "text"];
  form("Create a user", [
    field(name[0], h("input", { name: "username", type: name[1], required: true, autocomplete: "off" })),
    byEmail ? null : field("E-mail", h("input", { name: "email", type: "email", autocomplete: "off" })),
    field("Password", h("input", { name: "password", autocomplete: "off", spellcheck: false }), "Without one, Cognito makes one and sends it."),
    h("label", {}, h("input", { type: "checkbox", name: "permanent", checked: true }), "The password is the user's own: confirmed, nothing to change at the first sign-in"),
    h("label", {}, h("input", { type: "checkbox", name: "silent", checked: true }), "Send no invitation"),
  ], "Create", async (values) => {
    const email = byEmail ? values.username : values.email;
    const attributes = email ? [{ Name: "email", Value: email }, { Name: "email_verified", Value: "true" }] : [];
    const own = values.permanent && values.password;
    await call("cognito-idp", "AdminCreateUser", {
      UserPoolId: pool.Id,
      Username: values.username,
      UserAttributes: attributes,
      ...(values.password ? { TemporaryPassword: values.password } : {}),
      ...(values.silent ? { MessageAction: "SUPPRESS" } : {}),
    });
    if (own) await call("cognito-idp", "AdminSetUserPassword", { UserPoolId: pool.Id, Username: values.username, Password: values.password, Permanent: true });
    await done();
  });
}

/** The users of a pool: search, status, pages. */
function usersTable(pool, place, parameters, signal) {
  let by = SEARCHED.some(([name]) => name === parameters.by) ? parameters.by : "email";
  let status = parameters.status ?? "";
  let edition = 0;
  let found = [];
  let next = null;
  const search = h("input", { type: "search", class: "grow", placeholder: "Begins with …", "aria-label": "Search users", value: parameters.q ?? "", dataset: { search: "" }, oninput: () => read() });
  const result = h("div", {});
  const more = button("More", () => attempt(readMore));
  place.append(h("div", { class: "filters" }, search, select(SEARCHED, by, (name) => { by = name; read(); }, { "aria-label": "Searched attribute" }), select(STATUSES, status, (chosen) => { status = chosen; read(); }, { "aria-label": "Status" })), result, h("p", { class: "row spaced-above" }, more));

  async function page(token) {
    const wanted = search.value.trim();
    // Cognito filters by one attribute: where both are asked for, the status is looked at here.
    const filter = wanted ? `${by} ^= ${JSON.stringify(wanted)}` : status ? `cognito:user_status = "${status}"` : null;
    const answer = await call("cognito-idp", "ListUsers", { UserPoolId: pool.Id, Limit: PAGE, ...(filter ? { Filter: filter } : {}), ...(token ? { PaginationToken: token } : {}) }, signal);
    return { users: answer.Users.filter((user) => !status || user.UserStatus === status), next: answer.PaginationToken ?? null };
  }

  async function read() {
    const mine = (edition += 1);
    await attempt(async () => {
      const first = await page(null);
      if (mine !== edition) return;
      ({ users: found, next } = first);
      fill();
    });
  }

  async function readMore() {
    const mine = edition;
    const answer = await page(next);
    if (mine !== edition) return;
    found = [...found, ...answer.users];
    next = answer.next;
    fill();
  }

  function fill() {
    more.hidden = !next;
    result.replaceChildren(found.length ? table("Users", [
      { title: "User", cell: (user) => h("a", { href: href("users", user.Username, { pool: pool.Id }) }, attribute(user, "email") || user.Username) },
      { title: "User name", mono: true, cell: (user) => h("span", { class: "quiet" }, user.Username) },
      { title: "Status", cell: statusOf },
      { title: "Created", number: true, cell: (user) => moment(seconds(user.UserCreateDate)) },
    ], found) : empty(search.value || status ? "Nobody fits." : "Nobody yet.", search.value || status ? "" : "Sign somebody up, or create a user here."));
  }

  return { read };
}

async function groupsTable(pool, place, signal) {
  const groups = await callAll("cognito-idp", "ListGroups", { UserPoolId: pool.Id }, "Groups", "NextToken", signal);
  const again = () => groupsTable(pool, place, signal);
  const create = button("Create group", () => form("Create a group", [
    field("Name", h("input", { name: "name", required: true, autocomplete: "off" })),
    field("Description", h("input", { name: "description", autocomplete: "off" })),
    field("Precedence", h("input", { name: "precedence", type: "number", min: 0 }), "The group with the lowest number comes first in tokens."),
  ], "Create", async (values) => {
    await call("cognito-idp", "CreateGroup", { UserPoolId: pool.Id, GroupName: values.name, ...(values.description ? { Description: values.description } : {}), ...(values.precedence ? { Precedence: Number(values.precedence) } : {}) });
    await again();
  }), { class: "small" });
  place.replaceChildren(groups.length ? table("Groups", [
    { title: "Group", cell: (group) => group.GroupName },
    { title: "Description", cell: (group) => group.Description ?? "" },
    { title: "Precedence", number: true, cell: (group) => count(group.Precedence) },
    { title: "", number: true, cell: (group) => button("Delete", () => confirmed("Delete the group", `The group ${group.GroupName} is deleted; its users stay.`, "Delete", async () => {
      await call("cognito-idp", "DeleteGroup", { UserPoolId: pool.Id, GroupName: group.GroupName });
      await again();
    }), { class: "small", "aria-label": `Delete the group ${group.GroupName}` }) },
  ], groups) : empty("This pool has no groups."), h("p", { class: "spaced-above" }, create));
}

/** Render a pool's users; `parameters.id` names one of them, `parameters.pool` the pool. */
export async function show(main, parameters, signal) {
  const pools = await callAll("cognito-idp", "ListUserPools", { MaxResults: 60 }, "UserPools", "NextToken", signal);
  if (!pools.length) {
    main.append(empty("There is no user pool.", "A map makes one with AWS::Cognito::UserPool."));
    return;
  }
  const chosen = pools.find((one) => one.Id === parameters.pool) ?? pools[0];
  const { UserPool: pool } = await call("cognito-idp", "DescribeUserPool", { UserPoolId: chosen.Id }, signal);
  if (parameters.id) {
    await showUser(main, pool, parameters.id, signal);
    return;
  }
  const list = h("div", {});
  const groups = h("div", {});
  const users = usersTable(pool, list, parameters, signal);
  tools(
    pools.length > 1 ? select(pools.map((one) => [one.Id, `${one.Name} · ${one.Id}`]), pool.Id, (id) => { location.hash = href("users", null, { pool: id }); }, { "aria-label": "User pool" }) : h("span", { class: "quiet" }, `${pool.Name} · `, h("code", {}, pool.Id)),
    button("Create user", () => createForm(pool, users.read), { class: "primary" }),
  );
  main.append(list, section("Groups", groups));
  await Promise.all([users.read(), groupsTable(pool, groups, signal)]);
}
