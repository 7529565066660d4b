"""The process of an execution environment: started, watched, measured, ended, collected."""

import asyncio
import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping

from dewstack.lambda_.guard import Guard, kill_group, limit
from dewstack.lambda_.model import Launch

REAP_SECONDS = 5.0
SAMPLE_SECONDS = 0.1
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024 if hasattr(os, "sysconf") else 4


class EnvironmentProcess:
    """One process, in a group of its own. `exited` is called on the loop when it ends by itself."""

    def __init__(self, guard: Guard, exited: Callable[[int], None]) -> None:
        self._guard = guard
        self._exited = exited
        self._loop = asyncio.get_running_loop()
        self._process: subprocess.Popen[bytes] | None = None
        self._pidfd: int | None = None
        self._token = ""
        """What marks its forked children in `/proc`, where that isn't the function's own session token."""
        self._sampled = 0.0
        self._highest_mb = 0

    async def start(self, launch: Launch, environ: Mapping[str, str], output: int) -> None:
        """Start it, or take the one that waits; its output goes to a file descriptor. Raises OSError."""
        spare, view = launch.spare, launch.view
        process = spare.assign(launch, environ, output) if spare else None
        if spare is not None and process is not None:
            self._token = spare.token
        else:
            process = subprocess.Popen(
                view.command(launch.command, launch.directory) if view else launch.command,
                env=environ,
                cwd=launch.directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            self._guard.add(process.pid)
            limit(process.pid)
        self._process = process
        self._watch(process)

    @property
    def pid(self) -> int | None:
        """Its id, while it is there."""
        return self._process.pid if self._process else None

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(AttributeError, OSError):  # not on macOS, and some sandboxes refuse it
            self._pidfd = os.pidfd_open(process.pid)
            self._loop.add_reader(self._pidfd, self._ended)
            return

        def wait() -> None:
            process.wait()
            with contextlib.suppress(RuntimeError):  # the loop may have closed
                self._loop.call_soon_threadsafe(self._ended)

        # A thread of its own: those of the loop's executor are few, and others wait for them.
        threading.Thread(target=wait, daemon=True).start()

    def _ended(self) -> None:
        if self._process is not None:
            self._exited(self.reap())

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""
        if self._process is not None:
            self._process.terminate()

    def kill(self) -> None:
        """End it and all that it started; `reap` collects it."""
        if self._process is not None:
            kill_group(self._process.pid)

    def reap(self, seconds: float = REAP_SECONDS) -> int:
        """Collect it, waiting for so long if need be; its exit status, or a negative signal number."""
        process, self._process = self._process, None
        if process is None:
            return 0
        if self._pidfd is not None:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None
        try:
            status = process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:  # it has had its time
            status = -9
        kill_group(process.pid)  # what it started may be there still
        with contextlib.suppress(subprocess.TimeoutExpired):  # the kernel may hold it
            process.wait(timeout=REAP_SECONDS)
        self._guard.remove(process.pid)
        if self._token:
            self._guard.strays.ended(self._token)
        return status

    def sample_memory(self) -> int:
        """The highest resident set seen, in MB. Read at most every 100 ms."""
        if time.monotonic() - self._sampled > SAMPLE_SECONDS:
            self.measure_memory()
        return self._highest_mb

    def measure_memory(self) -> int:
        """What it has for itself now, in MB; its whole resident set counts for `sample_memory`."""
        if self._process is None:
            return 0
        self._sampled = time.monotonic()
        whole, own = resident(self._process.pid)
        self._highest_mb = max(self._highest_mb, whole)
        return own


def resident(pid: int) -> tuple[int, int]:
    """The resident set of a process in MB, and what of it the process has for itself; zeros where that isn't told."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            _, whole, shared, *_ = map(int, file.read().split())
    except (OSError, ValueError):
        return 0, 0
    return whole * PAGE_KB // 1024, (whole - shared) * PAGE_KB // 1024
