"""Lambda's own nouns: a function and its code, an invocation and its outcome."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from dewstack.arn import function_arn
from dewstack.lambda_.containers.model import Contained
from dewstack.lambda_.isolation import View
from dewstack.lambda_.spare import Spare
from dewstack.lambda_.streaming.response_stream import ResponseStream

LATEST = "$LATEST"
TAIL_BYTES = 4096
"""How much of an invocation's log its caller may have."""


class Code(Struct, frozen=True):
    """Where a version's code lies. `directory` is what the function sees as its task root; `live` says that it
    is the developer's own directory, watched for changes, rather than an unpacked archive; or that `archive`, a zip
    of the developer's, is unpacked whenever it is built anew. A container image has no directory: `image` is its
    URI, which runs where containers do."""

    directory: str
    sha256: str
    size: int
    live: bool = False
    image: str = ""
    archive: str = ""


class Function(Struct, frozen=True):
    """One version of a Lambda function, its configuration resolved. Timeout in seconds, memory in MB."""

    account_id: str
    region: str
    name: str
    version: str
    runtime: str
    handler: str
    role: str
    code: Code
    timeout: int = 3
    memory_size: int = 128
    environment: dict[str, str] = field(default_factory=dict)
    description: str = ""
    layers: list[str] = field(default_factory=list)
    architectures: list[str] = field(default_factory=lambda: ["x86_64"])
    ephemeral_storage: int = 512
    log_group: str = ""
    last_modified: str = ""
    revision_id: str = ""
    extras: dict[str, Any] = field(default_factory=dict)
    """Settings that are kept and told, but change nothing locally: VpcConfig, KMSKeyArn, TracingConfig, ..."""

    @property
    def arn(self) -> str:
        """The function's ARN without a qualifier."""
        return function_arn(self.region, self.account_id, self.name)

    @property
    def qualified_arn(self) -> str:
        """The ARN with the version."""
        return function_arn(self.region, self.account_id, self.name, self.version)

    @property
    def log_group_name(self) -> str:
        """The CloudWatch log group that the function writes to."""
        return self.log_group or f"/aws/lambda/{self.name}"


class Found(NamedTuple):
    """The version that serves an ARN; `split` says that the next event may be for another one."""

    function: Function
    split: bool = False


class Outcome(Struct, frozen=True):
    """What came of an invocation. `function_error` is `Unhandled` when the function failed, else None."""

    payload: bytes
    function_error: str | None = None
    executed_version: str = LATEST
    log_tail: str = ""


class Invocation:
    """One event on its way through an execution environment. Times in seconds of the monotonic clock."""

    __slots__ = (
        "arn",
        "client_context",
        "future",
        "init_ms",
        "lines",
        "payload",
        "queued",
        "request_id",
        "started",
        "stream",
        "timer",
        "trace_id",
    )

    def __init__(
        self,
        request_id: str,
        arn: str,
        payload: bytes,
        trace_id: str,
        future: "asyncio.Future[Outcome]",
        queued: float,
        *,
        client_context: str = "",
        tail: bool = False,
    ) -> None:
        self.request_id = request_id
        self.arn = arn
        self.payload = payload
        self.trace_id = trace_id
        self.client_context = client_context
        self.future = future
        self.queued = queued
        self.started = 0.0
        self.init_ms: float | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.stream: ResponseStream | None = None
        """Who reads the response while the function writes it, if anybody does."""
        self.lines: deque[str | Callable[[], str]] | None = deque(maxlen=TAIL_BYTES) if tail else None

    def with_tail(self, outcome: Outcome) -> Outcome:
        """The outcome with the last 4 KB of the invocation's log, which its caller asked for."""
        lines = [line if isinstance(line, str) else line() for line in self.lines or ()]
        tail = "".join(f"{line}\n" for line in lines).encode()[-TAIL_BYTES:].decode("utf-8", "ignore")
        return replace(outcome, log_tail=tail)

    def finish(self, outcome: Outcome) -> None:
        """Give the waiting caller its outcome; once, and only if it still waits."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if not self.future.done():
            self.future.set_result(outcome)
        if self.stream is not None:
            self.stream.close()


class LogStream(Protocol):
    """Where an environment's lines go. A message may be a callable, formatted only when somebody reads."""

    def append(self, timestamp_ms: int, message: str | Callable[[], str]) -> None:
        """Add one event. `timestamp_ms` is epoch milliseconds."""


class Launch(Struct, frozen=True):
    """How to start the process: the command, its environment (the Runtime API's address is added), its directory."""

    command: tuple[str, ...]
    environ: dict[str, str]
    directory: str
    extensions: tuple[str, ...] = ()
    """Programs that are started beside it."""
    ended: Callable[[], None] | None = None
    """To be called when the environment has ended."""
    view: View | None = None
    """What it sees of the disk, where that isn't all of it."""
    spare: Spare | None = None
    """A process that waits for this."""
    container: Contained | None = None
    """The container that is started in place of the command."""
