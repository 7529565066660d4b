"""Where a template can be deployed to: rows of data, not classes."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from dewstack.errors import UserError

Call = Callable[[str, str, dict[str, Any]], dict[str, Any]]
"""`call(service, operation, params)`: an AWS operation with boto3's names and shapes. Raises AwsError."""

AWS_TEMPLATE_BYTES = 51_200
"""CloudFormation's limit for a template that is sent along and not put into S3."""


class Target(Struct, frozen=True):
    """How one kind of AWS is spoken to."""

    name: str
    code: str
    """Where functions' code comes from: `directory` (in place, hot reload) or `bucket` (a zip in S3)."""
    endpoint: str | None
    """The URL that all calls go to; None is AWS's own, or that of the project's emulator."""
    endpoint_variables: tuple[str, ...]
    """Environment variables that name another endpoint, the first that is set wins."""
    credentials: str
    """Whose calls they are: `test`, whom every emulator knows, or those that boto3's `chain` finds."""
    asks: bool
    """Whether somebody has to agree before anything is made: it costs money."""
    template_bytes: int
    """How large a template may be that is sent along."""
    poll_seconds: float
    """The longest pause between two looks at a deployment that is under way."""
    timeout_seconds: float
    """How long a deployment may take."""
    busy_seconds: float
    """How long to wait for what somebody else does to the stack."""
    tags_stacks: bool = True
    """Whether a stack gets the tag STAGE, as the Framework gives it."""
    limits: bool = True
    """Whether AWS's limits for templates hold."""
    stands_alone: bool = False
    """Whether an API that another stack makes and that isn't here is replaced by one of the map's own."""
    start: str = ""
    """What to do where nothing answers."""
    health: str = ""
    """Where the target lists the services that it has; empty where it has them all."""


EMBEDDED = Target(
    name="embedded",
    code="directory",
    endpoint=None,
    endpoint_variables=(),
    credentials="test",
    asks=False,
    template_bytes=16_000_000,
    poll_seconds=0.015,
    timeout_seconds=300.0,
    busy_seconds=300.0,
    tags_stacks=False,
    limits=False,
    stands_alone=True,
)
LOCALSTACK = Target(
    name="localstack",
    code="directory",
    endpoint="http://127.0.0.1:4567",
    endpoint_variables=("LOCALSTACK_ENDPOINT",),
    credentials="test",
    asks=False,
    template_bytes=AWS_TEMPLATE_BYTES,
    poll_seconds=0.5,
    timeout_seconds=600.0,
    busy_seconds=60.0,
    start="start it with 'dew localstack up', or say where it is (--endpoint)",
    health="/_localstack/health",
)
AWS = Target(
    name="aws",
    code="bucket",
    endpoint=None,
    endpoint_variables=("AWS_ENDPOINT_URL",),  # boto3 would take it anyhow; so it is named
    credentials="chain",
    asks=True,
    template_bytes=AWS_TEMPLATE_BYTES,
    poll_seconds=3.0,
    timeout_seconds=3600.0,
    busy_seconds=0.0,
)
TARGETS = (EMBEDDED, LOCALSTACK, AWS)


def find_target(name: str) -> Target:
    """The target of this name. Raises UserError when there is none."""
    for target in TARGETS:
        if target.name == name:
            return target
    known = ", ".join(target.name for target in TARGETS)
    raise UserError(f"unknown target {name!r}", hint=f"the targets are {known}")
