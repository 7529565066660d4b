"""Metrics in log lines: CloudWatch's embedded metric format, which Powertools and others print."""

from typing import Any, Protocol

import msgspec

from dewstack.config import Caller
from dewstack.metrics import NONE, Metrics, Summary

MARK = '"CloudWatchMetrics"'
MOST_METRICS, MOST_DIMENSIONS, MOST_VALUES = 100, 30, 100


class LogStream(Protocol):
    """Where lines go."""

    def append(self, timestamp_ms: int, message: Any) -> None:
        """Take one."""


class MeteredStream:
    """A log stream whose lines may carry metrics of their account and region. A line that says so wrongly is a line."""

    def __init__(self, stream: LogStream, owner: Caller, metrics: Metrics) -> None:
        self._append = stream.append
        self._owner = owner
        self._metrics = metrics

    def append(self, timestamp_ms: int, message: Any) -> None:
        """Take a line; on the loop."""
        self._append(timestamp_ms, message)
        if isinstance(message, str) and MARK in message:
            extract(message, self._owner, self._metrics)


def extract(message: str, owner: Caller, metrics: Metrics) -> None:
    """Count what a line in the embedded metric format says."""
    try:
        document = msgspec.json.decode(message)
        about = document["_aws"]
        at = float(about["Timestamp"]) / 1000
        for directive in about["CloudWatchMetrics"]:
            _count(document, directive, at, owner, metrics)
    except (msgspec.DecodeError, RecursionError, KeyError, TypeError, ValueError, AttributeError):
        return
    except OverflowError:  # infinite, or nearly so
        return


def _count(document: Any, directive: Any, at: float, owner: Caller, metrics: Metrics) -> None:
    for metric in directive["Metrics"][:MOST_METRICS]:
        given = document.get(metric["Name"])
        values = [float(value) for value in (given if isinstance(given, list) else [given])[:MOST_VALUES]]
        summary = Summary.of(values)
        for names in directive.get("Dimensions") or [[]]:
            dimensions = tuple(sorted((name, str(document[name])) for name in names[:MOST_DIMENSIONS]))
            series = metrics.one(owner, str(directive["Namespace"]), str(metric["Name"]), dimensions)
            if series is not None:
                series.add(at, summary, metric.get("Unit") or NONE)
