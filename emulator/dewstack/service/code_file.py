"""`${file(settings.js)}`: a file of the map that is a program. Node.js runs it, as the Framework would.

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

from .problems import Position, ProblemAt

CODE_SECONDS = 15.0
"""How long such a file may take, all it asks for included."""
ANSWER_LIMIT = 10_000_000
"""Bytes a file may answer with."""

_RUNNER = """
const fs = require('fs'), readline = require('readline'), url = require('url');
const [file, keys, options, up, down] = JSON.parse(process.argv[1]);
const send = (message) => fs.writeSync(up, JSON.stringify(message) + '\\n');
const waiting = [];
readline.createInterface({ input: fs.createReadStream(null, { fd: down }) }).on('line', (line) => {
  const { value, error } = JSON.parse(line), { resolve, reject } = waiting.shift();
  error === undefined ? resolve(value) : reject(new Error(error));
});
const ask = (message) => new Promise((resolve, reject) => { waiting.push({ resolve, reject }); send(message); });
const say = (...words) => console.error(...words);
const context = {
  options,
  resolveVariable: (text) => ask({ variable: text }),
  resolveConfigurationProperty: (path) => ask({ property: path }),
  cli: { log: say, consoleLog: say },
};
const load = async () => {
  const unwrapped = (found) =>
    found && found[Symbol.toStringTag] === 'Module' && 'default' in found ? found.default : found;
  try { return unwrapped(require(file)); } catch (error) {
    if (error.code !== 'ERR_REQUIRE_ESM') throw error;
    return unwrapped(await import(url.pathToFileURL(file)));
  }
};
const main = async () => {
  let called = false;
  const call = async (value) => {
    if (typeof value !== 'function' || called) return await value;
    called = true;
    return await value(context);
  };
  let value = await call(await load());
  for (const key of keys) {
    if (value === null || value === undefined) break;
    value = await call(value[key]);
  }
  send({ result: value === undefined ? null : value });
};
main().then(() => process.exit(0), (error) => {
  send({ error: String((error && error.stack) || error).split('\\n').slice(0, 3).join('; ') });
  process.exit(0);
});
"""

Answer = Callable[[dict[str, Any]], dict[str, Any]]
"""Answers what the file asks: `{"variable": text}` or `{"property": path}` gives `{"value"}` or `{"error"}`."""


def run_code_file(
    path: Path, keys: list[str], options: Mapping[str, str], environ: Mapping[str, str], answer: Answer
) -> Any:
    """What the file exports at `keys`, functions called and promises awaited. Raises ProblemAt without a place
    when there is no Node.js, the file fails, or it takes longer than CODE_SECONDS."""
    node = shutil.which("node", path=environ.get("PATH")) or shutil.which("node")
    if node is None:
        raise _failure("is a program, and Node.js isn't on the PATH to run it")
    with ExitStack() as open_things:
        up, up_end = _pipe(open_things)
        down_end, down = _pipe(open_things)
        ends = (up_end.fileno(), down_end.fileno())
        told = msgspec.json.encode([str(path), keys, dict(options), *ends]).decode()
        try:
            process = subprocess.Popen(
                [node, "-e", _RUNNER, told],
                cwd=path.parent,
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
            return _talk(up.fileno(), down.fileno(), answer)
        except BrokenPipeError:
            raise _failure("ended before it gave a value") from None


def _pipe(open_things: ExitStack) -> tuple[FileIO, FileIO]:
    """A pipe's reading and writing end."""
    reading, writing = os.pipe()
    return (
        open_things.enter_context(FileIO(reading, "rb")),
        open_things.enter_context(FileIO(writing, "wb")),
    )


def _talk(up: int, down: int, answer: Answer) -> Any:
    deadline = time.monotonic() + CODE_SECONDS
    pending = b""
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([up], [], [], left)[0]:
            raise _failure(f"isn't done after {CODE_SECONDS:.0f} s")
        chunk = os.read(up, 65536)
        if not chunk:
            raise _failure("ended before it gave a value")
        pending += chunk
        if len(pending) > ANSWER_LIMIT:
            raise _failure(f"answers more than {ANSWER_LIMIT:,} bytes")
        *lines, pending = pending.split(b"\n")
        for line in lines:
            message = msgspec.json.decode(line)
            if "result" in message:
                return message["result"]
            if "error" in message:
                raise _failure(f"fails: {message['error']}")
            os.write(down, msgspec.json.encode(answer(message)) + b"\n")


def _failure(message: str) -> ProblemAt:
    return ProblemAt(Position("", 0, 0), message)
