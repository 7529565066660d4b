"""What a deployment prints: the changes it would make, the events as they come, the outputs at the end."""

import re
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from dewstack.cli.output import notice, print_table

if TYPE_CHECKING:
    from dewstack.deploy.changes import ResourceChange
    from dewstack.deploy.progress import Event

_SIGNS = {"Add": ("+", "green"), "Modify": ("~", "yellow"), "Remove": ("-", "red"), "Import": (">", "green")}
_API_URL = re.compile(r"https://([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(/.*)?")
_REPLACED = {"True": "replaced by another", "Conditional": "perhaps replaced by another"}


def print_changes(changes: Iterable["ResourceChange"]) -> None:
    """One line a change, in the order that people ask for: what goes, what is replaced, what changes, what comes."""
    order = {"Remove": 0, "Modify": 1, "Add": 2}
    listed = sorted(
        changes, key=lambda each: (order.get(each.action, 3), not each.loses_resource, each.logical_id)
    )
    width = max((len(each.logical_id) for each in listed), default=0)
    for change in listed:
        sign, colour = _SIGNS.get(change.action, ("?", "yellow"))
        details = [change.type, *change.properties[:6]]
        line = f"  {click.style(sign, fg=colour)} {change.logical_id:<{width}}  {click.style(details[0], dim=True)}"
        if len(details) > 1:
            line += f"  {', '.join(details[1:])}"
        if change.replacement in _REPLACED and change.action == "Modify":
            line += click.style(f"  {_REPLACED[change.replacement]}", fg="red")
        if change.loses_data:
            line += click.style("  with all that is in it", fg="red", bold=True)
        click.echo(line)


def changes_json(changes: Iterable["ResourceChange"]) -> list[dict[str, Any]]:
    """The changes for scripts."""
    return [
        {
            "action": each.action,
            "logical_id": each.logical_id,
            "type": each.type,
            "physical_id": each.physical_id,
            "replacement": each.replacement,
            "properties": list(each.properties),
            "loses_data": each.loses_data,
        }
        for each in changes
    ]


def summary(changes: Iterable["ResourceChange"]) -> str:
    """`3 to make, 1 to change, 2 to remove`."""
    words = {"Add": "make", "Modify": "change", "Remove": "remove", "Import": "import"}
    counts: dict[str, int] = {}
    for each in changes:
        word = words.get(each.action, each.action)
        counts[word] = counts.get(word, 0) + 1
    return ", ".join(f"{count} to {word}" for word, count in counts.items()) or "nothing to do"


class EventLines:
    """Prints the events of a stack as they come, on stderr: stdout is for what comes of it.

    A terminal gets one line that changes, and a line for each failure; a log gets a line for each resource.
    """

    def __init__(self, stack_name: str, total: int = 0) -> None:
        self._stack_name = stack_name
        self._total = total
        self._live = sys.stderr.isatty()
        self._done = 0

    def __call__(self, event: "Event") -> None:
        """Print one event. Of a resource that has only begun nothing is said: its end follows."""
        ended = not event.status.endswith("_IN_PROGRESS")
        of_stack = event.logical_id == self._stack_name
        if ended and not of_stack:
            self._done += 1
        if self._live:
            click.echo("\r\033[K", err=True, nl=False)
        if "FAILED" in event.status or of_stack or (ended and not self._live):
            notice(_event_line(event))
        if self._live and not (of_stack and ended):
            of = f"/{self._total}" if self._total else ""
            click.echo(f"  {self._done}{of} {event.logical_id} {event.status}"[:100], err=True, nl=False)


def _event_line(event: "Event") -> str:
    colour = "red" if "FAILED" in event.status or "ROLLBACK" in event.status else "green"
    if event.status.endswith("_IN_PROGRESS") and "ROLLBACK" not in event.status:
        colour = "yellow"
    line = f"  {click.style(f'{event.status:<22}', fg=colour)} {event.logical_id}"
    line += click.style(f"  {event.type}", dim=True)
    if event.reason and "FAILED" in event.status:
        line += f"\n    {event.reason}"
    return line


def print_outputs(outputs: Mapping[str, str], urls: Mapping[str, str]) -> None:
    """The outputs of a stack, as a table; under it where its APIs are reached on this machine."""
    if outputs:
        print_table(("OUTPUT", "VALUE"), sorted(outputs.items()))
    else:
        click.echo("The stack has no outputs.")
    for name, url in urls.items():
        click.echo(f"{name} is reached here at {click.style(url, fg='cyan')}")


def urls_here(outputs: Mapping[str, str], endpoint: str) -> dict[str, str]:
    """Where the APIs among the outputs are reached through an endpoint that stands in for AWS; none at AWS."""
    if not endpoint:
        return {}
    found = {name: _API_URL.fullmatch(value) for name, value in outputs.items()}
    return {
        name: f"{endpoint}/_aws/execute-api/{match[1]}{match[2] or ''}"
        for name, match in found.items()
        if match
    }
