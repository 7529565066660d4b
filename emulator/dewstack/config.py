"""What an emulator is started with: addresses, account, region, where state is kept."""

from pathlib import Path
from typing import Literal

from msgspec import Struct

DEFAULT_ACCOUNT_ID = "000000000000"
DEFAULT_REGION = "us-east-1"


class Caller(Struct, frozen=True):
    """Who calls an AWS API, and in which account and region: read off the SigV4 credential scope, or the
    emulator's own defaults for unsigned operations."""

    account_id: str = DEFAULT_ACCOUNT_ID
    region: str = DEFAULT_REGION
    access_key_id: str | None = None


class Config(Struct, frozen=True):
    """Everything that is decided before the emulator starts. Ports: 0 takes a free one."""

    host: str = "127.0.0.1"
    aws_port: int = 4566
    service_port: int = 3000
    frontend_port: int = 8000
    region: str = DEFAULT_REGION
    account_id: str = DEFAULT_ACCOUNT_ID
    state_dir: Path | None = None
    """Where state survives a restart; None keeps it in memory."""
    issuer: Literal["aws", "local"] = "aws"
    """What a user pool's tokens name as issuer: AWS's own URL, or this emulator's."""
    strict_runtimes: bool = False
    """Refuse a function whose exact runtime is not on the machine, instead of taking the nearest."""
    debug: tuple[str, ...] = ()
    """Functions that a debugger attaches to, by their names in the map."""
    debug_port: int | None = None
    """Where the first of them listens; None is where debuggers of its language look."""
    smtp: str = ""
    """The SMTP server that e-mails also go out by, as `dewstack.cognito.mail.smtp` reads it; it may have a password."""
    iam: Literal["off", "warn", "enforce"] = "warn"
    """What comes of a function's call that its role doesn't permit: nothing, a line in the log, or AccessDenied."""
    allow_aws: bool = False
    """Let functions reach AWS by its own names, which otherwise lead to this emulator."""
    isolation: bool = True
    """Whether functions have a `/tmp` of their own, their code read-only and layers at `/opt`, where this is Linux."""
    spares: bool = True
    """Whether `dew up` keeps a process ready for each Python interpreter, so that functions start sooner."""
    docker: bool = False
    """Whether functions run in containers of AWS's images, or their own, rather than as processes."""
    record: bool = True
    """Whether the latest requests and invocations are kept, for the console and `dew replay`."""
    idle_seconds: float = 300.0
    """How long an execution environment stays warm without an invocation."""

    @property
    def caller(self) -> Caller:
        """The emulator's own default account and region."""
        return Caller(self.account_id, self.region)
