"""Which functions are bundled, and from which files: those in TypeScript, and all JavaScript where the map says so."""

import json
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from dewstack.deploy.package import package_patterns
from dewstack.service import FunctionSpec, Service

TYPESCRIPT = (".ts", ".tsx", ".mts", ".cts", ".jsx")
"""What Node.js doesn't run by itself; JSX is none, and is made the same way."""
JAVASCRIPT = (".js", ".mjs", ".cjs")
_FORM = re.compile(r"([^.]*)\.(.*)")


class Bundle(Struct, frozen=True):
    """One file that esbuild makes."""

    folder: str
    """Where its functions find it: the key of the first of them, below the build directory."""
    source: str
    """The handler's file, relative to the map's directory."""
    stem: str
    """Its path in the folder, without an ending: what the handler says."""
    functions: tuple[str, ...]
    patterns: tuple[str, ...]
    """`package.patterns`: what travels beside it."""


def plan_bundles(service: Service) -> tuple[Bundle, ...]:
    """The bundles of a map. Functions with the same file and patterns share one."""
    groups: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for key, function in service.functions.items():
        source = _source_of(service, function)
        if source is not None:
            own = _mapping(function.settings.get("package"))
            patterns = (*package_patterns(service.package), *package_patterns(own))
            groups.setdefault((*source, patterns), []).append(key)
    return tuple(
        Bundle(keys[0], source, stem, tuple(keys), patterns)
        for (source, stem, patterns), keys in groups.items()
    )


def node_major(service: Service, bundles: tuple[Bundle, ...]) -> int:
    """The oldest Node.js that the bundles' functions run under."""
    runtimes = [service.functions[key].runtime for bundle in bundles for key in bundle.functions]
    return min((int(match[0]) for each in runtimes if (match := re.findall(r"\d+", each))), default=20)


def is_module_package(directory: Path) -> bool:
    """Whether the package.json of the map's directory has `type: module`."""
    try:
        package = json.loads((directory / "package.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(package, dict) and package.get("type") == "module"


def _source_of(service: Service, function: FunctionSpec) -> tuple[str, str] | None:
    """The file and the stem of a function that is to be bundled."""
    folder, name = posixpath.split(posixpath.normpath(function.handler or ""))
    match = _FORM.fullmatch(name)
    if match is None or folder.startswith(("..", "/")) or not _may_be_bundled(service, function):
        return None
    stem = posixpath.join(folder, match[1])
    for base in (stem, f"{stem}/index"):
        for ending in _endings(service, function, stem):
            if (service.directory / f"{base}{ending}").is_file():
                return f"{base}{ending}", stem
    return None


def _may_be_bundled(service: Service, function: FunctionSpec) -> bool:
    build = function.settings.get("build")
    node = function.runtime.startswith("nodejs")
    return node and build in (None, "esbuild") and not _has_artifact(service, function.settings)


def _endings(service: Service, function: FunctionSpec, stem: str) -> tuple[str, ...]:
    """What a source may end with: of JavaScript only where the map bundles it."""
    if service.bundler or function.settings.get("build"):
        return (*TYPESCRIPT, *JAVASCRIPT)
    plain = any((service.directory / f"{stem}{ending}").is_file() for ending in JAVASCRIPT)
    return () if plain else TYPESCRIPT


def _has_artifact(service: Service, settings: Mapping[str, Any]) -> bool:
    own = _mapping(settings.get("package"))
    return bool(own.get("artifact") or (service.package.get("artifact") and not own.get("individually")))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
