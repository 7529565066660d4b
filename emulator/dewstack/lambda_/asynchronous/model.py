"""Asynchronous invocation's nouns: an event that waits, and what a function's owner wants done with its events."""

from msgspec import Struct

MAXIMUM_RETRY_ATTEMPTS = 2
MAXIMUM_EVENT_AGE_SECONDS = 6 * 3600


class Event(Struct, frozen=True):
    """An event that was accepted. Times in seconds of the domain's clock.

    `arn` is the function as it was named; `invocations` counts those that ended with an error, `throttles` the
    refusals since.
    """

    request_id: str
    arn: str
    payload: bytes
    accepted: float
    client_context: str = ""
    invocations: int = 0
    throttles: int = 0
    due: float = 0.0
    trace_id: str = ""
    """The chain of events that it belongs to, if a function sent it."""


class EventInvokeConfig(Struct, frozen=True):
    """How events of a function, version or alias are treated; None is AWS's default. Age in seconds, ARNs as targets,
    `modified` in seconds since the epoch."""

    modified: float
    maximum_event_age: int | None = None
    maximum_retry_attempts: int | None = None
    on_success: str | None = None
    on_failure: str | None = None

    @property
    def retries(self) -> int:
        """How often a failed event is tried again."""
        given = self.maximum_retry_attempts
        return MAXIMUM_RETRY_ATTEMPTS if given is None else given

    @property
    def age(self) -> int:
        """How old an event may be when it is tried, in seconds."""
        return self.maximum_event_age or MAXIMUM_EVENT_AGE_SECONDS
