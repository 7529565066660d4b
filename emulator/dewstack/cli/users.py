"""`dew users`: the people of the user pool, through Cognito's own administrative operations."""

from collections.abc import Iterator
from typing import Any

import click

from dewstack.cli import user_files
from dewstack.cli.control import ControlApi, connect
from dewstack.cli.output import json_option, local_time, print_json, print_table
from dewstack.cli.user_pools import PAGE, pool_id, pool_option
from dewstack.errors import UserError


def all_users(api: ControlApi, pool: str) -> Iterator[dict[str, Any]]:
    """Every user of the pool, page by page."""
    page: dict[str, Any] = {}
    while True:
        answer = api.call("cognito-idp", "ListUsers", UserPoolId=pool, Limit=PAGE, **page)
        yield from answer["Users"]
        if not (token := answer.get("PaginationToken")):
            return
        page = {"PaginationToken": token}


def attributes_of(user: dict[str, Any]) -> dict[str, str]:
    """A user's attributes by name."""
    return {attribute["Name"]: attribute["Value"] for attribute in user.get("Attributes", [])}


def named_attributes(pairs: tuple[str, ...]) -> dict[str, str]:
    """`name=value` pairs by name. Raises UserError for one without `=`."""
    for pair in pairs:
        if "=" not in pair:
            raise UserError(f"--attribute {pair!r} is not of the form name=value.")
    return dict(pair.split("=", 1) for pair in pairs)


@click.group("users", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List, create and change users of the user pool; without a command, list them.

    \b
    Examples:
      dew users
      dew users create alice@example.com --password 'Correct-Horse-1'
      dew users confirm alice@example.com
      dew users delete alice@example.com
      dew users export users.json
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_users, pool="", as_json=False)


@command.command("list")
@pool_option
@json_option
def list_users(pool: str, as_json: bool) -> None:
    """List the users and their state.

    \b
    Examples:
      dew users list
      dew users list --json | jq -r '.users[].Username'
    """
    api = connect()
    users = list(all_users(api, pool_id(api, pool)))
    if as_json:
        print_json({"users": users})
        return
    if not users:
        click.echo("No users.")
        return
    rows = []
    for user in users:
        attributes = attributes_of(user)
        reached = attributes.get("email") or attributes.get("phone_number") or ""
        status = user["UserStatus"] if user.get("Enabled", True) else f"{user['UserStatus']}, disabled"
        rows.append([user["Username"], reached, status, local_time(user["UserCreateDate"])])
    print_table(["USERNAME", "ADDRESS", "STATUS", "CREATED"], rows)


@command.command("create")
@click.argument("username")
@click.option("--password", help="Make it the user's own. Without it a temporary one is sent (see dew mail).")
@click.option("--attribute", "pairs", multiple=True, metavar="NAME=VALUE", help="May be given several times.")
@pool_option
@json_option
def create(username: str, password: str | None, pairs: tuple[str, ...], pool: str, as_json: bool) -> None:
    """Create USERNAME. An address becomes the user's verified e-mail.

    \b
    Examples:
      dew users create alice@example.com --password 'Correct-Horse-1'
      dew users create bob@example.com --attribute custom:plan=pro
    """
    attributes = named_attributes(pairs)
    if "@" in username:
        attributes = {"email": username, "email_verified": "true", **attributes}
    params: dict[str, Any] = {"MessageAction": "SUPPRESS"} if password else {}
    api = connect()
    target = {"UserPoolId": pool_id(api, pool), "Username": username}
    listed = [{"Name": name, "Value": value} for name, value in attributes.items()]
    user = api.call("cognito-idp", "AdminCreateUser", **target, **params, UserAttributes=listed)["User"]
    if password:
        try:
            api.call("cognito-idp", "AdminSetUserPassword", **target, Password=password, Permanent=True)
        except UserError:
            api.call("cognito-idp", "AdminDeleteUser", **target)
            raise
        user["UserStatus"] = "CONFIRMED"
    if as_json:
        print_json(user)
        return
    click.echo(f"Created {username}: {user['UserStatus']}.")
    if not password:
        click.echo(f"The temporary password was sent: dew mail --to {attributes.get('email', username)}")


def _change(operation: str, username: str, pool: str, as_json: bool, done: str, **params: Any) -> None:
    api = connect()
    target = {"UserPoolId": pool_id(api, pool), "Username": username}
    api.call("cognito-idp", operation, **target, **params)
    if as_json:
        print_json(target)
    else:
        click.echo(done)


@command.command("confirm")
@click.argument("username")
@pool_option
@json_option
def confirm(username: str, pool: str, as_json: bool) -> None:
    """Confirm USERNAME's sign-up without the code.

    \b
    Examples:
      dew users confirm alice@example.com
    """
    _change("AdminConfirmSignUp", username, pool, as_json, f"Confirmed {username}.")


@command.command("delete")
@click.argument("username")
@pool_option
@json_option
def delete(username: str, pool: str, as_json: bool) -> None:
    """Delete USERNAME.

    \b
    Examples:
      dew users delete alice@example.com
    """
    _change("AdminDeleteUser", username, pool, as_json, f"Deleted {username}.")


@command.command("set-password")
@click.argument("username")
@click.option("--password", prompt=True, hide_input=True, help="Asked for when it is not given.")
@click.option("--temporary", is_flag=True, help="The user has to choose another one at the next sign-in.")
@pool_option
@json_option
def set_password(username: str, password: str, temporary: bool, pool: str, as_json: bool) -> None:
    """Give USERNAME another password; the pool's policy applies.

    \b
    Examples:
      dew users set-password alice@example.com
      dew users set-password alice@example.com --password 'Correct-Horse-2'
    """
    params = {"Password": password, "Permanent": not temporary}
    _change("AdminSetUserPassword", username, pool, as_json, f"Changed the password of {username}.", **params)


command.add_command(user_files.export_users)
command.add_command(user_files.import_users)
