"""`.env` files, as the Serverless Framework reads them under `useDotenv: true`, and its plugin always does."""

import re
from pathlib import Path

from dewstack.errors import UserError

from .nodes import Node

DOTENV_PLUGIN = "serverless-dotenv-plugin"

_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*"""
    r"""(?:'([^']*)'|"((?:[^"\\]|\\.)*)"|([^#\r\n]*))[ \t]*(?:\#.*)?$""",
    re.MULTILINE,
)


def dotenv_files(directory: Path, stage: str) -> tuple[Path, ...]:
    """The `.env` files that may be in `directory`; the last is the closest to the stage, and wins."""
    names = (".env", f".env.{stage}", ".env.local", f".env.{stage}.local")
    return tuple(Path(directory, name).resolve() for name in names)


def read_dotenv(files: tuple[Path, ...]) -> dict[str, str]:
    """The variables of those `files` that are there. Raises UserError for one that can't be read."""
    values: dict[str, str] = {}
    for path in files:
        if path.is_file():
            try:
                values |= _parse(path.read_text(encoding="utf-8"))
            except (OSError, UnicodeDecodeError) as error:
                raise UserError(f"{path} can't be read: {error}") from None
    return values


def add_to_environment(root: Node, values: dict[str, str]) -> None:
    """Give variables to every function of the resolved map, but for those that `custom.dotenv` leaves out."""
    provider = root.mapping().get("provider")
    if provider is None or not isinstance(provider.value, dict):
        return
    custom = root.mapping().get("custom")
    settings = custom.mapping().get("dotenv") if custom else None
    included, excluded = _names(settings, "include"), _names(settings, "exclude")
    own = provider.value.get("environment")
    at = own.at if own else provider.at
    members, keys = (dict(own.mapping()), dict(own.keys or {})) if own else ({}, {})
    for name, value in values.items():
        if (included is None or name in included) and name not in (excluded or ()):
            members[name] = Node(value, at)
            keys[name] = at
    provider.value["environment"] = Node(members, at, keys)


def _names(settings: Node | None, key: str) -> set[str] | None:
    """The names of a list in `custom.dotenv`; None, for all, when there is none."""
    found = settings.mapping().get(key) if settings else None
    if found is None or not isinstance(found.value, list):
        return None
    return {str(item.value) for item in found.value}


def _parse(text: str) -> dict[str, str]:
    found = {}
    for name, single, double, bare in _LINE.findall(text):
        found[name] = single or double.replace("\\n", "\n").replace('\\"', '"') or bare.strip()
    return found
