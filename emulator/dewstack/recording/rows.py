"""Makes rows of what was noted: a summary for lists, a detail for who looks closer."""

import base64
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from dewstack.billing import invocation_cost, request_cost
from dewstack.http import Headers, Request, Response
from dewstack.recording.charges import NOT_CHARGED
from dewstack.recording.model import Exchanged, Invoked, Noted, Row

LARGEST = 256 * 1024
"""Bytes of a body or an event that are kept."""


def row_of(noted: Noted) -> Row:
    """The row of what was noted."""
    if isinstance(noted, Invoked):
        return _of_invocation(noted)
    if isinstance(noted, Exchanged):
        return _of_exchange(noted, None)
    return _of_exchange(*noted)


def _of_exchange(exchanged: Exchanged, invoked: Invoked | None) -> Row:
    request, response = exchanged.request, exchanged.response
    event = invoked.payload if invoked else exchanged.event
    decoded, cut = _document(event)
    summary = _summary(exchanged.at, exchanged.kind) | {
        "api": exchanged.api_id,
        "stage": exchanged.stage,
        "route": exchanged.route,
        "method": request.method,
        "path": request.sent_path or request.raw_path,
        "status": response.status,
        "total_ms": round(exchanged.milliseconds, 3),
        "error": exchanged.refused,
    }
    detail = {
        "request": _request(request),
        "event": decoded,
        "identity": _identity(decoded),
        "response": None,
        "http_response": _response(response),
    }
    if invoked is not None:
        cut |= _add_invocation(summary, detail, invoked)
    free = exchanged.refused is not None and response.status in NOT_CHARGED
    size = max(len(request.body), len(response.body))
    summary["cost_usd"] = 0.0 if free else _dollars(request_cost(exchanged.kind, size), invoked)
    cut |= len(request.body) > LARGEST or len(response.body) > LARGEST
    return Row(summary, detail | {"cut": cut, "own_path": request.raw_path}, response)


def _of_invocation(invoked: Invoked) -> Row:
    decoded, cut = _document(invoked.payload)
    kind, told = _kind(decoded)
    summary = _summary(invoked.at, kind) | told
    detail = {
        "request": None,
        "event": decoded,
        "identity": _identity(decoded),
        "response": None,
        "http_response": None,
    }
    cut |= _add_invocation(summary, detail, invoked)
    summary["cost_usd"] = _dollars(request_cost(kind, len(invoked.payload)), invoked)
    response = detail["response"]
    if kind in ("url", "websocket") and isinstance(response, dict) and not summary["error"]:
        status = response.get("statusCode", 200)
        summary["status"] = status if isinstance(status, int) else None
    return Row(summary, detail | {"cut": cut}, invoked.report.request_id)


def _summary(at: float, kind: str) -> dict[str, Any]:
    return {
        "id": 0,
        "at": round(at, 4),
        "kind": kind,
        "function": None,
        "api": None,
        "stage": None,
        "route": None,
        "method": None,
        "path": None,
        "status": None,
        "duration_ms": None,
        "total_ms": None,
        "init_ms": None,
        "cold": False,
        "billed_ms": None,
        "memory_mb": None,
        "max_memory_mb": None,
        "request_id": None,
        "error": None,
        "cost_usd": None,
    }


def _add_invocation(summary: dict[str, Any], detail: dict[str, Any], invoked: Invoked) -> bool:
    """What the function did. Whether its response is cut."""
    function, report = invoked.function, invoked.report
    response, cut = _document(invoked.response)
    summary |= {
        "function": function.name,
        "duration_ms": round(report.duration_ms, 3),
        "init_ms": None if report.init_ms is None else round(report.init_ms, 3),
        "cold": report.init_ms is not None,
        "billed_ms": report.billed_ms,
        "memory_mb": report.memory_mb,
        "max_memory_mb": report.max_memory_mb,
        "request_id": report.request_id,
    }
    if invoked.error:
        summary["error"] = _failure(response) or summary["error"] or invoked.error
    detail |= {
        "response": response,
        "function_arn": function.qualified_arn,
        "log_group": function.log_group_name,
        "log_stream": invoked.log_stream,
    }
    return cut


def _dollars(request: Decimal, invoked: Invoked | None) -> float:
    """What AWS would charge for a request and for the invocation behind it."""
    if invoked is None:
        return float(request)
    report, (architecture, *_) = invoked.report, invoked.function.architectures
    return float(request + invocation_cost(report.billed_ms, report.memory_mb, architecture))


def _failure(response: Any) -> str | None:
    """What a function that failed says of it."""
    if not isinstance(response, dict):
        return None
    said = [str(response[name]) for name in ("errorType", "errorMessage") if response.get(name)]
    return ": ".join(said) or None


def _kind(event: Any) -> tuple[str, dict[str, Any]]:
    """Where an event comes from that no request of an HTTP or REST API stands behind, and what it tells of it."""
    if not isinstance(event, dict):
        return "invoke", {}
    if "methodArn" in event or "routeArn" in event:
        return "authorizer", {"route": event.get("methodArn") or event.get("routeArn")}
    if isinstance(event.get("requestContext"), dict):
        return _of_client(event, event["requestContext"])
    if "triggerSource" in event and "userPoolId" in event:
        return "trigger", {"route": event["triggerSource"]}
    if "detail-type" in event and "source" in event:
        return "event", {"route": event["detail-type"]}
    records = event.get("Records")
    first = records[0] if isinstance(records, list) and records else None
    source = first.get("eventSource") or first.get("EventSource") if isinstance(first, dict) else None
    return ("event", {"route": source}) if source else ("invoke", {})


def _of_client(event: dict[str, Any], context: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The same of an event that tells of a client's request: at a WebSocket API, a function URL, or one that its client
    did not wait for."""
    if "connectionId" in context:
        told = {"route": context.get("routeKey"), "method": context.get("eventType")}
        return "websocket", {**told, "api": context.get("apiId"), "stage": context.get("stage")}
    http = context.get("http")
    if isinstance(http, dict):
        kind = "url" if ".lambda-url." in str(context.get("domainName")) else "http"
        return kind, {"method": http.get("method"), "path": event.get("rawPath")}
    if "resourcePath" in context:
        return "rest", {"method": context.get("httpMethod"), "path": context.get("path")}
    return "invoke", {}


def _identity(event: Any) -> Any:
    """What an authorizer has found out, as the event says it."""
    context = event.get("requestContext") if isinstance(event, dict) else None
    return context.get("authorizer") if isinstance(context, dict) else None


def _document(content: bytes | None) -> tuple[Any, bool]:
    """JSON, or the text that is none; whether it is cut."""
    if content is None:
        return None, False
    if len(content) > LARGEST:
        return content[:LARGEST].decode("utf-8", "replace"), True
    try:
        return msgspec.json.decode(content), False
    except msgspec.DecodeError:
        return content.decode("utf-8", "replace"), False


def _request(request: Request) -> Mapping[str, Any]:
    path = request.sent_path or request.raw_path
    body, is_base64 = _body(request.body)
    return {
        "method": request.method,
        "url": f"{path}?{request.query}" if request.query else path,
        "headers": _headers(request.headers),
        "body": body,
        "base64": is_base64,
    }


def _response(response: Response) -> Mapping[str, Any]:
    body, is_base64 = _body(response.body)
    return {
        "status": response.status,
        "headers": _headers(response.headers),
        "body": body,
        "base64": is_base64,
        "streamed": response.stream is not None,
    }


def _headers(headers: Headers) -> list[list[str]]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]


def _body(body: bytes) -> tuple[str, bool]:
    """A body as text, or as base64 where it is none."""
    kept = body[:LARGEST]
    try:
        return kept.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(kept).decode(), True
