"""`dew mail`: the mailbox that stands where SES and SNS would."""

import time
from collections.abc import Iterator
from typing import Any

import click

from dewstack.cli.control import ControlApi, connect
from dewstack.cli.output import json_option, local_time, print_json, print_json_line
from dewstack.errors import UserError

POLL_SECONDS = 0.3

Message = dict[str, Any]


def messages_to(api: ControlApi, address: str) -> list[Message]:
    """The messages sent to `address`, or to everybody when it is empty; oldest first."""
    found: list[Message] = api.get("mail", **({"to": address} if address else {}))["messages"]
    return found


def print_message(message: Message) -> None:
    """One message as one reads it, the code standing out."""
    subject = message.get("subject") or message["medium"]
    sent_at = click.style(local_time(message["sent_at"]), dim=True)
    click.echo(f"{click.style(message['to'], bold=True)}  {subject}  {sent_at}")
    body, code = str(message["body"]), message.get("code")
    if code:
        body = body.replace(code, click.style(code, fg="green", bold=True))
    click.echo("\n".join(f"  {line}" for line in body.splitlines()) + "\n")


def follow(api: ControlApi, address: str, seen: set[str]) -> Iterator[Message]:
    """Messages as they come, without end; those in `seen` (ids) are left out."""
    while True:
        for message in messages_to(api, address):
            if message["id"] not in seen:
                seen.add(message["id"])
                yield message
        time.sleep(POLL_SECONDS)


@click.command("mail")
@click.option("--to", "address", default="", help="Only messages to this address or phone number.")
@click.option("--code", "code_only", is_flag=True, help="Print the newest code and nothing else.")
@click.option("-f", "--follow", "go_on", is_flag=True, help="Go on with what is sent from now on.")
@json_option
def command(address: str, code_only: bool, go_on: bool, as_json: bool) -> None:
    """Read the messages that Cognito would have sent: codes to confirm, to log in, to reset a password.

    \b
    Examples:
      dew mail
      dew mail --to alice@example.com --code
      dew mail --follow
    """
    api = connect()
    messages = messages_to(api, address)
    if code_only:
        codes = [message["code"] for message in messages if message.get("code")]
        if not codes:
            raise UserError(f"No code was sent{f' to {address}' if address else ''}.")
        click.echo(codes[-1])
        return
    if as_json and not go_on:
        print_json({"messages": messages})
        return
    show = print_json_line if as_json else print_message
    for message in messages:
        show(message)
    if go_on:
        for message in follow(api, address, {message["id"] for message in messages}):
            show(message)
    elif not messages:
        click.echo("No messages." if not address else f"No messages to {address}.")
