"""Payload format 1.0 as HTTP APIs have it: nearly a REST API's event, with the differences recorded on AWS.

`path` stays encoded while `pathParameters` and `requestContext.path` are decoded, `resourceId` is the route
key, header names are in Title-Case, and a single header value comes before the multiple ones.
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
    malformed,
    mapping,
    response_body,
    response_headers,
    response_status,
)
from dewstack.apigateway.reading import query_pairs
from dewstack.apigateway.responses import canonical
from dewstack.http import Response

NO_IDENTITY: Mapping[str, None] = dict.fromkeys(
    (
        "accessKey",
        "accountId",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
        "cognitoIdentityPoolId",
        "principalOrgId",
        "user",
        "userArn",
    )
)
_encode = msgspec.json.Encoder().encode


class PayloadV1:
    """Both directions of format 1.0 for one route of one stage."""

    def __init__(self, constants: Constants) -> None:
        self._constants = constants

    def event(
        self, exchange: Exchange, parameters: Mapping[str, str] | None, identity: Identity | None
    ) -> bytes:
        """The JSON event for a request."""
        constants = self._constants
        body, encoded = event_body(exchange)
        headers = _multiple_headers(exchange)
        query = _multiple(query_pairs(exchange.query))
        return _encode(
            {
                "version": "1.0",
                "resource": constants.path,
                "path": exchange.raw_path,
                "httpMethod": exchange.request.method,
                "headers": _last(headers),
                "multiValueHeaders": headers,
                "queryStringParameters": _last(query) or None,
                "multiValueQueryStringParameters": query or None,
                "requestContext": self._request_context(exchange, identity),
                "pathParameters": parameters or None,
                "stageVariables": constants.stage_variables,
                "body": body,
                "isBase64Encoded": encoded,
            }
        )

    def authorizer_event(
        self,
        exchange: Exchange,
        parameters: Mapping[str, str] | None,
        route_arn: str,
        identity: tuple[str, ...],
    ) -> bytes:
        """The JSON event for the function of a Lambda authorizer."""
        constants = self._constants
        sources = ",".join(identity) if identity else None
        return _encode(
            {
                "version": "1.0",
                "type": "REQUEST",
                "methodArn": route_arn,
                "identitySource": sources,
                "authorizationToken": sources,
                "resource": constants.path,
                "path": exchange.raw_path,
                "httpMethod": exchange.request.method,
                "headers": _last(_multiple_headers(exchange)),
                "queryStringParameters": _last(_multiple(query_pairs(exchange.query))),
                "pathParameters": parameters or {},
                "stageVariables": constants.stage_variables or {},
                "requestContext": self._request_context(exchange, None),
            }
        )

    def _request_context(self, exchange: Exchange, identity: Identity | None) -> dict[str, Any]:
        constants = self._constants
        request = exchange.request
        context: dict[str, Any] = {
            "accountId": constants.account_id,
            "apiId": constants.api_id,
            "domainName": exchange.domain_name,
            "domainPrefix": exchange.domain_prefix,
            "extendedRequestId": exchange.request_id,
            "httpMethod": request.method,
            "identity": {
                **NO_IDENTITY,
                "sourceIp": request.source_ip,
                "userAgent": exchange.headers.get("user-agent", ""),
            },
            "path": exchange.path,
            "protocol": request.protocol,
            "requestId": exchange.request_id,
            "requestTime": exchange.request_time,
            "requestTimeEpoch": int(exchange.time * 1000),
            "resourceId": constants.route_key,
            "resourcePath": constants.path,
            "stage": constants.stage,
        }
        if identity is not None and identity.kind == "iam":
            context["identity"] |= _signer(identity.facts or {})
        elif identity is not None:
            context["authorizer"] = identity.facts
        return context

    def response(self, payload: bytes) -> Response:
        """The response that `payload` means: an object with a `statusCode`, and nothing else."""
        output = decode(payload)
        if not isinstance(output, dict) or "statusCode" not in output:
            raise malformed("payload format 1.0 wants an object with a statusCode")
        status = response_status(output["statusCode"])
        pairs = list(mapping(output, "headers").items())
        for name, values in mapping(output, "multiValueHeaders").items():
            if not isinstance(values, list):
                raise malformed("multiValueHeaders has a value that is no list")
            pairs.extend((name, value) for value in values)
        return Response(status, response_body(output), response_headers(pairs, self._constants.dropped))


def _signer(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Who has signed a request, by the names of format 1.0."""
    user_id = facts["userId"]
    named = {name: facts[name] for name in ("accessKey", "accountId", "userArn")}
    return {**named, "caller": user_id, "user": user_id}


def _multiple_headers(exchange: Exchange) -> dict[str, list[str]]:
    """All headers in Title-Case: the client's lines one by one, the gateway's own in place of the
    client's."""
    own = {"content-length", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"}
    pairs = [(name, value) for name, value in exchange.lines() if name not in own]
    pairs += [(name, exchange.headers[name]) for name in sorted(own)]
    return _multiple((_title(name), value) for name, value in pairs)


def _title(name: str) -> str:
    title = canonical(name)
    return title.decode() if title else name


def _multiple(pairs: Any) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values


def _last(values: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: several[-1] for name, several in values.items()}
