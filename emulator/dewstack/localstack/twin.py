"""What `dew localstack` drives: LocalStack in a container, or its twin in host mode."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol
from urllib.request import ProxyHandler, build_opener

from msgspec import Struct

from dewstack.errors import UserError

HEALTH = "/_localstack/health"
POLL_SECONDS = 0.1
OURS = "cognito-idp"
"""A service that is there only where dewstack's plugins are."""
HEALTHY_SECONDS = 120.0


class Status(Struct, frozen=True):
    """A LocalStack that runs: `kind` is container or host, `id` the container's or the process's."""

    kind: str
    id: str
    endpoint: str
    version: str = ""
    services: tuple[str, ...] = ()
    healthy: bool = False


class Twin(Protocol):
    """One of the two."""

    def up(self, port: int) -> Status:
        """Start it on a port of the loopback interface, and wait until it answers. Raises UserError."""

    def down(self) -> Status | None:
        """Stop it; what ran."""

    def status(self) -> Status | None:
        """What runs."""

    def logs(self, *, follow: bool) -> Iterator[str]:
        """The lines that it printed, and with `follow` those to come."""


def health(endpoint: str) -> dict[str, Any] | None:
    """What LocalStack says of itself, or None while it doesn't answer."""
    try:
        with build_opener(ProxyHandler({})).open(endpoint + HEALTH, timeout=2) as answer:
            document = json.load(answer)
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def described(kind: str, name: str, endpoint: str) -> Status:
    """The status of what should answer at an endpoint."""
    said = health(endpoint) or {}
    services = tuple(sorted(said.get("services", {})))
    return Status(kind, name, endpoint, str(said.get("version", "")), services, bool(said))


def check_plugins(status: Status) -> None:
    """Raise UserError where LocalStack runs without our plugins: it passes over those that can't be imported."""
    if OURS not in status.services:
        raise UserError(
            f"LocalStack at {status.endpoint} runs without dewstack's plugins",
            hint="'dew localstack logs' may say why, with DEBUG=1 in the environment of 'dew localstack up'",
        )


def wait_until_healthy(endpoint: str, alive: Callable[[], bool]) -> bool:
    """Wait until LocalStack answers, no longer than it lives, nor than HEALTHY_SECONDS. Whether it does."""
    deadline = time.monotonic() + HEALTHY_SECONDS
    while time.monotonic() < deadline and alive():
        if health(endpoint):
            return True
        time.sleep(POLL_SECONDS)
    return False
