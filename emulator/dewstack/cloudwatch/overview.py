"""A table of functions and of routes: how often, how many failed, how fast. For `dew metrics` and the console."""

from collections.abc import Callable, Iterable
from typing import Any

from dewstack.config import Caller
from dewstack.http import Request, Response, json_response
from dewstack.metrics import MINUTE, Dimensions, Metrics, Summary

DEFAULT_MINUTES = 60
MOST_MINUTES = 1440
PERCENTILES = (50.0, 95.0, 99.0)
NOTHING = Summary()

Figures = dict[str, Summary]


class Overview:
    """`GET /_dew/metrics?minutes=60`: figures of the last minutes, of what was used in them."""

    def __init__(self, metrics: Metrics, caller: Callable[[], Caller]) -> None:
        self._metrics = metrics
        self._caller = caller

    async def __call__(self, request: Request, query: dict[str, str]) -> Response:
        """`{"functions": [...], "routes": [...]}`; times in milliseconds."""
        text = query.get("minutes", str(DEFAULT_MINUTES))
        if not text.isdecimal() or not 1 <= int(text) <= MOST_MINUTES:
            told = {"code": "BadRequest", "message": f"minutes is a number from 1 to {MOST_MINUTES}"}
            return json_response(400, {"error": told})
        return json_response(200, self.tables(int(text)))

    def tables(self, minutes: int) -> dict[str, Any]:
        """Both tables, the most used first."""
        end = self._metrics.clock.time()
        seen: dict[tuple[str, Dimensions], Figures] = {}
        for one in self._metrics.every(self._caller()):
            if one.namespace not in ("AWS/Lambda", "AWS/ApiGateway"):
                continue
            whole = Summary()
            for summary in one.between(end - minutes * MINUTE, end + 1, MINUTE).values():
                whole.merge(summary)
            if whole.count:
                seen.setdefault((one.namespace, one.dimensions), {})[one.name] = whole
        return {
            "minutes": minutes,
            "functions": _sorted("invocations", (_function(*each) for each in seen.items())),
            "routes": _sorted("requests", (_route(*each) for each in seen.items())),
        }


def _function(key: tuple[str, Dimensions], figures: Figures) -> dict[str, Any] | None:
    namespace, dimensions = key
    if namespace != "AWS/Lambda" or [name for name, _ in dimensions] != ["FunctionName"]:
        return None
    return {
        "function": dimensions[0][1],
        "invocations": _count(figures, "Invocations"),
        "errors": _count(figures, "Errors"),
        "throttles": _count(figures, "Throttles"),
        "cold_starts": int(figures.get("InitDuration", NOTHING).count),
        "concurrency": int(figures["ConcurrentExecutions"].most) if "ConcurrentExecutions" in figures else 0,
        **_percentiles(figures.get("Duration", NOTHING)),
    }


def _route(key: tuple[str, Dimensions], figures: Figures) -> dict[str, Any] | None:
    named = dict(key[1])
    if "Resource" not in named or key[0] != "AWS/ApiGateway":
        return None
    return {
        "api": named.get("ApiId") or named["ApiName"],
        "kind": "httpApi" if "ApiId" in named else "http",
        "stage": named["Stage"],
        "method": named["Method"],
        "path": named["Resource"],
        "requests": _count(figures, "Count"),
        "client_errors": _count(figures, "4xx") + _count(figures, "4XXError"),
        "server_errors": _count(figures, "5xx") + _count(figures, "5XXError"),
        **_percentiles(figures.get("Latency", NOTHING)),
    }


def _count(figures: Figures, name: str) -> int:
    return round(figures.get(name, NOTHING).sum)


def _percentiles(summary: Summary) -> dict[str, float | None]:
    return {
        f"p{percent:.0f}": round(summary.percentile(percent), 2) if summary.count else None
        for percent in PERCENTILES
    }


def _sorted(by: str, rows: Iterable[dict[str, Any] | None]) -> list[dict[str, Any]]:
    return sorted((row for row in rows if row), key=lambda row: -int(row[by]))
