"""Processes that a function has started and that have left its process group, as daemons do.

They are known by the session token in their environment, which no other environment has, and are looked for in
`/proc`, so only on Linux. One that was started without that variable is not found.
"""

import contextlib
import os
import secrets
import signal
import threading
import time

VARIABLE = "AWS_SESSION_TOKEN"
PATIENCE_SECONDS = 0.5
"""How long after an environment's end others are waited for, so that all are looked for together."""


class Strays:
    """Kills what is left of environments that have ended. Safe from any thread."""

    def __init__(self) -> None:
        self.mark = secrets.token_urlsafe(12)
        """What all tokens of this emulator begin with."""
        self._lock = threading.Lock()
        self._tokens: set[str] = set()
        self._closed = False

    def token(self) -> str:
        """A session token for a new environment."""
        return f"{self.mark}{secrets.token_urlsafe(36)}"

    def ended(self, token: str) -> None:
        """Look soon for what the environment with this token has left behind."""
        with self._lock:
            first = not self._tokens
            self._tokens.add(token)
            if first and not self._closed:
                threading.Thread(target=self._sweep, name="dewstack-strays", daemon=True).start()

    def _sweep(self) -> None:
        time.sleep(PATIENCE_SECONDS)
        with self._lock:
            tokens, self._tokens = self._tokens, set()
            if not self._closed:
                kill_marked(tokens)

    def close(self) -> None:
        """Kill what is left of all environments, now."""
        with self._lock:
            self._closed = True
            kill_marked({self.mark})


def kill_marked(marks: set[str]) -> None:
    """Kill every process whose session token begins with one of `marks`."""
    wanted = [f"{VARIABLE}={mark}".encode() for mark in marks]
    with contextlib.suppress(OSError):  # without /proc there is nothing to look through
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            environ = _environ(name)
            if any(mark in environ for mark in wanted):
                with contextlib.suppress(OSError):
                    os.kill(int(name), signal.SIGKILL)


def _environ(pid: str) -> bytes:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read()
    except OSError:
        return b""
