"""A route's story: all that is told of it, for the command, the console and whoever asks with `--json`."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

Call = Callable[[str, str, dict[str, Any]], dict[str, Any]]
"""An AWS operation of the region that the map is deployed to. Raises AwsError."""


class Access(Struct, frozen=True):
    """Who may call. `kind` is none, jwt, iam, lambda, cognito; the rest is what that kind has."""

    kind: str
    text: str
    """One sentence."""
    issuer: str | None = None
    audience: list[str] | None = None
    scopes: list[str] | None = None
    identity_source: list[str] | None = None
    function: str | None = None
    """The name of the function that decides."""
    api_key: bool = False


class Facts(Struct, frozen=True):
    """What the control plane says of a route as it is deployed."""

    address: str
    """The URL that a client calls, on this machine."""
    aws_address: str
    """The host that it would be at on AWS."""
    access: Access
    cors: Mapping[str, Any] | None
    payload: str
    event: Any
    """An example, made by the gateway's own event builder."""
    integration: str
    timeout_ms: int
    """How long the gateway waits for the integration."""
    rate: float | None = None
    """Requests a second that the stage lets through; None where it sets no limit of its own."""
    burst: int | None = None
    access_log: str | None = None
    """The ARN that the access log goes to."""


class Step(Struct, frozen=True):
    """What happens to a request, in the order in which it does. `limit` is the bound that applies here, if any."""

    name: str
    text: str
    limit: str = ""


class Function(Struct, frozen=True):
    """The function behind a route. `handler_at` is `file:line`, where the source could be found."""

    key: str
    name: str
    handler: str | None
    handler_at: str | None
    runtime: str
    memory_mb: int
    timeout: int
    """Seconds."""
    environments: int
    """Execution environments that there are now."""


class Story(Struct, frozen=True):
    """A route from the map's line to the access log, and as Flask would have it."""

    route: str
    api: str
    defined_at: str
    function: Function
    facts: Facts
    steps: list[Step]
    flask: str
    flask_notes: list[str]
