"""What a function answered, as a Flask response: `{"statusCode": …, "headers": …, "body": …}` and what else counts."""

from typing import TYPE_CHECKING, Any

import flask
import msgspec
from werkzeug.datastructures import Headers as WsgiHeaders

from dewstack.apigateway.http_api.payload import (
    Constants,
    decode,
    header_text,
    malformed,
    mapping,
    response_body,
    response_headers,
    response_status,
)
from dewstack.apigateway.responses import WITHOUT_BODY
from dewstack.http import Headers
from dewstack.http import Response as RawResponse

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Response(flask.Response):
    """A response that leaves as it was made: no header corrected, none made up but its length."""

    default_mimetype = None

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> WsgiHeaders:
        """The headers, with a length only where there may be a body."""
        headers = WsgiHeaders(self.headers)
        if self.status_code in WITHOUT_BODY:
            headers.remove("Content-Length")
        return headers


def make_response(body: bytes, status: int, headers: Headers) -> Response:
    """A Flask response."""
    return Response(
        body, status, [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    )


def from_gateway(response: RawResponse) -> Response:
    """One of the gateway's own answers as a Flask response."""
    return make_response(response.body, response.status, response.headers)


def payload_v2(payload: bytes, constants: Constants) -> Response:
    """The response of format 2.0; a value without `statusCode` is the JSON body of a 200.

    Raises GatewayResponse, a 500, for an answer that means nothing.
    """
    output: Any = decode(payload)
    if not isinstance(output, dict) or "statusCode" not in output:
        body = output.encode() if isinstance(output, str) else msgspec.json.format(payload, indent=-1)
        return Response(body, 200, content_type="application/json")
    headers = response_headers(mapping(output, "headers").items(), constants.dropped)
    cookies = output.get("cookies") or []
    if not isinstance(cookies, list):
        raise malformed()
    headers += [(b"Set-Cookie", header_text(cookie)) for cookie in cookies]
    return make_response(response_body(output), response_status(output["statusCode"]), headers)


def payload_v1(payload: bytes, constants: Constants) -> Response:
    """The response of format 1.0 on an HTTP API: an object with a `statusCode`, and nothing else will do.

    Raises GatewayResponse, a 500.
    """
    output: Any = decode(payload)
    if not isinstance(output, dict) or "statusCode" not in output:
        raise malformed()
    pairs = list(mapping(output, "headers").items())
    for name, values in mapping(output, "multiValueHeaders").items():
        if not isinstance(values, list):
            raise malformed()
        pairs += [(name, value) for value in values]
    headers = response_headers(pairs, constants.dropped)
    return make_response(response_body(output), response_status(output["statusCode"]), headers)
