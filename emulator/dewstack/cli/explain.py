"""`dew explain`: a route's story, or what an error means."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from dewstack.cli.control import CallRefused, ControlApi
from dewstack.cli.mapping import MapOptions, map_options
from dewstack.cli.output import json_option, print_json, print_table
from dewstack.cli.record import described
from dewstack.errors import UserError
from dewstack.project import Project, RunFile, find_project, running_or_refuse

METHODS = frozenset({"ANY", "GET", "POST", "PUT", "PATCH", "OPTIONS", "HEAD", "DELETE"})
KINDS = frozenset({"http", "rest", "ws", "websocket", "url"})
UNKNOWN = frozenset({"UnknownRoute", "UnknownError", "BadRequest"})
WIDTH = 18
FULL = 2
"""Stories that are told in full; of more, the heads."""
Told = Mapping[str, Any]


def _means_route(asked: str) -> bool:
    """Whether it looks like a route: `GET /x`, `/x`, `$connect`, `rest GET /x`."""
    words = asked.split()
    if words and words[0].lower() in KINDS and len(words) in (2, 3):
        words = words[1:]
    if len(words) == 1:
        return words[0].startswith(("/", "$"))
    return len(words) == 2 and words[0].upper() in METHODS and words[1].startswith("/")


def _project() -> Project | None:
    """The project one stands in, if there is one: errors are explained anywhere."""
    try:
        return find_project()
    except UserError:
        return None


@contextmanager
def _emulator(project: Project, options: MapOptions) -> Iterator[ControlApi]:
    """The emulator that runs for the project, or one for a moment, in memory, to which the map is deployed. No function
    is run."""
    run = project.running()
    if run is not None and not options.arguments():
        yield ControlApi(run)
        return
    from dewstack.testing import start

    where, params = project.directory, options.named_params()
    with start(where, stage=options.stage, opt_region=options.region, params=params, record=False) as dew:
        yield ControlApi(RunFile(0, dew.aws_url, dew.url, dew.frontend_url, 0.0))


def _asked(api: ControlApi, **query: str) -> Any:
    """What the emulator tells. Raises UserError: exit code 2 where nothing like that is known."""
    try:
        return api.get("explain", **query)
    except CallRefused as error:
        if error.code in UNKNOWN:
            raise UserError(error.said, exit_code=2) from error
        raise


def _explain_error(text: str, project: Project | None) -> Any:
    """The error, and the newest request that met it where an emulator runs."""
    run = project.running() if project else None
    if run is not None:
        return _asked(ControlApi(run), error=text)
    import msgspec

    from dewstack.explain.errors import UnknownError, explained

    try:
        candidates = explained(text)
    except UnknownError as error:
        raise UserError(error.message, exit_code=2) from error
    return {"error": text, "candidates": msgspec.to_builtins(candidates), "recorded": None}


def _head(text: str) -> None:
    click.echo(f"\n{click.style(text, bold=True)}")


def _row(name: str, text: str) -> None:
    if text:
        click.echo(f"  {click.style(f'{name:<{WIDTH}}', dim=True)}{text}")


def _print_story(story: Told, *, brief: bool = False) -> None:
    facts, function = story["facts"], story["function"]
    access = facts["access"]
    click.echo(click.style(f"{story['route']}  ({story['api']})", bold=True))
    _row("defined at", story["defined_at"])
    _row("function", f"{function['key']} ({function['name']})")
    _row("handler", " at ".join(filter(None, (function["handler"], function["handler_at"]))))
    _row("address", f"{facts['address']} (AWS: {facts['aws_address']})")
    _row("who may call", access["text"])
    for name in ("issuer", "audience", "scopes", "identity_source"):
        value = access[name]
        _row(f"  {name.replace('_', ' ')}", ", ".join(value) if isinstance(value, list) else value or "")
    _row("CORS", json.dumps(facts["cors"], ensure_ascii=False) if facts["cors"] else "")
    if brief:
        return
    _head("What happens on AWS")
    for number, step in enumerate(story["steps"], 1):
        click.echo(f"  {number}. {click.style(step['name'], bold=True)}: {step['text']}")
        if step["limit"]:
            click.echo(click.style(f"     limit: {step['limit']}", dim=True))
    if facts["event"] is not None:
        _head(f"The event, payload format {facts['payload']} (an example)")
        click.echo(json.dumps(facts["event"], indent=2, ensure_ascii=False))
    _head("In Flask")
    click.echo(story["flask"])
    for note in story["flask_notes"]:
        click.echo(click.style(f"# {note}", dim=True))


def _print_entry(entry: Told) -> None:
    click.echo(click.style(entry["title"], bold=True))
    _row("said by", entry["who"])
    _row("means", entry["means"])
    for number, cause in enumerate(entry["causes"], 1):
        click.echo(f"  {number}. {cause['why']}")
        click.echo(f"     {click.style('find:', dim=True)} {cause['find']}")
        click.echo(f"     {click.style('mend:', dim=True)} {cause['mend']}")
    _row("in Flask", entry["flask"])


def _print_error(told: Told) -> None:
    first, *others = told["candidates"]
    _print_entry(first)
    if others:
        click.echo(f"\nIt may also be: {'; '.join(entry['title'] for entry in others)}")
    row = told["recorded"]
    if row is not None:
        click.echo(f"\nLast met by: {described(row)}, recorded as {row['id']} (dew explain --id {row['id']})")


def _print_failure(told: Told) -> None:
    row = told["summary"]
    status = f" → {row['status']}" if row["status"] else ""
    click.echo(click.style(f"{described(row)}{status} (recorded as {row['id']})", bold=True))
    for text in told["said"][:1]:
        _row("it says", text.strip().splitlines()[0] if text.strip() else "")
    for text in told["found"]:
        click.echo(f"  → {text}")
    if told["route"] is not None:
        click.echo()
        _print_story(told["route"], brief=True)
    if told["candidates"]:
        click.echo()
        _print_entry(told["candidates"][0])
    elif not told["found"]:
        click.echo("  It is none of the errors explained here. Its log: dew record --show " + str(row["id"]))


def _names_function(asked: str, project: Project | None, options: MapOptions) -> bool:
    """Whether the map has a function of this name."""
    if project is None or not asked.replace("-", "").replace("_", "").isalnum():
        return False
    try:
        functions = options.load(project.directory).functions
    except UserError:
        return False
    return any(asked in (function.key, function.name) for function in functions.values())


def _listed() -> list[dict[str, Any]]:
    """All errors that are explained."""
    import msgspec

    from dewstack.explain.errors import entries

    return [msgspec.to_builtins(entry) for entry in entries()]


def _print_list(listed: list[dict[str, Any]]) -> None:
    print_table(["ERROR", "SAID BY"], [[entry["title"], entry["who"]] for entry in listed])


@click.command("explain")
@click.argument("asked", metavar="[ROUTE | ERROR]", nargs=-1)
@click.option("--last", is_flag=True, help="The last recorded request or invocation that failed.")
@click.option("--id", "number", type=click.IntRange(1), help="A recorded one: 'dew record' lists them.")
@click.option("--list", "listing", is_flag=True, help="List the errors that are explained.")
@map_options
@json_option
def command(
    asked: tuple[str, ...],
    last: bool,
    number: int | None,
    listing: bool,
    stage: str,
    region: str,
    params: tuple[str, ...],
    as_json: bool,
) -> None:
    """Tell a route's story, or what an error means.

    ROUTE is a route's key, a path that it serves, or a function: which line of the map makes it, who may call it, the
    event, what AWS does step by step, the limits, and the same in Flask. ERROR is any text with an error in it, a whole
    log line too: what it means, its causes, how to find and mend them. The emulator need not run; where it does, what
    is deployed and recorded there is told.

    \b
    Examples:
      dew explain GET /items/7
      dew explain list-items --json
      dew explain Missing Authentication Token
      dew explain 'Task timed out after 3.00 seconds'
      dew explain --last
    """
    text = " ".join(asked).strip()
    if sum((bool(text), last, number is not None, listing)) != 1:
        raise click.UsageError("give one of: ROUTE, ERROR, --last, --id ID, --list")
    options = MapOptions(stage, region, params)
    told: Any
    show: Callable[[Any], None]
    if listing:
        told, show = _listed(), _print_list
    elif last or number is not None:
        api = ControlApi(running_or_refuse(find_project()))
        told, show = _asked(api, last="1") if last else _asked(api, id=str(number)), _print_failure
    elif _means_route(text) or _names_function(text, project := _project(), options):
        with _emulator(find_project(), options) as api:
            told, show = _asked(api, route=text), _print_stories
    else:
        told, show = _explain_error(text, project), _print_error
    if as_json:
        print_json(told)
    else:
        show(told)


def _print_stories(told: Told) -> None:
    stories = told["routes"]
    for place, story in enumerate(stories):
        if place:
            click.echo()
        _print_story(story, brief=len(stories) > FULL)
    if len(stories) > FULL:
        click.echo("\nThe whole story of one of them: dew explain 'METHOD /path'")
