"""Bundles for a package: what goes into the zips of functions that are bundled, gathered in `.serverless/build/`."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from msgspec import Struct

from dewstack.deploy.bundle_options import BundleOptions, bundle_options
from dewstack.deploy.bundle_plan import Bundle, is_module_package, node_major, plan_bundles
from dewstack.deploy.esbuild import BuildFailure, find_esbuild
from dewstack.deploy.globs import select_assets, walk
from dewstack.errors import UserError
from dewstack.service import Service

BUILD_FOLDER = "build"


class Gathered(Struct, frozen=True):
    """A function's package before it is packed: `files` lie in `directory`."""

    zip_name: str
    directory: Path
    files: tuple[str, ...]


def gather_bundles(service: Service, folder: Path) -> dict[str, Gathered]:
    """Bundle the functions of a map for its package, below `folder`; by function. Raises UserError with what
    esbuild refuses."""
    options = bundle_options(service, module_package=is_module_package(service.directory))
    bundles = () if options.skip else plan_bundles(service)
    build = folder / BUILD_FOLDER
    shutil.rmtree(build, ignore_errors=True)
    if not bundles:
        return {}
    if options.not_understood:
        names = ", ".join(options.not_understood)
        raise UserError(
            f"the esbuild options {names} aren't understood, and would change the package",
            hint="package with the Serverless Framework: npx osls package",
        )
    together = _packed_together(service, bundles)
    places = {bundle: build / (service.name if together else bundle.folder) for bundle in bundles}
    imports = _make(service, options, places)
    for bundle, place in places.items():
        links = {name: service.directory / name for name in select_assets(service.directory, bundle.patterns)}
        links |= _modules(service.directory, imports[bundle], options.exclude)
        for name, source in links.items():
            _link(place / name, source)
    files = {place: tuple(sorted(walk(place))) for place in set(places.values())}
    return {
        key: Gathered(f"{service.name if together else key}.zip", place, files[place])
        for bundle, place in places.items()
        for key in bundle.functions
    }


def _packed_together(service: Service, bundles: Sequence[Bundle]) -> bool:
    """Whether one zip serves all functions: nothing asks for more, and all of them are bundled."""
    functions = [function for function in service.functions.values() if function.handler]
    alone = [service.package, *(function.settings.get("package") or {} for function in functions)]
    if any(each.get("individually") for each in alone):
        return False
    return sum(len(bundle.functions) for bundle in bundles) == len(functions)


def _make(
    service: Service, options: BundleOptions, places: Mapping[Bundle, Path]
) -> dict[Bundle, tuple[str, ...]]:
    """Run esbuild; what each bundle imports from outside."""
    ending = options.ending or (".mjs" if options.esm else ".js")
    build = service.directory / os.path.commonpath([*map(str, places.values())])
    build = build if len(set(places.values())) > 1 else build.parent
    outputs = {bundle: place / f"{bundle.stem}{ending}" for bundle, place in places.items()}
    entries = {
        bundle: f"{(place / bundle.stem).relative_to(build).as_posix()}=./{bundle.source}"
        for bundle, place in places.items()
    }
    arguments = options.arguments(
        entries.values(),
        build,
        ending,
        node_major(service, tuple(places)),
        (*options.external, *options.exclude),
    )
    if options.sourcemap:
        kind = options.sourcemap if isinstance(options.sourcemap, str) else "linked"
        arguments.append(f"--sourcemap={kind}")
    try:
        meta = find_esbuild(service.directory).run(service.directory, arguments)
    except BuildFailure as failure:
        raise UserError(failure.text, hint="mend it, then package again") from failure
    made = {os.path.realpath(service.directory / path): each for path, each in meta["outputs"].items()}
    return {
        bundle: tuple(
            str(each["path"]) for each in made[os.path.realpath(path)]["imports"] if each.get("external")
        )
        for bundle, path in outputs.items()
    }


def _modules(directory: Path, imports: Iterable[str], exclude: Iterable[str]) -> dict[str, Path]:
    """The node modules that a bundle imports and the runtime doesn't have, with all that they need in turn."""
    found: dict[str, Path] = {}
    waiting: list[tuple[str, Path]] = [
        (_package_of(name), directory)
        for name in imports
        if not any(fnmatchcase(name, pattern) for pattern in exclude)
    ]
    while waiting:
        name, start = waiting.pop()
        place = next(_lookups(name, start), None)
        if place is None or f"node_modules/{name}" in found:
            continue  # one of Node.js itself, an optional one, or known
        if not place.is_relative_to(os.path.realpath(start)) or start == directory:
            found[f"node_modules/{name}"] = place
        waiting += [(dependency, place) for dependency in _dependencies(place)]
    return found


def _package_of(name: str) -> str:
    return "/".join(name.split("/")[: 2 if name.startswith("@") else 1])


def _lookups(name: str, start: Path) -> Iterator[Path]:
    real = Path(os.path.realpath(start))
    for folder in (real, *real.parents):
        place = folder / "node_modules" / name
        if place.is_dir():
            yield Path(os.path.realpath(place))


def _dependencies(package: Path) -> list[str]:
    try:
        described: dict[str, Any] = json.loads((package / "package.json").read_bytes())
    except (OSError, ValueError):
        return []
    return [*described.get("dependencies", ()), *described.get("optionalDependencies", ())]


def _link(place: Path, source: Path) -> None:
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(source)
