"""What is saved below a directory, as far as it may be code."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path

IGNORED = frozenset(
    ".git .hg .svn .dew .serverless .venv venv .tox .nox node_modules __pycache__ .mypy_cache"
    " .pytest_cache .ruff_cache .idea .vscode dist build".split()
)
CODE_SUFFIXES = frozenset(
    ".py .js .mjs .cjs .jsx .ts .mts .cts .tsx .json .yml .yaml .toml .ini .cfg .env .html .j2 .jinja .css .sql"
    " .graphql .xml .csv .txt .md .pem .so .zip .jar .whl".split(" ")
)
"""What functions are started anew for. A log or a database that is written beside the code is none of it."""
STEP_MS, DEBOUNCE_MS = 15, 150
"""How long the disk must be quiet before a change is acted on, and how long at most."""


def _watched(root: Path, ignored: Collection[str]) -> list[Path]:
    """The folders below `root` whose files may be code; what tools keep there is not."""
    return [path for path in root.iterdir() if path.is_dir() and path.name not in ignored]


def _is_code(path: Path, root: Path, ignored: frozenset[str]) -> bool:
    """Whether a function or the map may be made of this file, which is not what we ourselves print to."""
    if path.suffix not in CODE_SUFFIXES and not path.name.startswith(".env"):
        return False
    if path.is_relative_to(root) and ignored & set(path.relative_to(root).parts):
        return False
    try:
        return not os.path.samestat(path.stat(), os.fstat(1))
    except OSError:  # deleted, or we print to nowhere
        return True


async def saves(
    root: Path,
    code_folders: Collection[str] = (),
    beside: Callable[[], list[Path]] = list,
) -> AsyncIterator[set[str]]:
    """Real paths that changed below `root`, in bunches. The root itself is watched flat, its folders whole, so
    that a large node_modules costs nothing. `code_folders` hold code whatever they are called; folders `beside` the
    root are watched flat too. An empty bunch comes first, and after a folder was made or removed: from then on nothing
    is missed, but something may have been before."""
    from watchfiles import awatch

    ignored = IGNORED.difference(code_folders)
    queue: asyncio.Queue[set[str]] = asyncio.Queue(maxsize=100)

    async def follow(paths: list[Path], recursive: bool) -> None:
        watcher = awatch(
            *paths,
            recursive=recursive,
            watch_filter=None,
            step=STEP_MS,
            debounce=DEBOUNCE_MS,
            rust_timeout=1000,
        )
        async for changes in watcher:
            await queue.put(
                {os.path.realpath(path) for _, path in changes if _is_code(Path(path), root, ignored)}
            )

    while True:
        folders, others = _watched(root, ignored), beside()
        tasks = [asyncio.create_task(follow([root, *others], False))]
        if folders:
            tasks.append(asyncio.create_task(follow(folders, True)))
        try:
            await asyncio.sleep(0)  # the watchers begin
            yield set()
            while (_watched(root, ignored), beside()) == (folders, others):
                paths = await _next(queue, tasks)
                if paths:
                    yield paths
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _next(queue: asyncio.Queue[set[str]], tasks: list[asyncio.Task[None]]) -> set[str] | None:
    """The next bunch; raises what a watcher died of."""
    getter = asyncio.create_task(queue.get())
    try:
        await asyncio.wait([getter, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
        return getter.result() if getter.done() else None
    finally:
        getter.cancel()
