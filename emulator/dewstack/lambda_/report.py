"""The log lines Lambda itself writes: INIT_START, START, END, REPORT; and what an invocation is billed.

The REPORT format, trailing tab included, and the rule `billed = ceil(duration + init)` are as recorded on AWS.
"""

import math
import time

from msgspec import Struct

from dewstack.ids import random_string


class Report(Struct, frozen=True):
    """One invocation's figures. Milliseconds and megabytes; `init_ms` only on a cold start."""

    request_id: str
    duration_ms: float
    memory_mb: int
    max_memory_mb: int
    init_ms: float | None = None
    status: str = ""
    error_type: str = ""

    @property
    def billed_ms(self) -> int:
        """Whole milliseconds, the init phase included, rounded up."""
        duration = round(self.duration_ms, 2)
        return math.ceil(duration if self.init_ms is None else duration + round(self.init_ms, 2)) or 1

    def line(self) -> str:
        """The REPORT line as CloudWatch shows it."""
        parts = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {self.duration_ms:.2f} ms",
            f"Billed Duration: {self.billed_ms} ms",
            f"Memory Size: {self.memory_mb} MB",
            f"Max Memory Used: {self.max_memory_mb} MB",
        ]
        if self.init_ms is not None:
            parts.append(f"Init Duration: {self.init_ms:.2f} ms")
        if self.status:
            parts.append(f"Status: {self.status}")
        if self.error_type:
            parts.append(f"Error Type: {self.error_type}")
        return "\t".join(parts) + "\t"


def stream_name(version: str) -> str:
    """The name of an environment's log stream."""
    return f"{time.strftime('%Y/%m/%d')}/[{version}]{random_string(32, '0123456789abcdef')}"


def start_line(request_id: str, version: str) -> str:
    """The START line."""
    return f"START RequestId: {request_id} Version: {version}"


def end_line(request_id: str) -> str:
    """The END line."""
    return f"END RequestId: {request_id}"


def init_done_line(milliseconds: float) -> str:
    """The INIT_REPORT line of an init phase that went well, which is told where it came before there was an event."""
    return f"INIT_REPORT Init Duration: {milliseconds:.2f} ms"


def init_report_line(milliseconds: float, phase: str, status: str) -> str:
    """The INIT_REPORT line of an init phase that went wrong."""
    return f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: {phase}\tStatus: {status}"
