"""What the access log of a REST API may say of a request: what its mapping templates may, and what came of it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
"""

import json
from collections.abc import Mapping
from typing import Any

from dewstack.apigateway.access_logs import AccessLog
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.refusals import Refusal
from dewstack.http import Response


class StageLog:
    """The access log of a stage."""

    def __init__(self, log: AccessLog) -> None:
        self._log = log

    def note(
        self, exchange: Exchange, response: Response, refusal: Refusal | None, milliseconds: float
    ) -> None:
        """Write the line of a request that was answered, after so many milliseconds."""
        context = exchange.request_context()
        reached = exchange.integration_ms >= 0
        latency = round(exchange.integration_ms) if reached else None
        status = response.status if reached and refusal is None else None
        integration = {"latency": latency, "integrationStatus": 200 if reached else None, "status": status}
        self._log.write(
            {
                **context,
                "awsEndpointRequestId": exchange.extended_request_id,
                "error": _error(refusal),
                "integration": integration,
                "integrationLatency": latency,
                "integrationStatus": integration["integrationStatus"],
                "responseLatency": round(milliseconds),
                "responseLength": len(response.body),
                "status": response.status,
                "xrayTraceId": exchange.trace_id,
            },
            exchange.time,
        )


def _error(refusal: Refusal | None) -> Mapping[str, Any] | None:
    """What the gateway has answered by itself."""
    if refusal is None:
        return None
    return {
        "message": refusal.message,
        "messageString": json.dumps(refusal.message),
        "responseType": refusal.response_type,
    }
