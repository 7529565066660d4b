"""Which packages a project requires: requirements.txt, or what uv, Poetry, Pipenv or pyproject.toml say.

Lock files are read as they are, so their tools need not be there. What they say is given in pip's words.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from dewstack.errors import UserError

_INCLUDE = re.compile(r"(-r|--requirement|-c|--constraint)[ =]*(\S+)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Required(Struct, frozen=True):
    """`lines` of a requirements file, and the file that they were read from."""

    file: Path
    lines: tuple[str, ...]


def read_required(directory: Path, name: str = "requirements.txt") -> Required | None:
    """What the project in `directory` requires, by the first file of these that it has; None without any.

    Raises UserError for one that can't be read.
    """
    for file, read in ((name, _plain), *_LOCKS):
        path = directory / file
        if not path.is_file():
            continue
        try:
            lines = read(path)
        except OSError as error:
            raise UserError(
                f"{path} can't be read: {error.strerror}", hint="is it a file of yours?"
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{path} can't be understood: {error}", hint="lock it anew, or write requirements.txt"
            ) from error
        if lines is not None:
            return Required(path, tuple(lines))
    for file, command in (("Pipfile", "pipenv lock"), ("pyproject.toml", "poetry lock")):
        path = directory / file
        if path.is_file() and (file == "Pipfile" or "[tool.poetry.dependencies]" in path.read_text()):
            raise UserError(f"{path} isn't locked", hint=f"run '{command}', or write requirements.txt")
    return None


def name_of(line: str) -> str:
    """The package that a line names, in canonical spelling; empty where it names none."""
    found = _NAME.match(line)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def _plain(path: Path, seen: frozenset[Path] = frozenset()) -> list[str]:
    """The lines of a requirements file, included files in their place, other paths absolute."""
    path = path.resolve()
    if path in seen:
        return []
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        text = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
        included = _INCLUDE.match(text)
        if included and included[1] in ("-r", "--requirement"):
            lines += _plain(path.parent / included[2], seen | {path})
        elif included:
            lines.append(f"-c {(path.parent / included[2]).resolve()}")
        elif text.startswith("."):
            lines.append(str((path.parent / text).resolve()))
        elif text:
            lines.append(text)
    return lines


def _uv(path: Path) -> list[str]:
    """uv.lock: what the project itself depends on, and all that this needs in turn; no groups, no extras of its own."""
    packages: dict[str, Mapping[str, Any]] = {}
    roots = []
    for package in tomllib.loads(path.read_text(encoding="utf-8"))["package"]:
        packages.setdefault(package["name"], package)
        if {"virtual", "editable"} & package.get("source", {}).keys():
            roots.append(package)
    wanted: dict[str, str] = {}
    waiting = [dependency for root in roots for dependency in root.get("dependencies", ())]
    while waiting:
        dependency = waiting.pop()
        name = dependency["name"]
        package = packages[name]
        if name in wanted or "version" not in package:
            continue
        marker = dependency.get("marker")
        wanted[name] = f"{name}=={package['version']}" + (f" ; {marker}" if marker else "")
        waiting += package.get("dependencies", ())
        for extra in dependency.get("extra", ()):
            waiting += package.get("optional-dependencies", {}).get(extra, ())
    return sorted(wanted.values())


def _poetry(path: Path) -> list[str]:
    """poetry.lock: the packages of the main group."""
    locked = tomllib.loads(path.read_text(encoding="utf-8"))
    lines = []
    for package in locked["package"]:
        if package.get("optional") or "main" not in package.get("groups", ["main"]):
            continue
        marker = package.get("markers")
        marker = marker.get("main") if isinstance(marker, dict) else marker
        lines.append(f"{package['name']}=={package['version']}" + (f" ; {marker}" if marker else ""))
    return lines


def _pipenv(path: Path) -> list[str]:
    """Pipfile.lock: the default packages."""
    default: Mapping[str, Mapping[str, Any]] = json.loads(path.read_bytes())["default"]
    return [
        f"{name}{package.get('version', '')}" + (f" ; {package['markers']}" if package.get("markers") else "")
        for name, package in default.items()
    ]


def _project(path: Path) -> list[str] | None:
    """pyproject.toml: `project.dependencies`, which no lock pins."""
    dependencies: Iterable[str] | None = (
        tomllib.loads(path.read_text(encoding="utf-8")).get("project", {}).get("dependencies")
    )
    return None if dependencies is None else list(dependencies)


_LOCKS: tuple[tuple[str, Callable[[Path], list[str] | None]], ...] = (
    ("uv.lock", _uv),
    ("poetry.lock", _poetry),
    ("Pipfile.lock", _pipenv),
    ("pyproject.toml", _project),
)
