"""`dew init --from-flask`: a map and a handler for a Flask application, and a report of what will be otherwise."""

import os
import shlex
import sys
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dewstack.cli.output import print_json
from dewstack.errors import UserError
from dewstack.project import MAP_NAMES

if TYPE_CHECKING:
    from dewstack.convert import Application, Conversion, Finding

MARKS = {
    "breaks": ("Breaks", "red"),
    "differs": ("Differs", "yellow"),
    "note": ("Works, and worth knowing", "cyan"),
}
WIDTH = 100


@dataclass(frozen=True, slots=True)
class Options:
    """What `dew init` was told about a Flask application."""

    target: str
    per_route: bool
    rest_api: bool
    check: bool
    overwrite: bool
    python: str


def begin(directory: Path, service: str, options: Options, *, as_json: bool) -> None:
    """Report, and unless it is only a check, write the files of the service.

    A check exits with 1 when something breaks. Raises UserError.
    """
    from dewstack.convert import Form, convert, find, read_application

    if not directory.is_dir():
        raise UserError(f"there is no directory {directory}")
    python = os.path.abspath(options.python) if os.path.dirname(options.python) else options.python
    application = read_application(directory, options.target, python)
    findings = find(application, directory)
    conversion = convert(application, directory, Form(options.per_route, options.rest_api), service=service)
    written: list[str] = []
    if not options.check:
        written = _write(directory, conversion.files, overwrite=options.overwrite, ask=not as_json)
    if as_json:
        print_json(_told(application, conversion, findings, written, service))
    else:
        _report(application, conversion, findings, options)
        if not options.check:
            _say_written(written, conversion, directory)
    if options.check and any(finding.level == "breaks" for finding in findings):
        sys.exit(1)


def _report(
    application: "Application", conversion: "Conversion", findings: list["Finding"], options: Options
) -> None:
    from dewstack.convert import unlike_flask

    rules = len(application.rules)
    blueprints = f", blueprints {', '.join(application.blueprints)}" if application.blueprints else ""
    click.echo(
        f"{click.style(application.target, bold=True)}: {rules} rule{'s' * (rules != 1)}{blueprints},"
        f" Flask {application.flask}, Python {'.'.join(map(str, application.python))}"
    )
    for function in conversion.functions if options.per_route else ():
        routes = ", ".join(f"{route.method} {route.path}" for route in function.routes)
        click.echo(f"  {function.key:<24} {click.style(routes, dim=True)}")
    if options.per_route:
        click.echo("\nAnswered by API Gateway, before any function:")
        for what, how in unlike_flask(application, rest=options.rest_api).items():
            click.echo(f"  {what}: {how}")
    for level, (title, color) in MARKS.items():
        of_level = [finding for finding in findings if finding.level == level]
        if of_level:
            click.echo(f"\n{click.style(title, fg=color, bold=True)} on Lambda:")
            for alike in _by_advice(of_level):
                _print(alike, application.target)
    if not findings:
        click.echo("\nNothing in it will be otherwise on Lambda, as far as one can read.")


def _by_advice(findings: Iterable["Finding"]) -> Iterable[list["Finding"]]:
    """Findings of which the same is to be said, together."""
    alike: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        alike.setdefault((finding.on_aws, finding.instead), []).append(finding)
    return alike.values()


def _print(alike: list["Finding"], target: str) -> None:
    for finding in alike:
        where = f"{finding.file}:{finding.line}" if finding.line else target
        click.echo(f"  {click.style(where, bold=True)}  {finding.what}")
    for word, text in (("on AWS", alike[0].on_aws), ("instead", alike[0].instead)):
        lines = textwrap.wrap(text, WIDTH - 14, break_long_words=False)
        click.echo(f"    {click.style(f'{word:<8}', dim=True)}{lines[0]}")
        for line in lines[1:]:
            click.echo(f"            {line}")


def _write(directory: Path, files: Mapping[str, str], *, overwrite: bool, ask: bool) -> list[str]:
    """Write what isn't there, or may be replaced; the names. Nothing is written when something is refused."""
    changed = {name: text for name, text in files.items() if _content(directory / name) != text}
    others = [name for name in MAP_NAMES if name not in files and (directory / name).exists()]
    if others:
        raise UserError(f"{others[0]} is there already", hint="a project has one map: move that away first")
    there = [
        name for name in changed if (directory / name).exists() and not _adds(directory / name, files[name])
    ]
    if there and not overwrite:
        _agree(directory, there, ask=ask)
    try:
        for name, text in changed.items():
            (directory / name).write_text(text, encoding="utf-8")
        ignored = directory / ".gitignore"
        if not ignored.exists():
            from dewstack.cli.init import GITIGNORE

            ignored.write_text(GITIGNORE, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {error.filename}: {error.strerror}") from error
    return list(changed)


def _content(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _adds(file: Path, text: str) -> bool:
    """Whether `text` is the file with lines at its end."""
    content = _content(file)
    return content is not None and text.startswith(content)


def _agree(directory: Path, there: Iterable[str], *, ask: bool) -> None:
    """Ask whether files may be replaced. Raises UserError for no, or when nobody can be asked."""
    for name in there:
        if not ask or not sys.stdin.isatty():
            raise UserError(
                f"in {directory}, {name} is there already",
                hint="--overwrite replaces it, --check only reports",
            )
        if not click.confirm(f"{name} is there already. Replace it?"):
            raise UserError("Nothing was changed.")


def _say_written(written: list[str], conversion: "Conversion", directory: Path) -> None:
    same = sorted(set(conversion.files) - set(written))
    click.echo("")
    click.echo(f"Written: {', '.join(written)}" if written else "Everything is there already.")
    if written and same:
        click.echo(f"As it is: {', '.join(same)}")
    steps = [] if directory == Path.cwd() else [f"cd {shlex.quote(os.path.relpath(directory))}"]
    click.echo("Next: " + " && ".join([*steps, *conversion.first, "dew up"]))


def _told(
    application: "Application",
    conversion: "Conversion",
    findings: list["Finding"],
    written: list[str],
    service: str,
) -> dict[str, Any]:
    import msgspec

    return {
        "service": service,
        "application": application.target,
        "flask": application.flask,
        "python": ".".join(map(str, application.python)),
        "rules": [
            {"rule": rule.rule, "endpoint": rule.endpoint, "methods": rule.methods}
            for rule in application.rules
        ],
        "functions": {
            function.key: [f"{route.method} {route.path}".strip() for route in function.routes]
            for function in conversion.functions
        },
        "findings": [msgspec.to_builtins(finding) for finding in findings],
        "files": written,
    }
