"""The payload of function URLs, in either direction: format 2.0, with a few differences to that of HTTP APIs.

The path stays as sent, the account is `anonymous` for a URL that anybody may use, and a response without a content
type is JSON. What is inferred from a function's answer is as recorded on AWS.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from dewstack.apigateway.http_api.exchange import Exchange
from dewstack.apigateway.http_api.payload import (
    NOT_FROM_FUNCTION,
    decode,
    event_body,
    header_text,
    malformed,
    mapping,
    response_body,
    response_status,
)
from dewstack.apigateway.http_api.payload_v2 import cookies, joined
from dewstack.apigateway.responses import CONTENT_TYPE_JSON, canonical
from dewstack.http import Headers, Response

DEFAULT_ROUTE = "$default"
ANONYMOUS = "anonymous"


def event(exchange: Exchange, url_id: str, domain_name: str, caller: Mapping[str, Any] | None) -> bytes:
    """The JSON event for a request; `caller` is who signed it, for a URL of AuthType AWS_IAM."""
    request, headers = exchange.request, exchange.headers
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": DEFAULT_ROUTE,
        "rawPath": exchange.raw_path,
        "rawQueryString": exchange.query,
    }
    if "cookie" in headers:
        made["cookies"] = cookies(exchange)
    left_out = (
        {"cookie"} if request.body or request.header("content-length") else {"cookie", "content-length"}
    )
    made["headers"] = {name: value for name, value in headers.items() if name not in left_out}
    if exchange.query:
        made["queryStringParameters"] = joined(exchange.query)
    context: dict[str, Any] = {
        "accountId": caller["accountId"] if caller else ANONYMOUS,
        "apiId": url_id,
    }
    if caller:
        context["authorizer"] = {"iam": caller}
    made["requestContext"] = context | {
        "domainName": domain_name,
        "domainPrefix": url_id,
        "http": {
            "method": request.method,
            "path": exchange.path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": exchange.request_id,
        "routeKey": DEFAULT_ROUTE,
        "stage": DEFAULT_ROUTE,
        "time": exchange.request_time,
        "timeEpoch": int(exchange.time * 1000),
    }
    body, made["isBase64Encoded"] = event_body(exchange)
    if body is not None:
        made["body"] = body
    return msgspec.json.encode(made)


def response(payload: bytes) -> Response:
    """The response that a function's payload means. Raises GatewayResponse where it means none."""
    output = decode(payload)
    if not isinstance(output, dict) or "statusCode" not in output:
        body = output.encode() if isinstance(output, str) else msgspec.json.format(payload, indent=-1)
        return Response(200, body, [CONTENT_TYPE_JSON])
    made = head(output, CONTENT_TYPE_JSON)
    made.body = response_body(output)
    return made


def head(output: Mapping[str, Any], default_type: tuple[bytes, bytes]) -> Response:
    """Status, headers and cookies of an answer or a prelude, without a body. Raises GatewayResponse."""
    status = response_status(output.get("statusCode", 200))
    headers = _headers(mapping(output, "headers").items())
    if not any(name == b"Content-Type" for name, _ in headers):
        headers.insert(0, default_type)
    given = output.get("cookies") or []
    if not isinstance(given, list):
        raise malformed("cookies is no list")
    headers.extend((b"Set-Cookie", header_text(cookie)) for cookie in given)
    return Response(status, b"", headers)


def _headers(pairs: Iterable[tuple[str, Any]]) -> Headers:
    """A function's headers as they leave; null values, impossible names and the connection's own are left out."""
    named = ((canonical(name), value) for name, value in pairs if value is not None)
    return [
        (name, header_text(value))
        for name, value in named
        if name is not None and name not in NOT_FROM_FUNCTION
    ]
