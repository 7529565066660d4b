"""Who hears of requests: meters, access logs, the record of what ran."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from dewstack.metrics import Metrics
from dewstack.recording import Exchanged

if TYPE_CHECKING:
    from dewstack.apigateway.access_logs import OpenStream


class Observers(Struct, frozen=True):
    """`open_stream` opens a stream of logs, for stages that keep one; `record` takes note of each request to an HTTP or
    REST API."""

    metrics: Metrics | None = None
    open_stream: "OpenStream | None" = None
    record: Callable[[Exchanged], None] | None = None


UNOBSERVED = Observers()
