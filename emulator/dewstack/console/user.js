// One user: attributes, groups, and what an administrator may do.

import { call, callAll } from "./api.js";
import { attempt, button, field, h, href, toast, tools } from "./dom.js";
import { confirmed, form } from "./dialogs.js";
import { moment, seconds } from "./format.js";
import { facts, section, table } from "./table.js";
import { attribute, statusOf } from "./users.js";

/** Render a user of a pool. */
export async function showUser(main, pool, username, signal) {
  const who = { UserPoolId: pool.Id, Username: username };
  const admin = (operation, more = {}) => call("cognito-idp", operation, { ...who, ...more });
  const back = href("users", null, { pool: pool.Id });

  async function read() {
    const [user, mine, all] = await Promise.all([
      call("cognito-idp", "AdminGetUser", who, signal),
      callAll("cognito-idp", "AdminListGroupsForUser", who, "Groups", "NextToken", signal),
      callAll("cognito-idp", "ListGroups", { UserPoolId: pool.Id }, "Groups", "NextToken", signal),
    ]);
    render(user, new Set(mine.map((group) => group.GroupName)), all.map((group) => group.GroupName));
  }

  const doing = (says, operation, more) => attempt(async () => {
    await admin(operation, more);
    toast(says);
    await read();
  });

  function setPassword() {
    form("Set the password", [
      field("New password", h("input", { name: "password", required: true, autocomplete: "off", spellcheck: false })),
      h("label", {}, h("input", { type: "checkbox", name: "permanent", checked: true }), "It is the user's own: nothing to change at the next sign-in"),
    ], "Set", async (values) => {
      await admin("AdminSetUserPassword", { Password: values.password, Permanent: Boolean(values.permanent) });
      toast("The password is set");
      await read();
    });
  }

  function editAttributes(user) {
    const names = user.UserAttributes.filter((one) => one.Name !== "sub" && one.Name !== "identities");
    const fields = names.map((one) => field(one.Name, h("input", { name: one.Name, value: one.Value, autocomplete: "off" })));
    const name = h("input", { name: "=name", placeholder: "custom:plan", autocomplete: "off" });
    form("Edit attributes", [...fields, h("div", { class: "request-line" }, field("Another", name), field("Its value", h("input", { name: "=value", autocomplete: "off" })))], "Save", async (values) => {
      const changed = names.filter((one) => values[one.Name] !== one.Value).map((one) => ({ Name: one.Name, Value: values[one.Name] }));
      if (values["=name"]) changed.push({ Name: values["=name"], Value: values["=value"] });
      if (changed.length) await admin("AdminUpdateUserAttributes", { UserAttributes: changed });
      await read();
    });
  }

  function actions(user) {
    return h("div", { class: "row actions", id: "user-actions" },
      user.UserStatus === "UNCONFIRMED" && button("Confirm", () => doing("Confirmed", "AdminConfirmSignUp"), { class: "primary" }),
      user.Enabled ? button("Disable", () => doing("Disabled: nobody signs in as this user", "AdminDisableUser")) : button("Enable", () => doing("Enabled", "AdminEnableUser"), { class: "primary" }),
      button("Set password", setPassword),
      button("Reset password", () => doing("A code is in the mailbox", "AdminResetUserPassword")),
      button("Sign out everywhere", () => doing("All refresh tokens are revoked", "AdminUserGlobalSignOut")),
      button("Delete", () => confirmed("Delete the user", `${username} is deleted with all that belongs to them.`, "Delete", async () => {
        await admin("AdminDeleteUser");
        toast("Deleted");
        location.hash = back;
      }), { class: "danger" }),
    );
  }

  function membership(mine, all) {
    if (!all.length) return h("p", { class: "quiet" }, "This pool has no groups.");
    return h("ul", { class: "checks" }, all.map((name) => h("li", {}, h("label", {}, h("input", { type: "checkbox", checked: mine.has(name), onchange: (event) => (event.target.checked ? doing(`Added to ${name}`, "AdminAddUserToGroup", { GroupName: name }) : doing(`Removed from ${name}`, "AdminRemoveUserFromGroup", { GroupName: name })) }), name))));
  }

  function render(user, mine, all) {
    main.replaceChildren(
      h("div", { class: "row spaced" }, h("h2", { class: "detail-title" }, attribute(user, "email") || username), statusOf(user)),
      actions(user),
      h("div", { class: "section" }, facts([
        ["User name", h("code", {}, user.Username)],
        ["Created", moment(seconds(user.UserCreateDate))],
        ["Changed", moment(seconds(user.UserLastModifiedDate))],
        ["Second factors", user.UserMFASettingList?.join(", ")],
        ["Mail", attribute(user, "email") && h("a", { href: href("mail", null, { q: attribute(user, "email") }) }, "what was sent to them")],
      ])),
      section("Attributes", table("Attributes", [{ title: "Attribute", mono: true, cell: (one) => one.Name }, { title: "Value", cell: (one) => one.Value }], user.UserAttributes), h("p", { class: "spaced-above" }, button("Edit attributes", () => editAttributes(user), { class: "small" }))),
      section("Groups", membership(mine, all)),
    );
  }

  tools(h("a", { href: back }, "All users"));
  await read();
}
