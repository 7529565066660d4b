"""One thing that happens on a connection (CONNECT, MESSAGE, DISCONNECT), and the event that tells of it."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from dewstack.apigateway.reading import printable, query_values, trace_id
from dewstack.apigateway.responses import Dates
from dewstack.apigateway.websocket_api.connections import Connection, new_id
from dewstack.http import Request

_encode = msgspec.json.Encoder().encode
NOT_TOLD = frozenset({"connection", "content-length", "upgrade"})
"""Headers of a handshake that the event of $connect leaves out; authorizers get them."""
FAREWELL: Mapping[str, list[str]] = {
    "Host": [""],
    "x-api-key": [""],
    "X-Forwarded-For": [""],
    "x-restapi": [""],
}
"""The headers of a $disconnect event, which no request stands behind, on AWS too."""


class StageFacts(Struct, frozen=True):
    """What the events of a stage have in common."""

    api_id: str
    stage: str
    arn: str
    """`arn:aws:execute-api:REGION:ACCOUNT:API/STAGE`."""
    domain_name: str
    variables: Mapping[str, str]


class Exchange:
    """An event in the making. `request` is the handshake, where it is the handshake that is told of."""

    def __init__(
        self,
        stage: StageFacts,
        connection: Connection,
        dates: Dates,
        event_type: str,
        *,
        request: Request | None = None,
        body: str | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        self.stage = stage
        self.connection = connection
        self.event_type = event_type
        self.request = request
        self.body = body
        self.time = dates.tick()
        self.request_time = dates.request_time
        self.request_id = new_id()
        self.route_key = "$" + event_type.lower()
        self._more = more or {}
        self.query = query_values(request.query) if request else {}
        self.header_lines = _lines(request, self.time) if request else {}
        if event_type == "DISCONNECT":
            self.header_lines = {**FAREWELL, "Host": [connection.domain_name]}

    def header(self, name: str) -> str | None:
        """The value of a handshake's header, in any case."""
        lowered = name.lower()
        return next(
            (values[-1] for each, values in self.header_lines.items() if each.lower() == lowered), None
        )

    def request_context(self) -> dict[str, Any]:
        """`requestContext`, in AWS's order of members."""
        connection = self.connection
        context: dict[str, Any] = {"routeKey": self.route_key}
        if connection.authorizer is not None:
            context["authorizer"] = connection.authorizer
        return context | {
            **self._more,
            "eventType": self.event_type,
            "extendedRequestId": self.request_id,
            "requestTime": self.request_time,
            "messageDirection": "IN",
            "stage": self.stage.stage,
            "connectedAt": int(connection.connected_at * 1000),
            "requestTimeEpoch": int(self.time * 1000),
            "identity": connection.identity,
            "requestId": self.request_id,
            "domainName": connection.domain_name,
            "connectionId": connection.id,
            "apiId": self.stage.api_id,
        }

    def event(self) -> bytes:
        """The event for a function behind the route."""
        event: dict[str, Any] = {}
        told = {name: values for name, values in self.header_lines.items() if name.lower() not in NOT_TOLD}
        if told:
            event["headers"] = {name: values[-1] for name, values in told.items()}
            event["multiValueHeaders"] = told
        if self.query:
            event["queryStringParameters"] = {name: values[-1] for name, values in self.query.items()}
            event["multiValueQueryStringParameters"] = self.query
        if self.stage.variables:
            event["stageVariables"] = self.stage.variables
        event["requestContext"] = self.request_context()
        if self.body is not None:
            event["body"] = self.body
        event["isBase64Encoded"] = False
        return _encode(event)

    def authorizer_event(self) -> bytes:
        """The event for an authorizer's function."""
        return _encode(
            {
                "type": "REQUEST",
                "methodArn": f"{self.stage.arn}/$connect",
                "headers": {name: values[-1] for name, values in self.header_lines.items()},
                "multiValueHeaders": self.header_lines,
                "queryStringParameters": {name: values[-1] for name, values in self.query.items()},
                "multiValueQueryStringParameters": self.query,
                "stageVariables": self.stage.variables,
                "requestContext": self.request_context(),
            }
        )


def _lines(request: Request, time: float) -> dict[str, list[str]]:
    """A handshake's headers by name, and what the gateway adds."""
    lines: dict[str, list[str]] = {}
    for name, value in request.headers:
        lines.setdefault(name.decode("latin-1"), []).append(printable(value.decode("latin-1")))
    trace = next((values[-1] for name, values in lines.items() if name.lower() == "x-amzn-trace-id"), "")
    return lines | {
        "X-Amzn-Trace-Id": [trace_id(trace, time)],
        "X-Forwarded-For": [request.source_ip],
        "X-Forwarded-Port": ["443"],
        "X-Forwarded-Proto": ["https"],
    }
