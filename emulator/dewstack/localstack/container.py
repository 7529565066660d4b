"""LocalStack in a container, driven by the docker package (the extra `localstack`)."""

import hashlib
import io
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
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
ANSWER_SECONDS = 900
"""How long the engine may take for one thing: building the image is the longest."""

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
        with _engine() as (client, errors):
            _remove(client, errors)
            image = self._image(client, errors)
            try:
                container = client.containers.run(image, **self._settings(port))
            except errors.DockerException as error:
                _remove(client, errors)
                raise UserError(f"LocalStack's container did not start: {_said(error)}") from error
            endpoint = f"http://127.0.0.1:{port}"

            def alive() -> bool:
                container.reload()
                return str(container.status) in ("created", "running")

            if not wait_until_healthy(endpoint, alive):
                lines = container.logs(tail=5).decode("utf-8", "replace").strip()
                _remove(client, errors)
                raise UserError(f"LocalStack did not start in its container:\n{lines}")
            started = described("container", str(container.id), endpoint)
        check_plugins(started)
        return started

    def down(self) -> Status | None:
        """Stop and remove the container; what ran."""
        running = self.status()
        if running is not None:
            with _engine() as (client, errors):
                _remove(client, errors)
        return running

    def status(self) -> Status | None:
        """What runs; nothing where there is no engine to ask."""
        try:
            with _engine() as (client, errors):
                container = _find(client, errors)
        except UserError:
            return None
        if container is None or container.status != "running":
            return None
        port = next((bound[0]["HostPort"] for bound in (container.ports or {}).values() if bound), None)
        return described("container", str(container.id), f"http://127.0.0.1:{port}") if port else None

    def logs(self, *, follow: bool) -> Iterator[str]:
        """The container's lines."""
        with _engine() as (client, errors):
            container = _find(client, errors)
            if container is None:
                return
            pending = b""
            for chunk in container.logs(stream=True, follow=follow):
                *lines, pending = (pending + chunk).split(b"\n")
                yield from (line.decode("utf-8", "replace") for line in lines)
            if pending:
                yield pending.decode("utf-8", "replace")

    def _settings(self, port: int) -> dict[str, Any]:
        passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
        directory = str(self._directory)
        return {
            "name": NAME,
            "detach": True,
            "environment": {"GATEWAY_LISTEN": f"0.0.0.0:{port}", "DISABLE_EVENTS": "1", **passed},
            # The same port inside and outside: URLs that name it hold for functions, and for who reads them here.
            "ports": {f"{port}/tcp": ("127.0.0.1", port)},
            "volumes": {directory: {"bind": directory, "mode": "ro"}},
            "security_opt": ["no-new-privileges"],
            "init": True,
        }

    def _image(self, client: Any, errors: Any) -> str:
        """The image's name; built unless there is one of the same content. Raises UserError."""
        context = build_context()
        name = f"{REPOSITORY}:{hashlib.sha256(context).hexdigest()[:12]}"
        try:
            client.images.get(name)
        except errors.ImageNotFound:
            self._say(f"Building {name} on {BASE}")
            try:
                client.images.build(fileobj=io.BytesIO(context), custom_context=True, tag=name, rm=True)
            except errors.BuildError as error:
                said = [str(step.get("stream", "")).strip() for step in error.build_log if step.get("stream")]
                raise UserError(f"{name} can't be built: {error}", hint="\n".join(said[-3:])) from error
            except errors.DockerException as error:
                raise UserError(f"{name} can't be built: {_said(error)}") from error
        return name


@contextmanager
def _engine() -> Iterator[tuple[Any, Any]]:
    """A client of the engine, and the package's errors. Raises UserError where either is missing."""
    try:
        import docker
    except ModuleNotFoundError as error:
        raise UserError(
            "LocalStack's container is driven by the docker package, which is not installed",
            hint=f"{install_command('docker')}, or without Docker: dew localstack up --host",
        ) from error
    errors = docker.errors
    _probe(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
    try:
        client = docker.from_env(timeout=ANSWER_SECONDS)  # asks the engine which version it speaks
    except errors.DockerException as error:
        raise _no_engine(error) from error
    try:
        try:
            client.ping()
        except (errors.DockerException, OSError) as error:
            raise _no_engine(error) from error
        yield client, errors
    finally:
        client.close()


def _probe(address: str) -> None:
    """Raise UserError where nobody listens at an engine's socket: the docker package would leave its own ends open."""
    scheme, _, path = address.partition("://")
    if scheme != "unix":
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(path)
        except OSError as error:
            raise _no_engine(error) from error


def _no_engine(error: Exception) -> UserError:
    hint = "start it, or without Docker: dew localstack up --host"
    return UserError(f"no Docker engine answers: {_said(error)}", hint=hint)


def _find(client: Any, errors: Any) -> Any:
    try:
        return client.containers.get(NAME)
    except errors.NotFound:
        return None


def _remove(client: Any, errors: Any) -> None:
    container = _find(client, errors)
    if container is not None:
        container.stop(timeout=STOP_SECONDS)
        container.remove(force=True)


def _said(error: Exception) -> str:
    return str(getattr(error, "explanation", "") or error).splitlines()[0]
