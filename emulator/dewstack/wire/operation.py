"""How a service offers an AWS operation: a method that carries the operation's name."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

Handler = Callable[..., Any]
"""`handler(caller, params) -> output`, or a coroutine function of the same shape.

`caller` is a `dewstack.config.Caller`. `params` and the output have boto3's shapes: native dicts, bytes for
blobs, datetime or epoch seconds for timestamps. Errors are `AwsError`s. A plain function runs in a worker
thread; a coroutine function runs on the loop and must not block it (use `asyncio.to_thread` for slow work).
"""


class Call(Protocol):
    """Call an AWS operation in this process, as boto3 would: `await call("lambda", "Invoke", {}, caller)`."""

    async def __call__(
        self, service: str, operation: str, params: dict[str, Any], caller: Any
    ) -> dict[str, Any]: ...


class InvokeResult(Protocol):
    """What a function answered: its payload, and `Unhandled` or `Handled` where it failed."""

    @property
    def payload(self) -> bytes: ...

    @property
    def function_error(self) -> str | None: ...


Invoke = Callable[[str, bytes], Awaitable[InvokeResult]]
"""Invoke a function by its ARN, which may end in a qualifier, with a JSON event. Raises AwsError."""


class StreamedResult(Protocol):
    """The response of a function, read while it is written: await `began`, iterate, then ask for the `outcome`."""

    @property
    def streams(self) -> bool:
        """Whether the function streams; else it gives its whole payload at the end. Known once it has begun."""

    @property
    def content_type(self) -> str:
        """The content type that the function's runtime names. Known once it has begun."""

    async def began(self) -> None:
        """Wait until the function streams, or has come to its end."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The response, piece by piece; what there is of it where the function fails."""

    async def outcome(self) -> InvokeResult:
        """What came of it. A streamed response isn't repeated in the payload."""

    def abandon(self) -> None:
        """Read no more; the function runs on."""


InvokeStreaming = Callable[[str, bytes], StreamedResult]
"""Invoke a function by its ARN, to read its response while it is written. Raises AwsError."""


def operation(name: str) -> Callable[[F], F]:
    """Mark a method as the implementation of the AWS operation `name`."""

    def mark(function: F) -> F:
        function.__aws_operation__ = name  # type: ignore[attr-defined]
        return function

    return mark


def operations_of(*services: object) -> dict[str, Handler]:
    """All operations that the given objects implement, by AWS's name. Raises ValueError if two claim one."""
    table: dict[str, Handler] = {}
    for service in services:
        for attribute in dir(type(service)):
            name = getattr(getattr(type(service), attribute), "__aws_operation__", None)
            if name is None:
                continue
            if name in table:
                raise ValueError(f"two implementations of {name}")
            table[name] = getattr(service, attribute)
    return table
