"""Packs code the way the Serverless Framework does, so that the same files always make the same zip."""

import base64
import hashlib
import json
import os
import stat
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from dewstack.deploy.globs import DEFAULT_EXCLUDES, select, walk
from dewstack.errors import UserError

PACKAGE_DIRECTORY = ".serverless"
CREATE_TEMPLATE = "cloudformation-template-create-stack.json"
UPDATE_TEMPLATE = "cloudformation-template-update-stack.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_LARGE = (".git", ".dew", ".venv")
"""Excluded by default and not even looked into, unless a pattern names them."""
MAX_UNZIPPED_BYTES = 262_144_000
"""Lambda's limit for a function's code with its layers."""


class Package(Struct, frozen=True):
    """A zip on disk."""

    path: Path
    sha256: str
    """Base64, as Lambda's `CodeSha256`."""
    size: int
    """Bytes."""
    files: tuple[str, ...]
    unzipped: int = 0
    """Bytes, unzipped."""


def package_files(directory: Path, patterns: Iterable[str] = (), excludes: Iterable[str] = ()) -> list[str]:
    """The files that belong into a package. Raises UserError when there are none.

    `excludes` are left out beside the default ones; `patterns` have the last word. Raises UserError also for a
    pattern that leads out of `directory`.
    """
    wanted = list(patterns)
    for pattern in wanted:
        if pattern.removeprefix("!").startswith(("../", "/")):
            raise UserError(f"package.patterns: {pattern!r} lies outside of {directory}")
    skip = {name for name in _LARGE if not any(pattern.startswith(name) for pattern in wanted)}
    rules = [f"!{each}" for each in (*DEFAULT_EXCLUDES, *excludes)]
    files = select(walk(directory, skip=skip), [*rules, *wanted])
    if not files:
        raise UserError(f"{directory}: no file is left to package", hint="see package.patterns in the map")
    return files


def package_patterns(package: Mapping[str, Any]) -> list[str]:
    """`patterns` of a `package` section, and the older `exclude` and `include` as patterns."""
    return [
        *(f"!{each}" for each in package.get("exclude") or ()),
        *(package.get("include") or ()),
        *(package.get("patterns") or ()),
    ]


def write_package(
    directory: Path, files: Iterable[str], target: Path, beside: Mapping[str, Path] | None = None
) -> Package:
    """Zip `files` of `directory` into `target`, and what is to lie `beside` them, by its name in the zip.

    Raises UserError for what cannot be read or written.
    """
    sources = {**(beside or {}), **{name: directory / name for name in files}}
    names = tuple(sorted(sources))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        total = 0
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for name in names:
                total += _add(archive, sources[name], name)
        os.replace(temporary, target)
        content = target.read_bytes()
    except OSError as error:
        raise UserError(f"cannot package {error.filename or target}: {error.strerror}") from error
    if total > MAX_UNZIPPED_BYTES:
        raise UserError(
            f"{target}: {total:,} bytes unzipped, Lambda takes {MAX_UNZIPPED_BYTES:,}",
            hint="leave files out with package.patterns",
        )
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return Package(target, digest, len(content), names, total)


def unzipped_size(path: Path) -> int:
    """Bytes in an archive that somebody else has made; 0 when it is none, which is for Lambda to say."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(entry.file_size for entry in archive.infolist())
    except (OSError, zipfile.BadZipFile):
        return 0


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> int:
    content = path.read_bytes()
    executable = path.stat().st_mode & stat.S_IXUSR
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = 3
    entry.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content, compresslevel=9)
    return len(content)


def write_templates(
    directory: Path, create: Mapping[str, Any], update: Mapping[str, Any]
) -> tuple[Path, Path]:
    """Write both templates to `.serverless/` below `directory`, named and laid out as the Framework does."""
    folder = directory / PACKAGE_DIRECTORY
    paths = (folder / CREATE_TEMPLATE, folder / UPDATE_TEMPLATE)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, template in zip(paths, (create, update), strict=True):
            path.write_text(json.dumps(template, indent=2, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {error.filename or folder}: {error.strerror}") from error
    return paths
