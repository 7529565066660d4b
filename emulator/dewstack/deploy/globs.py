"""`package.patterns`: globs in the Serverless Framework's order, the last one that matches decides.

As in micromatch with `dot: true`: `*` stays within a folder, `**` does not, `{a,b}` is either, `!` excludes.
"""

import os
import re
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

from dewstack.errors import UserError

DEFAULT_EXCLUDES = (
    ".git/**",
    ".gitignore",
    ".DS_Store",
    "npm-debug.log",
    "yarn-*.log",
    ".serverless/**",
    ".serverless_plugins/**",
    ".dew/**",
    ".venv/**",
    ".env*",
    "**/__pycache__/**",
    "**/*.pyc",
)
"""The Framework's own, then what this kit and Python leave in a directory. `.env*` may hold secrets."""

_TOKEN = re.compile(r"\*\*/|/\*\*$|\*\*|\*|\?|\[!?[^]]+\]|\{|\}|,|.", re.DOTALL)


def compile_glob(pattern: str) -> re.Pattern[str]:
    """A glob as a regular expression for a whole relative path with `/`. Raises UserError for a broken one."""
    translated, depth = "", 0
    for token in _TOKEN.findall(pattern.removeprefix("./")):
        if token == "{":
            depth += 1
            translated += "(?:"
        elif token == "}" and depth:
            depth -= 1
            translated += ")"
        elif token == "," and depth:
            translated += "|"
        elif token.startswith("[") and len(token) > 1:
            translated += "[^" + token[2:] if token.startswith("[!") else token
        else:
            translated += _FIXED.get(token, re.escape(token))
    if depth:
        raise UserError(f"package.patterns: {pattern!r} has an unclosed brace")
    return re.compile(translated)


_FIXED = {"**/": "(?:.*/)?", "/**": "(?:/.*)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def select(files: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """The files that are left after all patterns, in order of their names. Everything is in at first."""
    rules = [(not each.startswith("!"), compile_glob(each.removeprefix("!"))) for each in patterns]
    chosen = []
    for file in sorted(files):
        included = True
        for includes, glob in rules:
            if includes is not included and glob.fullmatch(file):
                included = includes
        if included:
            chosen.append(file)
    return chosen


def select_assets(directory: Path, patterns: Iterable[str]) -> list[str]:
    """The files that patterns put beside a bundle, of which nothing else is packed: nothing is in at first.

    Only folders that a pattern names from their beginning are looked into, or all but `node_modules`.
    """
    wanted = [each.removeprefix("./") for each in patterns if not each.startswith(("../", "/"))]
    found: set[str] = set()
    for start in {_fixed_folder(each) for each in wanted if not each.startswith("!")}:
        if not (directory / start).is_dir():
            continue
        prefix = f"{start}/" if start else ""
        found.update(f"{prefix}{name}" for name in walk(directory / start, skip=_NOT_ASSETS))
    return select(found, ["!**", *wanted])


_NOT_ASSETS = ("node_modules", ".git", ".dew", ".serverless", ".venv", ".esbuild")


def _fixed_folder(pattern: str) -> str:
    """The folder that a pattern's files are in, as far as it is named without a wildcard."""
    parts = pattern.split("/")[:-1]
    fixed = next((i for i, part in enumerate(parts) if re.search(r"[*?{\[]", part)), len(parts))
    return "/".join(parts[:fixed])


def walk(directory: Path, *, skip: Container[str] = ()) -> Iterator[str]:
    """Every file below `directory`, links followed once, as relative paths with `/`.

    Folders of `directory` itself that are in `skip` are not looked into.
    """
    seen: set[str] = set()
    for folder, folders, files in os.walk(directory, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        relative = os.path.relpath(folder, directory).replace(os.sep, "/")
        prefix = "" if relative == "." else f"{relative}/"
        if not prefix:
            folders[:] = [name for name in folders if name not in skip]
        yield from (f"{prefix}{name}" for name in files)
