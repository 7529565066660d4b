"""The log of an execution as TestInvokeMethod tells it: AWS's lines, in AWS's order."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.refusals import BAD_GATEWAY, Refusal
from dewstack.clock import Clock
from dewstack.http import Response

LONGEST = 1_024
"""Characters that are shown of a body."""
WHY: Mapping[str, str] = {
    "INTEGRATION_TIMEOUT": "Execution failed due to a timeout error",
    "INTEGRATION_FAILURE": "Execution failed due to a network error",
    "BAD_REQUEST_BODY": "Request body does not match model schema for content type",
    "BAD_REQUEST_PARAMETERS": "Request parameters are missing",
    "UNAUTHORIZED": "Unauthorized request",
}
MALFORMED = "Execution failed due to configuration error: Malformed Lambda proxy response"


class Stopwatch:
    """How long something took."""

    milliseconds = 0


class ExecutionLog:
    """The lines about one request."""

    def __init__(self, request_id: str, clock: Clock) -> None:
        self._clock = clock
        self._lines: list[str] = [f"Execution log for request {request_id}"]
        self.say(f"Starting execution for request: {request_id}")

    def say(self, text: str) -> None:
        """A line with the time in front."""
        self._lines.append(f"{self._clock.now():%a %b %d %H:%M:%S UTC %Y} : {text}")

    def text(self) -> str:
        """All lines."""
        return "\n".join(self._lines) + "\n"

    @contextmanager
    def timed(self) -> Iterator[Stopwatch]:
        """Take the time."""
        watch, started = Stopwatch(), time.monotonic()
        try:
            yield watch
        finally:
            watch.milliseconds = int((time.monotonic() - started) * 1000)

    def asked(self, exchange: Exchange) -> None:
        """What came in."""
        resource = exchange.method.resource_path if exchange.method else exchange.path
        query = {name: values[-1] for name, values in exchange.query.items()}
        headers = {exchange.header_names[name]: exchange.header(name) for name in exchange.header_names}
        self.say(f"HTTP Method: {exchange.request.method}, Resource Path: {resource}")
        self.say(f"Method request path: {_map(exchange.parameters or {})}")
        self.say(f"Method request query string: {_map(query)}")
        self.say(f"Method request headers: {_map(headers)}")
        self.say(f"Method request body before transformations: {_body(exchange.request.body)}")

    def sent(self, uri: str, headers: Mapping[str, str], body: bytes) -> None:
        """What went to the integration."""
        self.say(f"Endpoint request URI: {uri}")
        self.say(f"Endpoint request headers: {_map(headers)}")
        self.say(f"Endpoint request body after transformations: {_body(body)}")
        self.say(f"Sending request to {uri}")

    def received(self, status: int, milliseconds: int, headers: Mapping[str, str], body: bytes) -> None:
        """What the integration answered."""
        self.say(f"Received response. Status: {status}, Integration latency: {milliseconds} ms")
        self.say(f"Endpoint response headers: {_map(headers)}")
        self.say(f"Endpoint response body before transformations: {_body(body)}")

    def refused(self, refusal: Refusal, why: str = "") -> None:
        """Why nothing came of it; `why` is what a function's answer lacks."""
        if why and refusal is BAD_GATEWAY:
            self.say(MALFORMED)
            return
        self.say(WHY.get(refusal.response_type, f"Execution failed: {refusal.response_type}"))

    def answered(self, response: Response) -> None:
        """What goes out."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
        self.say(f"Method response body after transformations: {_body(response.body)}")
        self.say(f"Method response headers: {_map(headers)}")
        self.say("Successfully completed execution" if response.status < 500 else "Execution failed")
        self.say(f"Method completed with status: {response.status}")


def _map(values: Mapping[str, object]) -> str:
    """A map as Java prints it."""
    return "{" + ", ".join(f"{name}={value}" for name, value in values.items()) + "}"


def _body(body: bytes) -> str:
    text = body[: LONGEST * 4].decode("utf-8", "replace")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} [TRUNCATED]"
