"""`dew record`: what the emulator has served lately, one of it in full, or all of it from now on into a file."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import click

from dewstack.cli.control import ControlApi, connect
from dewstack.cli.output import json_option, local_time, notice, print_json, print_table
from dewstack.errors import UserError

LOOK_SECONDS = 0.3
PAGE = 1000
SHOWN = 20


def described(row: dict[str, Any]) -> str:
    """What a row is about: a request, or what invoked a function."""
    if row["method"] and row["path"]:
        return f"{row['method']} {row['path']}"
    return " ".join(str(part) for part in (row["kind"], row["route"]) if part)


def took(row: dict[str, Any]) -> str:
    """How long it took, all of it where that is known."""
    milliseconds = row["duration_ms"] if row["total_ms"] is None else row["total_ms"]
    return "" if milliseconds is None else f"{milliseconds:.1f} ms"


def _print(rows: list[dict[str, Any]]) -> None:
    cells = [
        [
            str(row["id"]),
            local_time(row["at"]).split(" ")[1],
            described(row),
            str(row["status"] or ""),
            took(row) + (" cold" if row["cold"] else ""),
            row["function"] or "-",
            click.style((row["error"] or "").partition("\n")[0], fg="red"),
        ]
        for row in rows
    ]
    print_table(["ID", "TIME", "WHAT", "STATUS", "TOOK", "FUNCTION", "ERROR"], cells)


def _since(api: ControlApi, last: int) -> list[dict[str, Any]]:
    """The summaries after a row, oldest first."""
    found: list[dict[str, Any]] = []
    query = {"after": str(last), "limit": str(PAGE)}
    while True:
        page = api.get("invocations", **query)
        found += page["invocations"]
        if page["next"] is None:
            return found[::-1]
        query["before"] = str(page["next"])


def newest(api: ControlApi) -> int:
    """The id of what was recorded last, or 0."""
    rows = api.get("invocations", limit="1")["invocations"]
    number: int = rows[0]["id"] if rows else 0
    return number


def _from(api: ControlApi, last: int, seconds: float | None) -> Iterator[dict[str, Any]]:
    """What is served after a row, in full, as it comes."""
    deadline = None if seconds is None else time.monotonic() + seconds
    while True:
        over = deadline is not None and time.monotonic() >= deadline
        for row in _since(api, last):
            last = row["id"]
            yield api.get("invocation", id=str(last))
        if over:
            return
        rest = LOOK_SECONDS if deadline is None else deadline - time.monotonic()
        time.sleep(max(0.0, min(LOOK_SECONDS, rest)))


def _record(api: ControlApi, path: Path, seconds: float | None, count: int | None) -> None:
    """Write what is served from now on, one document a line, until it is enough or Ctrl-C."""
    written = 0
    endless = "; Ctrl-C ends it." if seconds is None and count is None else "."
    last = newest(api)
    with _opened(path) as file, suppress(KeyboardInterrupt):
        notice(f"Recording into {path}{endless}")
        for detail in _from(api, last, seconds):
            file.write(json.dumps(detail, ensure_ascii=False) + "\n")
            file.flush()
            written += 1
            if written == count:
                break
    notice(f"{written} recorded.")


@click.command("record")
@click.option(
    "-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write what is served from now on."
)
@click.option("--for", "seconds", type=click.FloatRange(0.0), help="With --out: for so many seconds.")
@click.option("--count", type=click.IntRange(1), help="With --out: until there are so many.")
@click.option("--show", type=click.IntRange(1), metavar="ID", help="Show one of them in full.")
@click.option(
    "--as",
    "form",
    type=click.Choice(["event", "pytest"]),
    help="With --show: its event alone, or a test that expects the same again.",
)
@click.option(
    "--limit", type=click.IntRange(1, PAGE), default=SHOWN, show_default=True, help="How many to list."
)
@click.option(
    "-q", "--search", default="", help="List those with this text in method, path, function or error."
)
@json_option
def command(
    out: Path | None,
    seconds: float | None,
    count: int | None,
    show: int | None,
    form: str | None,
    limit: int,
    search: str,
    as_json: bool,
) -> None:
    """List the requests and invocations that were recorded, show one, or write all that come to a file.

    A file has a JSON document a line, as --show prints it: the request, the event, the function's response, what the
    client got. 'dew compare --recorded FILE' reads it. Tokens and passwords are in it as they were sent.

    \b
    Examples:
      dew record
      dew record --show 42
      dew record --show 42 --as pytest > tests/test_login.py
      dew record --out session.jsonl --for 60
    """
    if out is None and (seconds is not None or count is not None):
        raise click.UsageError("--for and --count go with --out FILE")
    if form is not None and show is None:
        raise click.UsageError("--as goes with --show ID")
    api = connect()
    if out is not None:
        _record(api, out, seconds, count)
    elif show is not None and form is not None:
        click.echo(api.text("invocations/export", id=str(show), **{"as": form}), nl=False)
    elif show is not None:
        print_json(api.get("invocation", id=str(show)))
    else:
        _list(api.get("invocations", limit=str(limit), q=search), as_json=as_json)


def _list(told: dict[str, Any], *, as_json: bool) -> None:
    rows = told["invocations"][::-1]
    if as_json:
        print_json({**told, "invocations": rows})
    elif not rows:
        click.echo("Nothing was recorded.")
    else:
        _print(rows)
        if told["dropped"]:
            notice(f"{told['dropped']} more were served and not kept: too many came at once.")


def _opened(path: Path) -> IO[str]:
    """A new file for its owner alone: what was sent may be secret. Raises UserError."""
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
