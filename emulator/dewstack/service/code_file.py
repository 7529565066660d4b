"""`${file(settings.js)}`, `serverless.ts`: a file of the map that is a program. Node.js runs it, as the Framework
would; TypeScript by way of esbuild.

It is the user's own code, named by the map as handlers are. It runs in a process of its own for a bounded time, and
talks over two pipes, so that what it prints can't be taken for its result.
"""

import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from .problems import Position, ProblemAt

CODE_SECONDS = 15.0
"""How long such a file may take, all it asks for included."""
ANSWER_LIMIT = 10_000_000
"""Bytes a file may answer with."""

_RUNNER = Path(__file__).with_suffix(".cjs")

Answer = Callable[[dict[str, Any]], dict[str, Any]]
"""Answers what the file asks: `{"variable": text}` or `{"property": path}` gives `{"value"}` or `{"error"}`."""


class Ran(Struct, frozen=True):
    """What a file exports, and the project's own files that it is made of."""

    value: Any
    files: tuple[Path, ...]


def run_code_file(
    path: Path,
    keys: list[str],
    project: Path,
    options: Mapping[str, str],
    environ: Mapping[str, str],
    answer: Answer,
) -> Ran:
    """What the file exports at `keys`, functions called and promises awaited. Raises ProblemAt without a place
    when there is no Node.js, the file fails, or it takes longer than CODE_SECONDS; UserError when TypeScript needs
    an esbuild that can't be had."""
    node = shutil.which("node", path=environ.get("PATH")) or shutil.which("node")
    if node is None:
        raise _failure("is a program, and Node.js isn't on the PATH to run it")
    with ExitStack() as open_things:
        up, up_end = _pipe(open_things)
        down_end, down = _pipe(open_things)
        ends = (up_end.fileno(), down_end.fileno())
        told: dict[str, Any] = {
            "file": str(path),
            "keys": keys,
            "options": dict(options),
            "esbuild": _esbuild(path, project),
        }
        told |= {"up": ends[0], "down": ends[1]}
        try:
            process = subprocess.Popen(
                [node, str(_RUNNER), msgspec.json.encode(told).decode()],
                cwd=project,
                env={"PATH": os.environ.get("PATH", os.defpath), **environ},
                stdin=subprocess.DEVNULL,
                stdout=2,
                pass_fds=ends,
                start_new_session=True,
            )
        except OSError as error:
            raise _failure(f"can't be run by {node}: {error.strerror}") from None
        open_things.callback(process.wait)
        open_things.callback(process.kill)
        up_end.close()
        try:
            said = _talk(up.fileno(), down.fileno(), answer)
        except BrokenPipeError:
            raise _failure("ended before it gave a value") from None
    files = [Path(name) for name in said.get("files", ()) if "node_modules" not in name]
    return Ran(said["result"], tuple(file for file in files if file.is_relative_to(project) and file != path))


def _esbuild(path: Path, project: Path) -> str:
    """The program that makes JavaScript of the file, or nothing where none is needed."""
    if path.suffix not in (".ts", ".mts", ".cts"):
        return ""
    from dewstack.deploy.esbuild import find_esbuild

    return find_esbuild(project).program


def _pipe(open_things: ExitStack) -> tuple[FileIO, FileIO]:
    """A pipe's reading and writing end."""
    reading, writing = os.pipe()
    return (
        open_things.enter_context(FileIO(reading, "rb")),
        open_things.enter_context(FileIO(writing, "wb")),
    )


def _talk(up: int, down: int, answer: Answer) -> dict[str, Any]:
    deadline = time.monotonic() + CODE_SECONDS
    pending = b""
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([up], [], [], left)[0]:
            raise _late()
        chunk = os.read(up, 65536)
        if not chunk:
            raise _failure("ended before it gave a value")
        pending += chunk
        if len(pending) > ANSWER_LIMIT:
            raise _failure(f"answers more than {ANSWER_LIMIT:,} bytes")
        *lines, pending = pending.split(b"\n")
        for line in lines:
            message: dict[str, Any] = msgspec.json.decode(line)
            if "result" in message:
                return message
            if "error" in message:
                raise _failure(f"fails: {message['error']}")
            _tell(down, msgspec.json.encode(answer(message)) + b"\n", deadline)


def _tell(down: int, said: bytes, deadline: float) -> None:
    """Write all of it. Raises ProblemAt when the file doesn't listen."""
    os.set_blocking(down, False)
    while said:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([], [down], [], left)[1]:
            raise _late()
        said = said[os.write(down, said) :]


def _late() -> ProblemAt:
    return _failure(f"isn't done after {CODE_SECONDS:.0f} s")


def _failure(message: str) -> ProblemAt:
    return ProblemAt(Position("", 0, 0), message)
