"""What a function URL answers by itself."""

from dewstack.apigateway.responses import CONTENT_TYPE_JSON
from dewstack.http import Response, json_response


class Denied(Exception):
    """Ends a request whose client may not use the URL."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def error_response(status: int, code: str, message: str | None) -> Response:
    """One of Lambda's own refusals."""
    return json_response(status, {"Message": message}, (b"x-amzn-ErrorType", code.encode()))


def denied(message: str | None) -> Response:
    """403, for who may not use the URL; without a message where there is none."""
    return error_response(403, "AccessDeniedException", message)


def bad_gateway() -> Response:
    """The answer to a function that fails, or doesn't answer as it should."""
    return Response(502, b"Internal Server Error", [CONTENT_TYPE_JSON])
