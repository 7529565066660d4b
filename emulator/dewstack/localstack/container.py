"""LocalStack in a container, driven by the docker package (the extra `localstack`)."""

import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dewstack.errors import UserError
from dewstack.extras import install_command
from dewstack.localstack.image import BASE, build_context
from dewstack.localstack.twin import Status, check_plugins, described, wait_until_healthy
from dewstack.localstack.venv import Say

NAME = "dewstack-localstack"
REPOSITORY = "dewstack-localstack"
STOP_SECONDS = 10

_PASSED = ("DEBUG", "LS_LOG")
"""Settings of LocalStack's that are handed on."""


class Container:
    """The one container of this machine that is called NAME. The project's directory is in it at the same path, to
    be read only: functions run from there, and change with their files."""

    def __init__(self, directory: Path, say: Say) -> None:
        self._directory = directory
        self._say = say

    def up(self, port: int) -> Status:
        """Build the image where it has changed, start it, and wait until it answers. Raises UserError."""
        running = self.status()
        if running is not None:
            return running
        docker = _docker()
        client = _connect(docker)
        self._remove(client, docker)
        try:
            container = client.containers.run(
                self._image(client, docker),
                name=NAME,
                detach=True,
                environment=_environment(port),
                # The same port inside and outside: URLs that name it hold for functions, and for who reads them here.
                ports={f"{port}/tcp": ("127.0.0.1", port)},
                volumes={str(self._directory): {"bind": str(self._directory), "mode": "ro"}},
                security_opt=["no-new-privileges"],
                init=True,
            )
        except docker.errors.DockerException as error:
            self._remove(client, docker)
            raise UserError(f"LocalStack's container did not start: {_said(error)}") from error
        endpoint = f"http://127.0.0.1:{port}"

        def alive() -> bool:
            container.reload()
            return str(container.status) in ("created", "running")

        if not wait_until_healthy(endpoint, alive):
            lines = container.logs(tail=5).decode("utf-8", "replace").strip()
            self._remove(client, docker)
            raise UserError(f"LocalStack did not start in its container:\n{lines}")
        started = described("container", str(container.id), endpoint)
        check_plugins(started)
        return started

    def down(self) -> Status | None:
        """Stop and remove the container; what ran."""
        running = self.status()
        if running is not None:
            docker = _docker()
            self._remove(_connect(docker), docker)
        return running

    def status(self) -> Status | None:
        """What runs."""
        container = self._find()
        if container is None or container.status != "running":
            return None
        port = next((bound[0]["HostPort"] for bound in (container.ports or {}).values() if bound), None)
        return described("container", str(container.id), f"http://127.0.0.1:{port}") if port else None

    def logs(self, *, follow: bool) -> Iterator[str]:
        """The container's lines."""
        container = self._find()
        if container is None:
            return
        pending = b""
        for chunk in container.logs(stream=True, follow=follow):
            *lines, pending = (pending + chunk).split(b"\n")
            yield from (line.decode("utf-8", "replace") for line in lines)
        if pending:
            yield pending.decode("utf-8", "replace")

    def _find(self) -> Any:
        """The container, or None: also where there is no Docker to ask."""
        try:
            docker = _docker()
            client = _connect(docker)
        except UserError:
            return None
        try:
            return client.containers.get(NAME)
        except docker.errors.DockerException:
            return None

    def _remove(self, client: Any, docker: Any) -> None:
        try:
            container = client.containers.get(NAME)
            container.stop(timeout=STOP_SECONDS)
            container.remove(force=True)
        except docker.errors.NotFound:
            return

    def _image(self, client: Any, docker: Any) -> str:
        """The image's name; built unless there is one of the same content."""
        context = build_context()
        name = f"{REPOSITORY}:{hashlib.sha256(context).hexdigest()[:12]}"
        try:
            client.images.get(name)
        except docker.errors.ImageNotFound:
            self._say(f"Building {name} on {BASE}")
            try:
                client.images.build(fileobj=io.BytesIO(context), custom_context=True, tag=name, rm=True)
            except docker.errors.BuildError as error:
                said = [str(step.get("stream", "")).strip() for step in error.build_log if step.get("stream")]
                raise UserError(f"{name} can't be built: {error}", hint="\n".join(said[-3:])) from error
            except docker.errors.DockerException as error:
                raise UserError(f"{name} can't be built: {_said(error)}") from error
        return name


def _environment(port: int) -> dict[str, str]:
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    return {"GATEWAY_LISTEN": f"0.0.0.0:{port}", "DISABLE_EVENTS": "1", **passed}


def _docker() -> Any:
    """The docker package. Raises UserError where it isn't installed."""
    try:
        import docker
    except ModuleNotFoundError as error:
        raise UserError(
            "LocalStack's container is driven by the docker package, which is not installed",
            hint=f"{install_command('docker')}, or without Docker: dew localstack up --host",
        ) from error
    return docker


def _connect(docker: Any) -> Any:
    """A client of the engine. Raises UserError where none answers."""
    try:
        client = docker.from_env()
        client.ping()
    except docker.errors.DockerException as error:
        raise UserError(
            f"no Docker engine answers: {_said(error)}",
            hint="start it, or without Docker: dew localstack up --host",
        ) from error
    return client


def _said(error: Exception) -> str:
    return str(getattr(error, "explanation", "") or error).splitlines()[0]
