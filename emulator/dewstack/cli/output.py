"""How commands print: text for people, JSON for scripts, errors with what to do about them."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import click

F = TypeVar("F")


def json_option(command: F) -> F:
    """Add `--json` to a command: JSON alone on stdout, one document or one line per event."""
    option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")
    decorated: F = option(command)  # type: ignore[type-var]
    return decorated


def print_json(value: Any) -> None:
    """One JSON document, readable on a screen and by a program."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_json_line(value: Any) -> None:
    """One JSON document on one line, for streams."""
    click.echo(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns under headings, each as wide as its widest cell; colour in a cell does not count."""
    cells = [list(row) for row in rows]
    widths = [
        max(len(click.unstyle(row[column])) for row in [list(headings), *cells])
        for column in range(len(headings))
    ]
    click.echo(_line([click.style(heading, dim=True) for heading in headings], widths))
    for row in cells:
        click.echo(_line(row, widths))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell + " " * (width - len(click.unstyle(cell))) for cell, width in zip(cells, widths, strict=True)
    )
    return "  ".join(padded).rstrip()


def local_time(moment: str | float) -> str:
    """A moment as the control API tells it, ISO 8601 or seconds since the epoch, in the reader's time zone."""
    if isinstance(moment, str):
        read = datetime.fromisoformat(moment).astimezone()
    else:
        read = datetime.fromtimestamp(moment).astimezone()
    return read.strftime("%Y-%m-%d %H:%M:%S")


def report_error(message: str, hint: str = "", *, as_json: bool = False) -> None:
    """Say on stderr what went wrong and, under it, what to do about it."""
    if as_json:
        error = {"error": {"message": message, **({"hint": hint} if hint else {})}}
        click.echo(json.dumps(error, ensure_ascii=False), err=True)
        return
    click.echo(f"{click.style('Error:', fg='red', bold=True)} {message}", err=True)
    if hint:
        click.echo(click.style(hint, dim=True), err=True)


def notice(message: str) -> None:
    """A remark for the person at the keyboard, on stderr: stdout stays for what was asked."""
    click.echo(message, err=True)
