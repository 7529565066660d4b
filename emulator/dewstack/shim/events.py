"""What a function is told of a request: `flask.request`, written down as API Gateway's event.

`payload_v2` is the format of HTTP APIs. `payload_v1` is the older one, as HTTP APIs spell it; `rest_api` spells it
as it was meant.
"""

import base64
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import flask
from msgspec import Struct
from werkzeug.datastructures import ImmutableMultiDict, MultiDict

from dewstack.apigateway.http_api.exchange import Exchange
from dewstack.apigateway.http_api.payload import Constants, Identity, event_body
from dewstack.apigateway.http_api.payload_v1 import NO_IDENTITY
from dewstack.apigateway.reading import query_pairs
from dewstack.apigateway.responses import canonical
from dewstack.apigateway.rest_api.exchange import Exchange as RestExchange
from dewstack.apigateway.rest_api.media_types import BinaryMediaTypes
from dewstack.frontdoor import Served
from dewstack.http import Request as RawRequest
from dewstack.shim.routing import raw_path

HEADER_LINES = "dewstack.headers"
"""Where our own server leaves the headers as they were sent; WSGI spells their names anew and joins lines."""


class Request(flask.Request):
    """`flask.request`, with what an event needs beside it."""

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """The query's parameters, undecodable bytes replaced as API Gateway does it."""
        return ImmutableMultiDict(query_pairs(self.raw_query))

    @cached_property
    def raw_query(self) -> str:
        """The query as it was sent."""
        return self.query_string.decode("utf-8", "replace")

    @cached_property
    def header_lines(self) -> list[tuple[str, str]]:
        """The headers line by line."""
        lines = self.environ.get(HEADER_LINES) or list(self.headers.items())
        return [
            (name, value.encode("latin-1", "replace").decode("utf-8", "replace")) for name, value in lines
        ]

    @cached_property
    def first_origin(self) -> str | None:
        """The first `Origin`, should there be several: it decides about CORS."""
        return next((value for name, value in self.header_lines if name.lower() == "origin"), None)

    def raw(self, served: Served) -> RawRequest:
        """The request as an API's own code takes it: for what the two share, such as authorizers."""
        headers = [(name.encode("latin-1", "replace"), value.encode()) for name, value in self.header_lines]
        return RawRequest(
            self.method,
            served.path(raw_path(self.environ)) or "/",
            self.query_string.decode("latin-1"),
            headers,
            self.get_data(),
            self.remote_addr or "127.0.0.1",
            self.environ.get("SERVER_PROTOCOL", "HTTP/1.1"),
        )


class Asked(Struct, frozen=True):
    """A request, what the URL map made of it, and what the authorizer found out about the caller.

    `exchange` holds what the gateway adds: an id, the time, a trace header; and drops what concerns only the
    connection. `constants` are of the route.
    """

    request: Request
    exchange: Exchange
    constants: Constants
    parameters: Mapping[str, str]
    identity: Identity | None


class RestAsked(Struct, frozen=True):
    """The same at a REST API, whose exchange holds the parameters and the caller as well."""

    request: Request
    exchange: RestExchange
    resource: str
    binary_media_types: BinaryMediaTypes


def payload_v2(asked: Asked) -> dict[str, Any]:
    """An event of format 2.0. What the request doesn't have is left out, rather than null."""
    request, exchange, constants = asked.request, asked.exchange, asked.constants
    headers = {name: value for name, value in exchange.headers.items() if name != "cookie"}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": constants.route_key,
        "rawPath": exchange.path,
        "rawQueryString": request.raw_query,
        "headers": headers,
        "requestContext": {
            "accountId": constants.account_id,
            "apiId": constants.api_id,
            "domainName": exchange.domain_name,
            "domainPrefix": exchange.domain_prefix,
            "http": {
                "method": request.method,
                "path": exchange.path,
                "protocol": request.environ["SERVER_PROTOCOL"],
                "sourceIp": request.remote_addr,
                "userAgent": exchange.headers.get("user-agent", ""),
            },
            "requestId": exchange.request_id,
            "routeKey": constants.route_key,
            "stage": constants.stage,
            "time": exchange.request_time,
            "timeEpoch": int(exchange.time * 1000),
        },
    }
    cookies = [value for name, value in request.header_lines if name.lower() == "cookie"]
    if cookies:
        event["cookies"] = [pair for line in cookies for pair in map(str.strip, line.split(";")) if pair]
    if request.raw_query:
        event["queryStringParameters"] = {name: ",".join(request.args.getlist(name)) for name in request.args}
    if asked.parameters:
        event["pathParameters"] = asked.parameters  # request.view_args
    if asked.identity:
        event["requestContext"]["authorizer"] = {asked.identity.kind: asked.identity.facts}
    if constants.stage_variables:
        event["stageVariables"] = constants.stage_variables
    body, event["isBase64Encoded"] = event_body(exchange)  # request.get_data(), base64 if it is no text
    if body is not None:
        event["body"] = body
    return event


def payload_v1(asked: Asked) -> dict[str, Any]:
    """An event of format 1.0, as an HTTP API makes it. What the request doesn't have is null."""
    request, exchange, constants = asked.request, asked.exchange, asked.constants
    headers = multiple(_titled(exchange))
    query = request.args.to_dict(flat=False)
    body, encoded = event_body(exchange)
    return {
        "version": "1.0",
        "resource": constants.path,
        "path": exchange.raw_path,
        "httpMethod": request.method,
        "headers": last(headers),
        "multiValueHeaders": headers,
        "queryStringParameters": last(query) or None,
        "multiValueQueryStringParameters": query or None,
        "requestContext": {
            "accountId": constants.account_id,
            "apiId": constants.api_id,
            "domainName": exchange.domain_name,
            "domainPrefix": exchange.domain_prefix,
            "extendedRequestId": exchange.request_id,
            "httpMethod": request.method,
            "identity": {
                **NO_IDENTITY,
                "sourceIp": request.remote_addr,
                "userAgent": exchange.headers.get("user-agent", ""),
            },
            "path": exchange.path,
            "protocol": request.environ["SERVER_PROTOCOL"],
            "requestId": exchange.request_id,
            "requestTime": exchange.request_time,
            "requestTimeEpoch": int(exchange.time * 1000),
            "resourceId": constants.route_key,
            "resourcePath": constants.path,
            "stage": constants.stage,
            **({"authorizer": asked.identity.facts} if asked.identity else {}),
        },
        "pathParameters": asked.parameters or None,
        "stageVariables": constants.stage_variables,
        "body": body,
        "isBase64Encoded": encoded,
    }


def rest_api(asked: RestAsked) -> dict[str, Any]:
    """An event of a REST API. Nothing of the path is decoded, header names keep their spelling."""
    request, exchange = asked.request, asked.exchange
    query = request.args.to_dict(flat=False)
    binary = asked.binary_media_types.match(request.headers.get("Content-Type"))
    data = request.get_data()
    return {
        "resource": asked.resource,
        "path": exchange.path,
        "httpMethod": request.method,
        "headers": exchange.headers(),
        "multiValueHeaders": exchange.header_lines,
        "queryStringParameters": last(query) or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": exchange.parameters,
        "stageVariables": exchange.stage.variables or None,
        "requestContext": exchange.request_context(),
        "body": (base64.b64encode(data).decode() if binary else data.decode("utf-8", "replace")) or None,
        "isBase64Encoded": bool(data) and binary,
    }


def _titled(exchange: Exchange) -> list[tuple[str, str]]:
    """All header lines, their names in Title-Case; the gateway's own in place of the client's."""
    own = ("content-length", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto")
    lines = [(name, value) for name, value in exchange.lines() if name not in own]
    lines += [(name, exchange.headers[name]) for name in own]
    return [((canonical(name) or name.encode()).decode(), value) for name, value in lines]


def multiple(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """All values of each name."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def last(values: Mapping[str, list[str]]) -> dict[str, str]:
    """The last value of each name."""
    return {name: several[-1] for name, several in values.items()}
