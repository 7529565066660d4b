"""The Docker engine, driven by the docker package (the extra `docker`), which is imported when it is first needed.

Every container has labels that say which emulator's it is. Those of an emulator that was killed are removed when the
next one begins to use the engine.
"""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Generator
from typing import Any

from msgspec import Struct

from dewstack.errors import UserError
from dewstack.extras import install_command
from dewstack.lambda_.containers.labels import FUNCTION_LABEL, LABEL, emulator, lives
from dewstack.lambda_.containers.model import Contained

ANSWER_SECONDS = 60
"""How long the engine may take for anything but a pull."""
PULL_SECONDS = 900.0
MAX_PROCESSES, MAX_OPEN_FILES = 1024, 1024
MB = 1 << 20
SHELL = "/bin/sh"
POOL_SIZE = 128
"""Connections to the engine that are kept: each environment has one or two."""
INSIDE = "host.docker.internal"
"""What this machine is called in containers of an engine that runs in a virtual machine."""
LOOPBACK = ("127.0.0.1", "localhost")


class EngineError(UserError):
    """The engine, an image or a container can't be had, and what to do."""

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message


class Facts(Struct, frozen=True):
    """What an engine is like."""

    native: bool
    """Whether its containers are processes of this machine, which they share loopback with."""
    errors: Any
    api: Any


class Image(Struct, frozen=True):
    """What an image starts, with which arguments, and whether it has a shell."""

    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    shell: bool


class Engine:
    """Connects when it is first asked for something. Safe from any thread; not for the loop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._facts: Facts | None = None
        self._shells: dict[str, bool] = {}
        """Which images have a shell, by their ids."""

    def facts(self) -> Facts:
        """Connect, and remove what killed emulators have left. Raises EngineError."""
        with self._lock:
            if self._facts is None:
                self._facts = _connect()
                _remove_strays(self._facts)
            return self._facts

    def close(self) -> None:
        """Close the connections. May be called again, and before one is used."""
        with self._lock:
            facts, self._facts = self._facts, None
        if facts is not None:
            facts.api.close()

    def has(self, image: str, platform: str) -> bool:
        """Whether the image is there, for this platform. Raises EngineError."""
        facts = self.facts()
        try:
            found = facts.api.inspect_image(image)
        except facts.errors.ImageNotFound:
            return False
        except _failures(facts) as error:
            raise EngineError(f"the Docker engine doesn't answer: {_said(error)}") from error
        return f"{found['Os']}/{found['Architecture']}" == platform

    def pull(self, image: str, platform: str) -> None:
        """Fetch an image. Raises EngineError when that is refused, or takes a quarter of an hour."""
        facts = self.facts()
        deadline = time.monotonic() + PULL_SECONDS
        problem = ""
        try:
            for line in facts.api.pull(image, platform=platform, stream=True, decode=True):
                problem = line.get("error") or problem
                if time.monotonic() > deadline:
                    problem = f"it takes longer than {PULL_SECONDS / 60:.0f} minutes"
                    break
        except _failures(facts) as error:
            problem = _said(error)
        if problem or not self.has(image, platform):
            raise EngineError(
                f"the image {image} ({platform}) is not here and can't be pulled: {problem or 'there is none'}",
                hint=f"see that this works: docker pull --platform {platform} {image}",
            )

    def look(self, image: str) -> Image:
        """What an image is like. Raises EngineError."""
        facts = self.facts()
        try:
            told = facts.api.inspect_image(image)
            identifier, config = str(told["Id"]), told["Config"] or {}
            if identifier not in self._shells:
                self._shells[identifier] = _has_shell(facts, identifier)
        except _failures(facts) as error:
            raise EngineError(f"the image {image} can't be used: {_said(error)}") from error
        entrypoint, command = config.get("Entrypoint"), config.get("Cmd")
        return Image(tuple(entrypoint or ()), tuple(command or ()), self._shells[identifier])

    def start(
        self, contained: Contained, environ: dict[str, str]
    ) -> tuple[str, Generator[bytes, None, None]]:
        """Make a container and start it: its id, and what it prints. Raises EngineError."""
        facts = self.facts()
        identifier = ""
        try:
            identifier = facts.api.create_container(**_settings(facts, contained, environ))["Id"]
            attached = facts.api.attach_socket(identifier, params={"stdout": 1, "stderr": 1, "stream": 1})
            facts.api.start(identifier)
        except _failures(facts) as error:
            if identifier:
                self.remove(identifier)
            raise EngineError(f"a container of {contained.image} doesn't start: {_said(error)}") from error
        return identifier, _frames(attached)

    def pid(self, identifier: str) -> int:
        """The process id of a container's program on this machine; 0 where it has none here."""
        facts = self.facts()
        with contextlib.suppress(*_failures(facts), OSError):
            pid = int(facts.api.inspect_container(identifier)["State"]["Pid"])
            with open(f"/proc/{pid}/cgroup") as file:  # in a virtual machine, the number means nothing here
                return pid if identifier in file.read() else 0
        return 0

    def outcome(self, identifier: str) -> tuple[int, bool]:
        """How a container that has ended did: its exit status, and whether it wanted too much memory."""
        facts = self.facts()
        try:
            status = int(facts.api.wait(identifier, timeout=ANSWER_SECONDS)["StatusCode"])
            state = facts.api.inspect_container(identifier)["State"]
        except _failures(facts):  # it has been removed
            return 137, False
        return status, bool(state.get("OOMKilled"))

    def signal(self, identifier: str, name: str) -> None:
        """Send a signal to a container's program, if it is there still."""
        facts = self.facts()
        with contextlib.suppress(*_failures(facts)):
            facts.api.kill(identifier, signal=name)

    def remove(self, identifier: str) -> None:
        """End a container at once, if it is there still, and forget it."""
        facts = self.facts()
        with contextlib.suppress(*_failures(facts)):
            facts.api.remove_container(identifier, force=True, v=True)


def _connect() -> Facts:
    try:
        import docker
        import docker.errors
    except ImportError as error:
        raise EngineError(
            "the docker package isn't installed", hint=f"install it: {install_command('docker')}"
        ) from error
    try:
        client = docker.from_env(timeout=ANSWER_SECONDS, max_pool_size=POOL_SIZE)
        told = client.api.info()
    except (docker.errors.DockerException, OSError) as error:
        raise EngineError(
            f"no Docker engine answers: {_said(error)}",
            hint="start it, or set DOCKER_HOST to where it is; or leave --docker out",
        ) from error
    if any("rootless" in option for option in told.get("SecurityOptions") or ()):
        raise EngineError(
            "this Docker engine is rootless: its containers can't reach the loopback of this machine",
            hint="use an engine that is not rootless, or leave --docker out",
        )
    local = client.api.base_url.startswith("http+docker://") and sys.platform.startswith("linux")
    native = local and "Docker Desktop" not in str(told.get("OperatingSystem"))
    return Facts(native, docker.errors, client.api)


def _failures(facts: Facts) -> tuple[type[Exception], ...]:
    import requests  # The docker package's own transport: some of its failures come through as they are.

    return facts.errors.DockerException, requests.RequestException


def _frames(attached: Any) -> Generator[bytes, None, None]:
    """What comes in by a connection, which is closed at its end."""
    from docker.utils.socket import frames_iter

    try:
        for _, data in frames_iter(attached, tty=False):
            yield data
    finally:
        attached._response.close()
        attached.close()


def _has_shell(facts: Facts, image: str) -> bool:
    """Looked up in a container that never starts."""
    identifier = facts.api.create_container(image, command=[SHELL], labels={LABEL: emulator()})["Id"]
    try:
        facts.api.get_archive(identifier, SHELL)[0].close()
    except facts.errors.NotFound:
        return False
    finally:
        facts.api.remove_container(identifier, force=True, v=True)
    return True


def _said(error: Exception) -> str:
    """The engine's own words."""
    return str(getattr(error, "explanation", None) or error)


def _settings(facts: Facts, contained: Contained, environ: dict[str, str]) -> dict[str, Any]:
    from docker.types import LogConfig, Mount, Ulimit

    api = facts.api
    mounts = [
        Mount(bound.target, bound.source, type="bind", read_only=not bound.writable)
        for bound in contained.bound
    ]
    host: dict[str, Any] = {
        "mounts": mounts,
        **dict.fromkeys(("mem_limit", "memswap_limit"), contained.memory_size * MB),
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "pids_limit": MAX_PROCESSES,
        "ulimits": [
            Ulimit(name="nofile", soft=MAX_OPEN_FILES, hard=MAX_OPEN_FILES),
            Ulimit(name="core", soft=0, hard=0),
        ],
        "log_config": LogConfig(type=LogConfig.types.NONE),
    }
    settings: dict[str, Any] = {
        "image": contained.image,
        "command": contained.command and list(contained.command),
        "entrypoint": contained.entrypoint and list(contained.entrypoint),
        "working_dir": contained.working_directory,
        "environment": {**_reachable(facts, environ), **contained.environ},
        "labels": {LABEL: emulator(), FUNCTION_LABEL: environ["AWS_LAMBDA_FUNCTION_NAME"]},
        "platform": contained.platform,
    }
    if facts.native:
        host["network_mode"] = "host"
        settings["user"] = f"{os.getuid()}:{os.getgid()}"
    return {**settings, "host_config": api.create_host_config(**host)}


def _reachable(facts: Facts, environ: dict[str, str]) -> dict[str, str]:
    """The variables, those that name a place on loopback so that the container finds it."""
    if facts.native:
        return environ
    found = dict(environ)
    for name in ("AWS_ENDPOINT_URL", "AWS_LAMBDA_RUNTIME_API"):
        for host in LOOPBACK:
            found[name] = found[name].replace(f"{host}:", f"{INSIDE}:")
    return found


def _remove_strays(facts: Facts) -> None:
    with contextlib.suppress(*_failures(facts)):
        for container in facts.api.containers(all=True, filters={"label": LABEL}):
            if not lives(container["Labels"][LABEL]):
                with contextlib.suppress(*_failures(facts)):
                    facts.api.remove_container(container["Id"], force=True, v=True)
