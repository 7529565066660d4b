"""Example events of a route. The request and the caller are invented; the event is made by the gateway's own code."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from dewstack.access import Principal
from dewstack.apigateway.http_api.compiler import PAYLOAD_FORMATS
from dewstack.apigateway.http_api.exchange import Exchange, new_request_id
from dewstack.apigateway.http_api.iam_authorizer import IamAuthorizer
from dewstack.apigateway.http_api.payload import Constants, Identity
from dewstack.apigateway.jwt import flatten, java_text, scopes_of
from dewstack.apigateway.responses import Dates
from dewstack.apigateway.routes import PARAMETER, Router
from dewstack.clock import Clock
from dewstack.http import Headers, Request
from dewstack.ids import uuid4

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
USER_AGENT = "dew-explain"
SOURCE_IP = "127.0.0.1"
AUTHORIZATION = {
    "jwt": "Bearer eyJ…",
    "cognito": "Bearer eyJ…",
    "lambda": "Bearer eyJ…",
    "iam": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/…, SignedHeaders=…, Signature=…",
}
"""What clients send, by the kind of the authorizer."""
CALLER = Principal(
    "000000000000", "arn:aws:iam::000000000000:root", "000000000000", "AKIDEXAMPLE", "developer"
)


def example_path(path: str) -> str:
    """A path with its parameters filled in: `/items/{id}` gives `/items/7`."""
    return PARAMETER.sub(lambda found: "a/b" if found[2] else _value(found[1]), path)


def _value(name: str) -> str:
    return "7" if name.lower().endswith("id") else f"some-{name}"


def example_request(method: str, path: str, host: str, authorization: str | None) -> Request:
    """A request to a route, as a client would send it."""
    method = "GET" if method == "ANY" else method
    headers: Headers = [(b"Host", host.encode()), (b"User-Agent", USER_AGENT.encode()), (b"Accept", b"*/*")]
    if authorization:
        headers.append((b"Authorization", authorization.encode()))
    body = b""
    if method in WITH_BODY:
        body = b'{"name":"value"}'
        headers.append((b"Content-Type", b"application/json"))
    query = "" if body else "name=value"
    return Request(method, example_path(path), query, headers, body, SOURCE_IP)


def example_claims(
    issuer: str | None, audience: list[str] | None, scopes: list[str] | None, *, use: str, now: int
) -> dict[str, Any]:
    """The claims of a token that the route accepts."""
    claims: dict[str, Any] = {"sub": uuid4(), "iss": issuer, "token_use": use}
    claims["aud" if use == "id" else "client_id"] = next(iter(audience or ()), "client")
    if use == "access":
        claims["scope"] = " ".join(scopes or ["aws.cognito.signin.user.admin"])
    return claims | {
        "username" if use == "access" else "cognito:username": "ada",
        "exp": now + 3600,
        "iat": now,
    }


def java_claims(claims: Mapping[str, Any]) -> dict[str, str]:
    """Claims as the events of REST APIs have them."""
    return {name: java_text(name, value) for name, value in claims.items() if value is not None}


def http_event(
    constants: Constants, version: str, request: Request, parameters: dict[str, str] | None, identity: str | None,
    claims: Mapping[str, Any] | None, *, scoped: bool,
) -> Any:  # fmt: skip
    """The event of an HTTP API; `identity` is the kind of the authorizer (jwt, lambda, iam), if there is one."""
    dates = Dates(Clock())
    now = dates.tick()
    exchange = Exchange(request, request.raw_path, new_request_id(), now, dates.request_time)
    found: Identity | None = None
    if identity == "jwt" and claims is not None:
        flat = {name: flatten(value) for name, value in claims.items() if value is not None}
        found = Identity("jwt", {"claims": flat, "scopes": scopes_of(claims) if scoped else None})
    elif identity == "lambda":
        found = Identity("lambda", {"what": "the context of your authorizer's answer"})
    elif identity == "iam":
        found = asyncio.run(IamAuthorizer(somebody, constants).authorize(exchange, parameters))
    return msgspec.json.decode(PAYLOAD_FORMATS[version](constants).event(exchange, parameters, found))


async def somebody(*request: object, **more: object) -> Principal:
    return CALLER


def parameters_of(route_key: str, request: Request) -> dict[str, str] | None:
    """The path parameters of a request to a route, by name; None where the route has none."""
    return Router([(route_key, True)]).match(request.method, request.raw_path)[1]


def seconds() -> int:
    """The time now."""
    return int(time.time())
