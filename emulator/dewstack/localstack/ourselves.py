"""What dewstack is made of, for environments and images of LocalStack's: in a checkout what its pyproject.toml says,
which may be newer than what was installed from it."""

import tomllib
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path

from msgspec import Struct

PACKAGE = Path(__file__).parents[1]


class Ourselves(Struct, frozen=True):
    """A version of dewstack: where pip gets it, what it needs, and its entry points by group and name."""

    version: str
    source: str
    checkout: bool
    requirements: tuple[str, ...]
    entry_points: Mapping[str, Mapping[str, str]]


def ourselves() -> Ourselves:
    """The one that runs."""
    root = PACKAGE.parents[1]
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    except (OSError, KeyError, tomllib.TOMLDecodeError):
        return _installed()
    groups = {**project["entry-points"], "console_scripts": project["scripts"]}
    return Ourselves(project["version"], str(root), True, tuple(project["dependencies"]), groups)


def _installed() -> Ourselves:
    package = distribution("dewstack")
    needed = tuple(each for each in package.requires or () if "extra ==" not in each)
    groups: dict[str, dict[str, str]] = {}
    for point in package.entry_points:
        groups.setdefault(point.group, {})[point.name] = point.value
    return Ourselves(package.version, f"dewstack=={package.version}", False, needed, groups)
