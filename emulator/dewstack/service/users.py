"""Files of users, and `custom.dew.users`: who is made in the user pool when the map is served."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from .nodes import NOTHING, Node, parse_yaml, plain
from .places import locate
from .problems import KeyPath, Position, ProblemAt, key_name
from .reading import Reading, mapping

SECTION: KeyPath = ("custom", "dew", "users")
VERSION = 1
DOCUMENT = ("version", "pool", "groups", "users")
Place = Callable[[KeyPath], tuple[Position, str]]
"""Where a key path of a file's document is, and how the mistake there is named."""


class UserSource(Struct, frozen=True):
    """Users from one place: a file, or the map itself."""

    name: str
    """The file, as it is named; the map's own for users in the map."""
    at: Position
    place: Place
    entries: list[Any]
    groups: list[Any]
    csv: str | None = None
    """The text of a CSV file, whose columns only a pool knows; there are no entries then."""
    pool: str | None = None
    """The logical id of the pool; None is the only one."""
    source_id: str = ""
    """The pool that an export was made of."""


def read_user_file(path: Path, name: str, at: Position | None = None, pool: str | None = None) -> UserSource:
    """Read a file of users, `name` being what the user calls it: JSON, YAML or CSV by its ending.

    Raises ProblemAt with line and column.
    """
    start = Position(name, 1, 1)
    at = at or start
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ProblemAt(at, f"there is no file {name}") from None
    except UnicodeDecodeError as error:
        raise ProblemAt(at, f"{name} isn't UTF-8 text: byte {error.start}") from None
    except OSError as error:
        raise ProblemAt(at, f"{name} can't be read: {error.strerror}") from None
    place = _file_places(text, start)
    if path.suffix.lower() == ".csv":
        return UserSource(name, at, place, [], [], csv=text, pool=pool)
    document = _parsed(text, name, path.suffix.lower())
    base: KeyPath = ("users",)
    if isinstance(document, list):
        base, document = (), {"users": document}
    users, groups = _members(document, start, place)
    in_file: Place = (lambda path: place(path[1:])) if not base else place
    return UserSource(name, at, in_file, users, groups, pool=pool, source_id=_source_id(document))


def _parsed(text: str, name: str, suffix: str) -> Any:
    if suffix in (".yml", ".yaml"):
        return plain(parse_yaml(text, name))
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = Position(name, error.lineno, error.colno)
        raise ProblemAt(where, f"broken JSON: {error.msg}") from None
    except RecursionError:
        raise ProblemAt(Position(name, 1, 1), "broken JSON: nested too deep") from None


def _members(document: Any, start: Position, place: Place) -> tuple[list[Any], list[Any]]:
    """The users and groups of a document. Raises ProblemAt."""
    if not isinstance(document, dict):
        raise ProblemAt(start, "expected a list of users, or {users: [...]}")
    for name in document:
        if name not in DOCUMENT:
            raise ProblemAt(place((name,))[0], f"unknown key '{name}'; known are {', '.join(DOCUMENT)}")
    version = document.get("version", VERSION)
    if version != VERSION:
        message = f"version {version} of the format is newer than this dewstack, which knows {VERSION}"
        raise ProblemAt(place(("version",))[0], message)
    users, groups = document.get("users", []), document.get("groups", [])
    for name, value in (("users", users), ("groups", groups)):
        if not isinstance(value, list):
            raise ProblemAt(place((name,))[0], f"'{name}' has to be a list")
    return users, groups


def _source_id(document: Mapping[str, Any]) -> str:
    return str(mapping(document.get("pool")).get("id") or "")


def _file_places(text: str, start: Position) -> Place:
    """Finds places in a file, which is read once more for that: only one with mistakes needs it."""
    parsed: list[Node] = []

    def place(path: KeyPath) -> tuple[Position, str]:
        if not parsed:
            try:
                parsed.append(parse_yaml(text, start.file))
            except ProblemAt:
                parsed.append(Node(None, start))
        return locate(parsed[0], path, about_key=False), key_name(path)

    return place


def build_users(
    reading: Reading, custom: Mapping[str, Any]
) -> tuple[tuple[UserSource, ...], tuple[Path, ...]]:
    """The users of the map, and the files that they are in."""
    section = mapping(custom.get("dew")).get("users")
    if section is None:
        return (), ()
    entries = section if isinstance(section, list) else [section]
    sources: list[UserSource] = []
    files: list[Path] = []
    inline: dict[str | None, list[tuple[KeyPath, dict[str, Any]]]] = {}
    for index, entry in enumerate(entries):
        path: KeyPath = (*SECTION, index) if isinstance(section, list) else SECTION
        if isinstance(entry, str):
            entry = {"file": entry}
        if not isinstance(entry, dict):
            reading.problem(path, "expected a user with a username, or the name of a file")
            continue
        pool = entry.get("pool")
        if pool is not None and not isinstance(pool, str):
            reading.problem((*path, "pool"), "expected a user pool's logical id")
        elif "file" in entry:
            files += _add_file(reading, path, entry, sources)
        else:
            user = {name: value for name, value in entry.items() if name != "pool"}
            inline.setdefault(pool, []).append((path, user))
    sources += [_inline(reading, pool, users) for pool, users in inline.items()]
    return tuple(sources), tuple(files)


def _add_file(
    reading: Reading, path: KeyPath, entry: Mapping[str, Any], sources: list[UserSource]
) -> list[Path]:
    name = entry["file"]
    for key in entry:
        if key not in ("file", "pool"):
            reading.problem((*path, key), "unknown key; beside 'file' there may be 'pool'")
    if not isinstance(name, str) or not name:
        reading.problem((*path, "file"), "expected the name of a file")
        return []
    file = (reading.directory / name).resolve()
    try:
        at = locate(reading.root, (*path, "file") if _has(reading.root, (*path, "file")) else path)
        sources.append(read_user_file(file, os.path.normpath(name), at, entry.get("pool")))
    except ProblemAt as problem:
        reading.report.add(problem.position, path, problem.message)
    return [file]


def _has(root: Node, path: KeyPath) -> bool:
    node = root
    for part in path:
        if isinstance(part, int):
            items = node.value if isinstance(node.value, list) else []
            node = items[part] if part < len(items) else NOTHING
        else:
            node = node.mapping().get(part, NOTHING)
    return node is not NOTHING


def _inline(reading: Reading, pool: str | None, users: list[tuple[KeyPath, dict[str, Any]]]) -> UserSource:
    paths = [path for path, _ in users]

    def place(path: KeyPath) -> tuple[Position, str]:
        _, index, *rest = path
        whole = (*paths[int(index)], *rest)
        return locate(reading.root, whole), key_name(whole)

    at = locate(reading.root, paths[0])
    return UserSource(at.file, at, place, [user for _, user in users], [], pool=pool)
