"""What is noted while requests are served: references alone, made into rows later."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from msgspec import Struct

from dewstack.http import Request, Response


class Function(Protocol):
    """The version of a function that was invoked."""

    @property
    def name(self) -> str: ...

    @property
    def qualified_arn(self) -> str: ...

    @property
    def log_group_name(self) -> str: ...

    @property
    def architectures(self) -> Sequence[str]: ...


class Report(Protocol):
    """What its REPORT line says."""

    @property
    def request_id(self) -> str: ...

    @property
    def duration_ms(self) -> float: ...

    @property
    def billed_ms(self) -> int: ...

    @property
    def memory_mb(self) -> int: ...

    @property
    def max_memory_mb(self) -> int: ...

    @property
    def init_ms(self) -> float | None: ...


class Invoked(Struct, frozen=True, gc=False):
    """An invocation that is over, at a time in seconds since the epoch."""

    at: float
    function: Function
    report: Report
    payload: bytes
    response: bytes
    error: str | None
    """`Unhandled` where the function failed."""
    log_stream: str


class Exchanged(Struct, frozen=True, gc=False):
    """A request that an API has answered, at a time in seconds since the epoch."""

    at: float
    kind: str
    """`http` or `rest`."""
    api_id: str
    stage: str
    route: str | None
    request: Request
    event: bytes | None
    """What the function got, if the request came so far."""
    response: Response
    refused: str | None
    """Why the gateway answered by itself."""
    milliseconds: float


Noted = Exchanged | tuple[Exchanged, Invoked] | Invoked
"""A request, one with its invocation, or an invocation that no request stands behind."""


class Filter(Struct, frozen=True):
    """Which rows are wanted: those of a function, of a route; `error`, `ok`, `4xx`, `5xx` or `cold` ones; those with a
    text in their summary; those before or after a row."""

    function: str = ""
    route: str = ""
    status: str = ""
    text: str = ""
    before: int | None = None
    after: int | None = None


Record = Callable[[Invoked], None]
"""Takes note of each invocation that is over."""


class Row(NamedTuple):
    """What is kept of a request or an invocation."""

    summary: dict[str, Any]
    detail: dict[str, Any]
    of: object
    """The response or the request id by which whoever caused it finds it."""
