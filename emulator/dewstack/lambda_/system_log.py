"""What Lambda itself writes into a function's log, as text or, where its LoggingConfig says so, as JSON.

The JSON shapes are as recorded on AWS (2026): `platform.start` and `platform.report`; there is no END.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from dewstack.lambda_.model import Function
from dewstack.lambda_.report import Report, end_line, init_done_line, init_report_line, start_line

Line = str | Callable[[], str]
QUIET = "WARN"
"""The system log level at which only what went wrong is written."""


class SystemLog(Protocol):
    """The lines that begin and end an invocation, and the one of an init phase that failed or came ahead."""

    def init(self, milliseconds: float, phase: str, status: str = "success", error_type: str = "") -> Line:
        """An init phase has ended."""

    def start(self, function: Function, request_id: str) -> Line | None:
        """It begins."""

    def end(self, report: Report) -> tuple[Line, ...]:
        """It has ended."""


class TextLog:
    """INIT_REPORT, START, END and REPORT."""

    def init(self, milliseconds: float, phase: str, status: str = "success", error_type: str = "") -> Line:
        """INIT_REPORT."""
        if status == "success":
            return init_done_line(milliseconds)
        told = f"{status}\tError Type: {error_type}" if error_type else status
        return init_report_line(milliseconds, phase, told)

    def start(self, function: Function, request_id: str) -> Line:
        """START."""
        return partial(start_line, request_id, function.version)

    def end(self, report: Report) -> tuple[Line, ...]:
        """END and REPORT."""
        return partial(end_line, report.request_id), report.line


class JsonLog:
    """`platform.initReport`, `platform.start` and `platform.report`."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def init(self, milliseconds: float, phase: str, status: str = "success", error_type: str = "") -> Line:
        """`platform.initReport`."""
        record: dict[str, Any] = {"phase": phase, "status": status}
        if error_type:
            record["errorType"] = error_type
        return _event("platform.initReport", {**record, "metrics": {"durationMs": round(milliseconds, 3)}})

    def start(self, function: Function, request_id: str) -> Line | None:
        """`platform.start`, unless only what went wrong is to be written."""
        record = {"requestId": request_id, "functionArn": function.arn, "version": function.version}
        return None if self._quiet else _event("platform.start", record)

    def end(self, report: Report) -> tuple[Line, ...]:
        """`platform.report`."""
        if self._quiet and not report.status:
            return ()
        metrics: dict[str, Any] = {
            "durationMs": round(report.duration_ms, 3),
            "billedDurationMs": report.billed_ms,
            "memorySizeMB": report.memory_mb,
            "maxMemoryUsedMB": report.max_memory_mb,
        }
        if report.init_ms is not None:
            metrics["initDurationMs"] = round(report.init_ms, 3)
        record = {"requestId": report.request_id, "metrics": metrics, "status": report.status or "success"}
        if report.error_type:
            record["errorType"] = report.error_type
        return (_event("platform.report", record),)


def _event(kind: str, record: dict[str, Any]) -> str:
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return json.dumps({"time": at, "type": kind, "record": record}, separators=(",", ":"))


def system_log(function: Function) -> SystemLog:
    """What a function's LoggingConfig asks for."""
    config = function.extras.get("LoggingConfig") or {}
    if config.get("LogFormat") != "JSON":
        return TextLog()
    return JsonLog(quiet=config.get("SystemLogLevel") == QUIET)
