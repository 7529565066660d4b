"""A process that has been started ahead of need and waits for its function: `bootstraps/dew_spare.py` runs in it."""

import contextlib
import json
import os
import socket
import subprocess
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dewstack.lambda_.guard import Guard, kill_group, limit
from dewstack.lambda_.isolation import Isolation
from dewstack.lambda_.strays import VARIABLE

if TYPE_CHECKING:
    from dewstack.lambda_.model import Launch

END_SECONDS = 2.0
MOUNT_SECONDS = 2.0
MAX_LOOKED_AT = 200
"""How many files of a function's are searched for a library's name."""
MAX_BYTES = 1 << 20
NOT_CODE = {"__pycache__", "node_modules", "tests", "venv"}


class Spare:
    """One process, in a group of its own. It becomes an environment's by `assign`, or ends by `end`. Any thread's."""

    def __init__(
        self, command: tuple[str, ...], environ: Mapping[str, str], guard: Guard, isolation: Isolation
    ) -> None:
        """Start it. Raises OSError."""
        command = isolation.waiting(command)
        self.environ = environ
        self.token = environ[VARIABLE]
        self._guard = guard
        self._lock = threading.Lock()
        self._told = b""
        self._channel, theirs = socket.socketpair()
        self._mounter, mounters = socket.socketpair()
        try:
            process = subprocess.Popen(
                command,
                env={**environ, "_DEW_SPARE": str(theirs.fileno())},
                cwd="/",
                stdin=mounters.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except OSError:
            self._close()
            raise
        finally:
            theirs.close()
            mounters.close()
        self._channel.setblocking(False)
        self._process: subprocess.Popen[bytes] | None = process
        guard.add(process.pid)
        limit(process.pid)

    @property
    def alive(self) -> bool:
        """Whether it is there still, and nobody's."""
        process = self._process
        return process is not None and process.poll() is None

    def names(self) -> frozenset[str]:
        """Modules that a function must not bring itself, or else it needs a process of its own; none: not ready."""
        with self._lock, contextlib.suppress(OSError):
            while self._process is not None and (data := self._channel.recv(65536)):
                self._told += data
        return frozenset(json.loads(self._told)) if self._told.endswith(b"\n") else frozenset()

    def assign(
        self, launch: "Launch", environ: Mapping[str, str], output: int
    ) -> subprocess.Popen[bytes] | None:
        """Make it run a function, its output going to a file descriptor; None when it can't: it has ended then."""
        message = json.dumps({"environ": environ, "directory": launch.directory}).encode() + b"\n"
        with self._lock:
            process = self._process
            try:
                if process is not None and launch.view is not None:
                    self._mount(launch.view.table)
                if process is not None and socket.send_fds(self._channel, [message], [output]) == len(
                    message
                ):
                    self._process = None
                    self._close()
                    return process
            except OSError:  # it has ended, or does not read
                pass
        self.end()
        return None

    def _mount(self, table: str) -> None:
        """Give it its view of the disk. Raises OSError when that can't be had."""
        self._mounter.settimeout(MOUNT_SECONDS)
        self._mounter.sendall(f"{table}\n".encode())
        if self._mounter.recv(16).strip() != b"0":
            raise OSError(f"{table} could not be mounted")

    def _close(self) -> None:
        self._channel.close()
        self._mounter.close()

    def end(self) -> None:
        """End it, unless it has been assigned. May be called again."""
        with self._lock:
            process, self._process = self._process, None
            if process is None:
                return
            self._close()
        kill_group(process.pid)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=END_SECONDS)
        self._guard.remove(process.pid)


def holds(directories: list[str], names: frozenset[str]) -> bool:
    """Whether one of `directories` has a module or package with one of these names."""
    return any(entry.partition(".")[0] in names for each in directories for entry in _listed(each))


def mentions(directories: list[str], names: tuple[bytes, ...]) -> bool:
    """Whether Python code in `directories` names one of these. Where there is very much, it is as if it didn't."""
    looked = 0
    for each in directories:
        for place, folders, files in os.walk(each):
            folders[:] = sorted(name for name in folders if name not in NOT_CODE and not name.startswith("."))
            for name in files:
                if name.endswith(".py"):
                    looked += 1
                    if looked > MAX_LOOKED_AT:
                        return False
                    with contextlib.suppress(OSError), open(os.path.join(place, name), "rb") as file:
                        text = file.read(MAX_BYTES)
                        if any(word in text for word in names):
                            return True
    return False


def has_libraries(directories: list[str]) -> bool:
    """Whether one of them has shared libraries, for which the loader looks where it was told at the very start."""
    return any(".so" in entry for each in directories for entry in _listed(each))


def _listed(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []
