"""`dew init`: a new service, begun from one of those that come with dewstack, or from a Flask application."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

import dewstack
from dewstack.cli.output import json_option, print_json
from dewstack.errors import UserError
from dewstack.project import MAP_NAMES

PACKAGED = Path(dewstack.__file__).parent / "templates"
CHECKOUT = Path(dewstack.__file__).parents[2]
NOT_COPIED = frozenset(
    {"node_modules", "__pycache__", ".dew", ".serverless", ".pytest_cache", ".gitignore", "localstack"}
)
SERVICE_NAME = re.compile(r"^service: .*$", re.MULTILINE)
PACKAGE_NAME = re.compile(r'^(\s*"name": )"[^"]*"', re.MULTILINE)
GITIGNORE = ".dew/\n.serverless/\n.venv/\nnode_modules/\n__pycache__/\n.env\n"


@dataclass(frozen=True, slots=True)
class Template:
    """A service to begin from. `files` and folders are where a checkout has them; `next` is what to type then."""

    summary: str
    files: tuple[str, ...]
    next: tuple[str, ...] = ("dew up",)


TEMPLATES: Mapping[str, Template] = {
    "reference": Template(
        "sign-up, login and a protected profile in Python, with a page",
        ("serverless.yml", "handlers", "stack"),
    ),
    "typescript": Template(
        "sign-up, login and a protected profile in TypeScript",
        ("examples/typescript",),
        ("npm ci", "dew up"),
    ),
    "minimal": Template("one function, one route, one test", ("examples/minimal",)),
}


@click.command("init")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default=".")
@click.option(
    "-t",
    "--template",
    type=click.Choice(list(TEMPLATES)),
    default="reference",
    help="; ".join(f"{name}: {template.summary}" for name, template in TEMPLATES.items())
    + ". Default: reference",
)
@click.option("--name", default="", help="The service's name. Default: that of the directory.")
@click.option(
    "--from-flask",
    "target",
    default="",
    metavar="APP",
    help="Begin with the Flask application in DIRECTORY, named as for flask --app: app:app, shop:create_app().",
)
@click.option(
    "--per-route/--one-function",
    default=False,
    help="With --from-flask: a function for each endpoint, or one for all (default).",
)
@click.option(
    "--rest-api/--http-api", default=False, help="With --from-flask: the kind of API. Default: an HTTP API."
)
@click.option("--check", is_flag=True, help="With --from-flask: only report; exit 1 if something breaks.")
@click.option("--overwrite", is_flag=True, help="With --from-flask: replace files without asking.")
@click.option(
    "--python",
    default="",
    metavar="FILE",
    help="With --from-flask: the application's Python. Default: its virtualenv's.",
)
@json_option
def command(
    directory: Path,
    template: str,
    name: str,
    target: str,
    per_route: bool,
    rest_api: bool,
    check: bool,
    overwrite: bool,
    python: str,
    as_json: bool,
) -> None:
    """Begin a new service in DIRECTORY (default: this one). No file that is there already is touched.

    With --from-flask, a map and a handler are written that run the Flask application in DIRECTORY, and what will be
    otherwise on Lambda is reported, line by line.

    \b
    Examples:
      dew init shop && cd shop && dew up
      dew init --template typescript shop
      dew init --template minimal .
      dew init --from-flask app:app
      dew init --from-flask 'shop:create_app()' --check
    """
    name = _service_name(name or directory.resolve().name)
    if target:
        from dewstack.cli.from_flask import Options, begin

        options = Options(target, per_route, rest_api, check, overwrite, python)
        begin(directory.resolve(), name, options, as_json=as_json)
        return
    if per_route or rest_api or check or overwrite or python:
        raise click.UsageError(
            "--per-route, --rest-api, --check, --overwrite and --python go with --from-flask."
        )
    contents = {path: _renamed(path, content, name) for path, content in _contents(template)}
    contents[Path(".gitignore")] = GITIGNORE.encode()
    _refuse_existing(directory, contents)
    _write(directory, contents)
    if as_json:
        print_json({"directory": str(directory), "service": name, "files": sorted(map(str, contents))})
        return
    click.echo(f"{name}: {len(contents)} files in {directory}, from the template {template}.")
    steps = [] if directory.resolve() == Path.cwd() else [f"cd {shlex.quote(str(directory))}"]
    click.echo("Next: " + " && ".join([*steps, *TEMPLATES[template].next]))


def _service_name(name: str) -> str:
    """`name` as a service's name: letters, digits and hyphens, a letter first. Raises UserError for none."""
    made = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower()
    if len(made) < 2 or not made[0].isalpha():
        raise UserError(
            f"{name!r} makes no service name: it begins with a letter and has two characters at least",
            hint="name it with --name",
        )
    return made


def _contents(template: str) -> Iterator[tuple[Path, bytes]]:
    """The files of a template with their paths in the new service; of the wheel, or of this checkout."""
    packaged = PACKAGED / template
    roots = [packaged] if packaged.is_dir() else [CHECKOUT / file for file in TEMPLATES[template].files]
    whole = len(roots) == 1
    for root in roots:
        if not root.exists():
            raise UserError(f"the template {template} is not part of this installation: {root} is missing")
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            inside = path.relative_to(root if whole else root.parent)
            if path.is_file() and not NOT_COPIED.intersection(inside.parts):
                yield inside, path.read_bytes()


def _renamed(path: Path, content: bytes, name: str) -> bytes:
    """The map, and the package.json beside it, with the new service's name."""
    if path.name == "serverless.yml":
        return SERVICE_NAME.sub(f"service: {name}", content.decode(), count=1).encode()
    if path.name in ("package.json", "package-lock.json"):
        mentions = 2 if path.name == "package-lock.json" else 1
        return PACKAGE_NAME.sub(rf'\1"{name}"', content.decode(), count=mentions).encode()
    return content


def _refuse_existing(directory: Path, contents: Mapping[Path, bytes]) -> None:
    """Raise UserError when a file of the new service, or a map of any name, is there already."""
    wanted = {str(path) for path in contents if path.name != ".gitignore"}
    there = sorted(name for name in wanted.union(MAP_NAMES) if (directory / name).exists())
    if there:
        named = ", ".join(there[:5]) + (" …" if len(there) > 5 else "")
        raise UserError(
            f"in {directory}, {named} {'is' if len(there) == 1 else 'are'} there already",
            hint="begin in an empty directory: dew init NAME",
        )


def _write(directory: Path, contents: Mapping[Path, bytes]) -> None:
    try:
        for path, content in contents.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                target.write_bytes(content)
    except OSError as error:
        raise UserError(f"cannot write {error.filename}: {error.strerror}") from error
