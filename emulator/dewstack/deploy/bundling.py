"""Bundles of a map's TypeScript and JavaScript functions, made by esbuild and kept in step with their sources.

Each lies in `.dew/build/<function>/`, inside the project, so that what is left out of it is found in the project's
node_modules. AWS's runtime brings the AWS SDK along: it is left out too, which makes a bundle in 10 ms instead of 400.
"""

import contextlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from dewstack.deploy.bundle_options import SDK_V2, SDK_V3, BundleOptions, bundle_options
from dewstack.deploy.bundle_plan import Bundle, is_module_package, node_major, plan_bundles
from dewstack.deploy.esbuild import BuildFailure, Esbuild, find_esbuild
from dewstack.deploy.globs import select_assets
from dewstack.errors import UserError
from dewstack.service import Service

BUILD_DIRECTORY = Path(".dew/build")
TOGETHER = 4
"""How many bundles are made at a time when one of them is wrong and each is made by itself."""
_SETTINGS = ("package.json", "tsconfig.json", "jsconfig.json")


class Bundled(Struct, frozen=True):
    """What came of making bundles."""

    directories: Mapping[str, Path] = field(default_factory=dict)
    """Where each bundled function's code is, by the function's key."""
    changed: frozenset[str] = frozenset()
    """Real paths of bundles and of what lies beside them that differ from before."""
    failures: tuple[BuildFailure, ...] = ()


class Bundler:
    """The bundles of one map. `notice` is told what the map's bundler would do and esbuild here doesn't."""

    def __init__(self, notice: Callable[[str], None]) -> None:
        self._notice = notice
        self._noticed: set[str] = set()
        self._service: Service | None = None
        self._esbuild: Esbuild | None = None
        self._bundles: tuple[Bundle, ...] = ()
        self._options: BundleOptions | None = None
        self._inputs: dict[Bundle, frozenset[str]] = {}
        self._failed: set[Bundle] = set()
        self._read_at: dict[Bundle, float] = {}

    @property
    def _root(self) -> str:
        return os.path.realpath(self._service.directory) if self._service else ""

    def build(self, service: Service) -> Bundled:
        """Make every bundle of the map. One with a mistake is replaced by a file that throws it. Raises UserError
        when there is no esbuild."""
        self._service = service
        self._options = bundle_options(service, module_package=is_module_package(service.directory))
        self._bundles = () if self._options.skip else plan_bundles(service)
        self._inputs.clear()
        self._failed.clear()
        if not self._bundles:
            return Bundled()
        self._esbuild = self._esbuild or find_esbuild(service.directory)
        for name in self._options.not_understood:
            self._say(f"the esbuild option '{name}' isn't used here; what it changes in bundles is missing")
        if _wants_decorator_metadata(service.directory):
            self._say("tsconfig.json asks for emitDecoratorMetadata, which esbuild doesn't make")
        self._drop_others()
        return self._make(self._bundles)

    def changed_since(self) -> set[str]:
        """The sources (real paths) that were saved since they were read, without anybody having said so."""
        own = {bundle: os.path.join(self._root, bundle.source) for bundle in self._bundles}
        found = set()
        for bundle, source in own.items():
            for path in self._inputs.get(bundle, frozenset()) | {source}:
                with contextlib.suppress(OSError):
                    if os.stat(path).st_mtime > self._read_at.get(bundle, 0.0):
                        found.add(path)
        return found

    def changed(self, paths: Iterable[str]) -> Bundled:
        """Make anew what is made of these files (real paths). A bundle with a mistake is tried at every change."""
        saved = set(paths)
        if not self._bundles or not saved:
            return Bundled()
        everything = any(
            os.path.basename(path) in _SETTINGS or os.path.basename(path).startswith("tsconfig.")
            for path in saved
        )
        affected = [
            bundle
            for bundle in self._bundles
            if everything or bundle in self._failed or self._inputs.get(bundle, frozenset()) & saved
        ]
        return self._make(affected) if affected else Bundled()

    def folders_beside(self) -> list[Path]:
        """The folders outside of the map's directory that bundles' sources lie in, installed modules aside."""
        if self._service is None:
            return []
        own = self._root + os.sep
        sources = {path for inputs in self._inputs.values() for path in inputs if not path.startswith(own)}
        folders = {os.path.dirname(path) for path in sources if f"{os.sep}node_modules{os.sep}" not in path}
        return [Path(folder) for folder in sorted(folders) if os.path.isdir(folder)]

    def _make(self, bundles: Sequence[Bundle]) -> Bundled:
        assert self._service is not None
        directory = self._service.directory
        scratch = (
            directory / f"{BUILD_DIRECTORY}~{os.getpid()}"
        )  # as deep as where it goes: maps are relative
        try:
            failures = self._run_all(bundles, scratch)
            changed = {path for bundle in bundles for path in self._put(bundle, scratch)}
        except OSError as error:
            place = error.filename or directory / BUILD_DIRECTORY
            raise UserError(f"bundles can't be written: {place}: {error.strerror}") from error
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return Bundled(
            {
                key: directory / BUILD_DIRECTORY / bundle.folder
                for bundle in bundles
                for key in bundle.functions
            },
            frozenset(changed),
            failures,
        )

    def _run_all(self, bundles: Sequence[Bundle], scratch: Path) -> tuple[BuildFailure, ...]:
        """Make all in one go; when something is wrong, each by itself, so that only those suffer whose it is."""
        self._failed.difference_update(bundles)
        self._read_at.update(dict.fromkeys(bundles, time.time()))
        try:
            self._run(bundles, scratch)
            return ()
        except BuildFailure as failure:
            if len(bundles) == 1:
                self._fail(bundles[0], failure, scratch)
                return (failure,)
        with ThreadPoolExecutor(TOGETHER) as executor:
            each = list(executor.map(lambda bundle: self._run_all([bundle], scratch), bundles))
        failures = {failure.text: failure for found in each for failure in found}
        return tuple(failures.values())

    def _run(self, bundles: Sequence[Bundle], scratch: Path) -> None:
        assert self._service is not None and self._options is not None and self._esbuild is not None
        options, directory = self._options, self._service.directory
        arguments = options.arguments(
            (f"{bundle.folder}/{bundle.stem}=./{bundle.source}" for bundle in bundles),
            scratch,
            self._ending,
            node_major(self._service, self._bundles),
            (*options.external, *options.exclude, *SDK_V3, *SDK_V2),
        )
        arguments += ["--sourcemap=linked", "--sources-content=false"]
        meta = self._esbuild.run(directory, arguments)
        outputs = {os.path.realpath(directory / path): made for path, made in meta["outputs"].items()}
        for bundle in bundles:
            made = outputs[os.path.realpath(scratch / bundle.folder / f"{bundle.stem}{self._ending}")]
            self._inputs[bundle] = frozenset(os.path.realpath(directory / path) for path in made["inputs"])
            self._remark_missing(made["imports"], directory)

    @property
    def _ending(self) -> str:
        """Node.js goes by it, whatever the project's package.json says."""
        return ".mjs" if self._options and self._options.esm else ".cjs"

    def _remark_missing(self, imports: Iterable[Mapping[str, Any]], directory: Path) -> None:
        """Say which parts of the AWS SDK the project has to bring along, because this machine has no AWS runtime."""
        for each in imports:
            name = "/".join(str(each["path"]).split("/")[:2])
            if name.startswith(("@aws-sdk/", "@smithy/")) and not _installed(directory, name):
                self._say(
                    f"AWS's runtime brings {name} along, this project doesn't: npm install --save-dev {name}"
                )

    def _fail(self, bundle: Bundle, failure: BuildFailure, scratch: Path) -> None:
        """Put a file in the bundle's place that throws the mistake, as Lambda would answer it."""
        self._failed.add(bundle)
        target = scratch / bundle.folder / f"{bundle.stem}{self._ending}"
        target.parent.mkdir(parents=True, exist_ok=True)
        kind = "Error" if failure.unresolved else "SyntaxError"
        code = "MODULE_NOT_FOUND" if failure.unresolved else "ERR_ESBUILD"
        target.write_text(
            f"throw Object.assign(new {kind}({json.dumps(failure.summary)}),"
            f" {{ code: {json.dumps(code)}, stack: {json.dumps(f'{kind}: {failure.text}')} }});\n",
            encoding="utf-8",
        )

    def _put(self, bundle: Bundle, scratch: Path) -> list[str]:
        """Move what was made to where the function finds it, file by file; those that differ from before."""
        assert self._service is not None
        directory = self._service.directory
        made, target = scratch / bundle.folder, directory / BUILD_DIRECTORY / bundle.folder
        files = [path.relative_to(made) for path in made.rglob("*") if path.is_file()]
        assets = {Path(name): directory / name for name in select_assets(directory, bundle.patterns)}
        linked = self._inputs.get(bundle, frozenset())
        self._inputs[bundle] = linked | {os.path.realpath(path) for path in assets.values()}
        moved = [name for name in files if _move(made / name, target / name)]
        links = [name for name, path in assets.items() if name not in files and _link(target / name, path)]
        _leave_only({*files, *assets}, target)
        real = Path(os.path.realpath(target))
        return [str(real / name) for name in (*moved, *links)]

    def _drop_others(self) -> None:
        """Remove what functions left behind that are no more."""
        assert self._service is not None
        build = self._service.directory / BUILD_DIRECTORY
        folders = {bundle.folder for bundle in self._bundles}
        for path in build.iterdir() if build.is_dir() else ():
            if path.name not in folders:
                shutil.rmtree(path, ignore_errors=True)

    def _say(self, text: str) -> None:
        if text not in self._noticed:
            self._noticed.add(text)
            self._notice(text)


def _wants_decorator_metadata(directory: Path) -> bool:
    try:
        text = (directory / "tsconfig.json").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return re.search(r'^[^/\n]*"emitDecoratorMetadata"\s*:\s*true', text, re.M) is not None


def _move(source: Path, place: Path) -> bool:
    """Put a file in its place in one go; whether it differs from the one before."""
    if not place.is_symlink() and place.is_file() and place.read_bytes() == source.read_bytes():
        return False
    place.parent.mkdir(parents=True, exist_ok=True)
    os.replace(source, place)
    return True


def _leave_only(names: set[Path], directory: Path) -> None:
    """Remove other files of `directory`."""
    for place in directory.rglob("*"):
        if (place.is_symlink() or place.is_file()) and place.relative_to(directory) not in names:
            place.unlink()


def _link(place: Path, source: Path) -> bool:
    """Let `place` lead to `source`; whether it didn't before."""
    if place.is_symlink() and os.readlink(place) == str(source):
        return False
    if place.is_symlink() or place.exists():
        place.unlink()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(source)
    return True


def _installed(directory: Path, package: str) -> bool:
    return any((folder / "node_modules" / package).is_dir() for folder in (directory, *directory.parents))
