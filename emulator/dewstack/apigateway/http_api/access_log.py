"""What the access log of an HTTP API may say of a request.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
"""

import json
from collections.abc import Mapping
from typing import Any

from dewstack.apigateway.access_logs import AccessLog
from dewstack.apigateway.http_api.exchange import Exchange
from dewstack.apigateway.http_api.payload import Identity
from dewstack.apigateway.http_api.responses import GatewayResponse
from dewstack.apigateway.v2.model import Api, Stage
from dewstack.http import Response

OF_SIGNERS = {"accountId": "accountId", "caller": "callerId", "user": "userId", "userArn": "userArn"}
"""What is said of whoever has signed, and how an event calls it."""


class StageLog:
    """The access log of a stage."""

    def __init__(self, log: AccessLog, api: Api, stage: Stage) -> None:
        self._log = log
        self._constants = {"accountId": api.account_id, "apiId": api.api_id, "stage": stage.stage_name}

    def note(
        self, exchange: Exchange, response: Response, refused: GatewayResponse | None, milliseconds: float
    ) -> None:
        """Write the line of a request that was answered, after so many milliseconds."""
        request, route = exchange.request, exchange.route
        self._log.write(
            {
                **self._constants,
                **_integration(exchange, response, refused),
                "authorizer": _authorizer(exchange.identity),
                "awsEndpointRequestId": exchange.request_id,
                "dataProcessed": len(response.body),
                "domainName": exchange.domain_name,
                "domainPrefix": exchange.domain_prefix,
                "error": _error(refused),
                "extendedRequestId": exchange.request_id,
                "httpMethod": request.method,
                "identity": {
                    **_signer(exchange.identity),
                    "sourceIp": request.source_ip,
                    "userAgent": exchange.headers.get("user-agent"),
                },
                "path": exchange.raw_path,
                "protocol": request.protocol,
                "requestId": exchange.request_id,
                "requestTime": exchange.request_time,
                "requestTimeEpoch": int(exchange.time * 1000),
                "responseLatency": round(milliseconds),
                "responseLength": len(response.body),
                "routeKey": route.key if route else None,
                "status": response.status,
            },
            exchange.time,
        )


def _integration(
    exchange: Exchange, response: Response, refused: GatewayResponse | None
) -> Mapping[str, Any]:
    """Of what stands behind the route, if the request has come there."""
    reached = exchange.integration_ms >= 0
    latency = round(exchange.integration_ms) if reached else None
    invoked = 200 if reached else None
    error = refused.why if refused else None
    return {
        "integration": {
            "error": error,
            "integrationStatus": invoked,
            "latency": latency,
            "status": response.status if reached and refused is None else None,
        },
        "integrationErrorMessage": error,
        "integrationLatency": latency,
        "integrationStatus": invoked,
    }


def _authorizer(identity: Identity | None) -> Mapping[str, Any] | None:
    """What is said of the caller: the claims of a token, or what a function answered."""
    if identity is None or identity.facts is None:
        return None
    return identity.facts


def _signer(identity: Identity | None) -> Mapping[str, Any]:
    """Of whoever has signed the request."""
    facts = identity.facts if identity and identity.kind == "iam" else None
    return {} if facts is None else {name: facts[fact] for name, fact in OF_SIGNERS.items()}


def _error(refused: GatewayResponse | None) -> Mapping[str, Any] | None:
    """What the gateway has answered by itself."""
    if refused is None:
        return None
    message = refused.refusal.message
    return {"message": message, "messageString": json.dumps(message)}
