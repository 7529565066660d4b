"""The step of LocalStack's gateway that hands requests over: before its own CORS rules and parsers see them."""

from typing import Any

from localstack.http.request import get_raw_path

from dewstack.http import Headers, Request, Response, json_response
from dewstack.localstack.bridge import Bridge

_FEEDS = frozenset({"dynamodb", "dynamodbstreams", "kinesis", "sqs"})
"""Services that event source mappings read from."""


NO_WEBSOCKETS = "LocalStack hands no WebSocket over to dewstack: 'dew up' serves WebSocket APIs"


class HandOver:
    """A handler of LocalStack's chain. What dewstack claims it answers, and the chain ends there."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    def __call__(self, chain: Any, context: Any, response: Any) -> None:
        """Answer a request, or leave it to the next handler."""
        request = _head(context.request)
        if not self._bridge.resident.claims(request):
            return
        if (request.header("upgrade") or "").lower() == "websocket":
            self._fill(response, json_response(501, {"message": NO_WEBSOCKETS}))
        else:
            request.body = context.request.get_data()  # as it came: forms, too
            self._fill(response, self._bridge.answer(request))
        chain.terminate()

    def _fill(self, response: Any, answer: Response) -> None:
        response.status_code = answer.status
        response.headers.clear()
        for name, value in answer.headers:
            if name.lower() == b"date":
                continue  # the server in front has its own
            response.headers.add(name.decode("latin-1"), value.decode("latin-1"))
        if answer.stream is not None:
            response.response = self._bridge.chunks(answer)
            return
        response.response = [answer.body]
        if "content-length" not in response.headers and answer.status not in (204, 304):
            response.headers["Content-Length"] = str(len(answer.body))


class Written:
    """A handler behind LocalStack's services: tells event source mappings that there may be something to read."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    def __call__(self, chain: Any, context: Any, response: Any) -> None:
        """Look at a request that has been answered."""
        if context.service is not None and context.service.service_name in _FEEDS:
            self._bridge.resident.others.written()


def _head(request: Any) -> Request:
    """The request as a value of ours, without its body."""
    headers: Headers = [
        (name.encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in request.headers.items()
    ]
    query = (request.query_string or b"").decode("latin-1")
    return Request(
        request.method, get_raw_path(request), query, headers, b"", request.remote_addr or "127.0.0.1"
    )
