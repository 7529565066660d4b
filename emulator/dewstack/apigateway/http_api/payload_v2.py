"""Payload format 2.0: the event of an HTTP API, and the responses it understands, inferred ones included.

`rawPath` is percent-decoded despite its name; whatever is empty is left out rather than null.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from dewstack.apigateway.http_api.exchange import Exchange
from dewstack.apigateway.http_api.payload import (
    Constants,
    Identity,
    decode,
    event_body,
    header_text,
    malformed,
    mapping,
    response_body,
    response_headers,
    response_status,
)
from dewstack.apigateway.reading import query_pairs
from dewstack.apigateway.responses import CONTENT_TYPE_JSON
from dewstack.http import Response

_encode = msgspec.json.Encoder().encode


class PayloadV2:
    """Both directions of format 2.0 for one route of one stage."""

    def __init__(self, constants: Constants) -> None:
        self._constants = constants

    def event(
        self, exchange: Exchange, parameters: Mapping[str, str] | None, identity: Identity | None
    ) -> bytes:
        """The JSON event for a request."""
        event = self._members({"version": "2.0"}, exchange, parameters, identity)
        body, event["isBase64Encoded"] = event_body(exchange)
        if body is not None:
            event["body"] = body
        return _encode(event)

    def authorizer_event(
        self,
        exchange: Exchange,
        parameters: Mapping[str, str] | None,
        route_arn: str,
        identity: tuple[str, ...],
    ) -> bytes:
        """The JSON event for the function of a Lambda authorizer."""
        head = {
            "version": "2.0",
            "type": "REQUEST",
            "routeArn": route_arn,
            "identitySource": identity or None,
        }
        return _encode(self._members(head, exchange, parameters, None))

    def _members(
        self,
        event: dict[str, Any],
        exchange: Exchange,
        parameters: Mapping[str, str] | None,
        identity: Identity | None,
    ) -> dict[str, Any]:
        constants = self._constants
        headers = exchange.headers
        event["routeKey"] = constants.route_key
        event["rawPath"] = exchange.path
        event["rawQueryString"] = exchange.query
        if "cookie" in headers:
            event["cookies"] = cookies(exchange)
            headers = {name: value for name, value in headers.items() if name != "cookie"}
        event["headers"] = headers
        if exchange.query:
            event["queryStringParameters"] = joined(exchange.query)
        event["requestContext"] = self._request_context(exchange, identity)
        if parameters:
            event["pathParameters"] = parameters
        if constants.stage_variables:
            event["stageVariables"] = constants.stage_variables
        return event

    def _request_context(self, exchange: Exchange, identity: Identity | None) -> dict[str, Any]:
        constants = self._constants
        request = exchange.request
        context: dict[str, Any] = {"accountId": constants.account_id, "apiId": constants.api_id}
        if identity is not None:
            context["authorizer"] = {identity.kind: identity.facts}
        context["domainName"] = exchange.domain_name
        context["domainPrefix"] = exchange.domain_prefix
        context["http"] = {
            "method": request.method,
            "path": exchange.path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": exchange.headers.get("user-agent", ""),
        }
        context["requestId"] = exchange.request_id
        context["routeKey"] = constants.route_key
        context["stage"] = constants.stage
        context["time"] = exchange.request_time
        context["timeEpoch"] = int(exchange.time * 1000)
        return context

    def response(self, payload: bytes) -> Response:
        """The response that `payload` means. Without a `statusCode` the whole payload is the JSON body of a
        200."""
        output = decode(payload)
        if not isinstance(output, dict) or "statusCode" not in output:
            body = output.encode() if isinstance(output, str) else msgspec.json.format(payload, indent=-1)
            return Response(200, body, [CONTENT_TYPE_JSON])
        status = response_status(output["statusCode"])
        headers = response_headers(mapping(output, "headers").items(), self._constants.dropped)
        cookies = output.get("cookies")
        if cookies:
            if not isinstance(cookies, list):
                raise malformed("cookies is no list")
            headers.extend((b"Set-Cookie", header_text(cookie)) for cookie in cookies)
        return Response(status, response_body(output), headers)


def cookies(exchange: Exchange) -> list[str]:
    """The pairs of a request's `Cookie` headers."""
    lines = (value for name, value in exchange.lines() if name == "cookie")
    return [pair for line in lines for pair in map(str.strip, line.split(";")) if pair]


def joined(query: str) -> dict[str, str]:
    """Query parameters, those of one name joined by commas."""
    joined: dict[str, str] = {}
    for name, value in query_pairs(query):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined
