"""No process outlives the emulator, however it ends.

A shell holds the reading end of a pipe. It is told of every process group that starts and stops; when the pipe
closes, because the emulator ended or was killed, it kills those that are left, and what has left its group, and
removes their temporary files.
SIGKILL of the emulator cannot be caught, so somebody else has to notice.
"""

import contextlib
import os
import signal
import subprocess

from dewstack.lambda_.strays import Strays
from dewstack.lambda_.temporary import TemporaryDirectories

MAX_OPEN_FILES = 1024

# `pids` is a space-delimited set; the pipe's end ends the loop.
SCRIPT = """
trap '' INT TERM HUP
pids=' '
while read -r what pid; do
  case $what in
    +) pids="$pids$pid " ;;
    -) case $pids in *" $pid "*) pids="${pids%%" $pid "*} ${pids#*" $pid "}" ;; esac ;;
  esac
done
for pid in $pids; do kill -9 "-$pid" 2>/dev/null; done
for path in $(grep -alsF "AWS_SESSION_TOKEN=$1" /proc/[0-9]*/environ 2>/dev/null); do
  pid=${path#/proc/}
  kill -9 "${pid%/environ}" 2>/dev/null
done
rm -rf -- "$2"
"""


class Guard:
    """The watcher of process groups. Starts with the first process it is told of."""

    def __init__(self) -> None:
        self.strays = Strays()
        self.temporary = TemporaryDirectories()
        self._pipe: int | None = None
        self._shell: subprocess.Popen[bytes] | None = None

    def add(self, pid: int) -> None:
        """Remember process group `pid`."""
        if self._pipe is None:
            self._start()
        self._tell(f"+ {pid}\n")

    def remove(self, pid: int) -> None:
        """Forget process group `pid`: it has ended, its number may be given to another."""
        self._tell(f"- {pid}\n")

    def close(self) -> None:
        """Kill what is left and end the watcher."""
        if self._pipe is not None:
            self.strays.close()
            os.close(self._pipe)
            self._pipe = None
        if self._shell is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):  # gigabytes are being removed
                self._shell.wait(timeout=5)
            self._shell = None
        else:
            self.temporary.close()

    def _start(self) -> None:
        reader, self._pipe = os.pipe()
        try:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", SCRIPT, "dewstack-guard", self.strays.mark, self.temporary.root],
                stdin=reader,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env={},
            )
        finally:
            os.close(reader)

    def _tell(self, line: str) -> None:
        if self._pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._pipe, line.encode())


def limit(pid: int) -> None:
    """Let a process open as many files as on AWS, and dump no core beside somebody's code. Linux only."""
    with contextlib.suppress(ImportError, AttributeError, OSError, ValueError):
        import resource

        resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (MAX_OPEN_FILES, MAX_OPEN_FILES))


def kill_group(pid: int) -> None:
    """End a process and all it has started, at once."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
