"""LocalStack in host mode: a process on this machine, without Docker."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dewstack.errors import UserError
from dewstack.localstack.twin import POLL_SECONDS, Status, check_plugins, described, wait_until_healthy
from dewstack.localstack.venv import Say, localstack_python

STOP_SECONDS = 15.0
_ENVIRONMENT = {
    "OVERRIDE_IN_DOCKER": "0",
    "DISABLE_EVENTS": "1",
    "SKIP_SSL_CERT_DOWNLOAD": "1",
    "DNS_ADDRESS": "0",
    # The default server ignores the host it is given, and listens to the whole network.
    "GATEWAY_SERVER": "hypercorn",
}


class HostMode:
    """The process that `directory` knows of."""

    def __init__(self, directory: Path, say: Say) -> None:
        self._directory = directory
        self._say = say
        self._log = directory / "localstack.log"
        self._run = directory / "run.json"

    def up(self, port: int) -> Status:
        """Start it, and wait until it answers. Raises UserError."""
        running = self.status()
        if running is not None:
            return running
        python = localstack_python(self._say)
        root, temporary = self._directory / "fs", self._directory / "tmp"
        for each in (root, temporary):
            each.mkdir(parents=True, exist_ok=True)
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environ |= _ENVIRONMENT | {
            "FILESYSTEM_ROOT": str(root),
            "TMPDIR": str(temporary),
            "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        }
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                [python, "-m", "localstack.runtime.main"],
                cwd=self._directory,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._run.write_text(json.dumps({"pid": process.pid, "port": port}))
        endpoint = f"http://127.0.0.1:{port}"
        if not wait_until_healthy(endpoint, lambda: process.poll() is None):
            self.down()
            raise UserError(f"LocalStack did not start: {self._last_line()}", hint=f"see {self._log}")
        started = described("host", str(process.pid), endpoint)
        check_plugins(started)
        return started

    def down(self) -> Status | None:
        """Stop it and wait until it is gone; what ran."""
        running = self.status()
        self._run.unlink(missing_ok=True)
        if running is None:
            return None
        pid = int(running.id)
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(pid, sign)
            deadline = time.monotonic() + STOP_SECONDS
            while time.monotonic() < deadline:
                if not _is_localstack(pid):
                    return running
                time.sleep(POLL_SECONDS)
        return running

    def status(self) -> Status | None:
        """What runs."""
        try:
            found = json.loads(self._run.read_bytes())
            pid, port = int(found["pid"]), int(found["port"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return described("host", str(pid), f"http://127.0.0.1:{port}") if _is_localstack(pid) else None

    def logs(self, *, follow: bool) -> Iterator[str]:
        """The lines of its log."""
        try:
            log = self._log.open(errors="replace")
        except FileNotFoundError:
            return
        with log:
            while True:
                line = log.readline()
                if line:
                    yield line.rstrip("\n")
                elif follow and self.status() is not None:
                    time.sleep(POLL_SECONDS)
                else:
                    return

    def _last_line(self) -> str:
        lines = [line for line in self._log.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1] if lines else "it printed nothing"


def _is_localstack(pid: int) -> bool:
    """Whether this process is a LocalStack and not a later one that got its number, nor dead and unmourned."""
    try:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        done = subprocess.run(
            ["ps", "-o", "stat=,args=", "-p", str(pid)],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "localstack.runtime.main" in done.stdout and not done.stdout.startswith("Z")
