"""The payload of the Lambda proxy integration of REST APIs, in either direction: format 1.0, without a `version`.

Nothing of a path is percent-decoded, header names keep their spelling, what is empty is null. A function's answer
may have five keys and no other; both maps of headers are merged, the multiple values first. Recorded on AWS.
"""

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from dewstack.apigateway.responses import CONTENT_TYPE_JSON, TOKEN, header_value
from dewstack.apigateway.rest_api.endpoint import MethodPoint
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.media_types import BinaryMediaTypes
from dewstack.apigateway.rest_api.refusals import BAD_GATEWAY, INTERNAL_SERVER_ERROR, Refused
from dewstack.http import Headers, Response

ANSWER_KEYS = frozenset(
    {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded", "base64Encoded"}
)
REMAPPED = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "content-md5",
        "date",
        "expect",
        "host",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "trailer",
        "upgrade",
        "user-agent",
        "www-authenticate",
        "x-amzn-requestid",
    }
)
"""A backend's headers that leave as `x-amzn-Remapped-…`."""
NEVER_SENT = frozenset({"transfer-encoding", "x-amz-apigw-id"})
_encode = msgspec.json.Encoder().encode


class Payload:
    """Both directions for one method of one stage."""

    def __init__(self, method: MethodPoint, binary: BinaryMediaTypes) -> None:
        self._resource = method.resource_path
        self._binary = binary

    def event(self, exchange: Exchange) -> bytes:
        """The JSON event for a request."""
        query = exchange.query
        body, encoded = self._body(exchange)
        return _encode(
            {
                "resource": self._resource,
                "path": exchange.shown_path,
                "httpMethod": exchange.request.method,
                "headers": exchange.headers(),
                "multiValueHeaders": exchange.header_lines,
                "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
                "multiValueQueryStringParameters": query or None,
                "pathParameters": exchange.parameters,
                "stageVariables": exchange.stage.variables or None,
                "requestContext": exchange.request_context(),
                "body": body,
                "isBase64Encoded": encoded,
            }
        )

    def _body(self, exchange: Exchange) -> tuple[str | None, bool]:
        body = exchange.request.body
        if not body:
            return None, False
        if self._binary.match(exchange.header("content-type")):
            return base64.b64encode(body).decode(), True
        return body.decode("utf-8", "replace"), False

    def response(self, exchange: Exchange, payload: bytes) -> Response:
        """The response that a function's payload means. Raises Refused when it means none."""
        try:
            output = msgspec.json.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise malformed("it is not JSON") from None
        if not isinstance(output, dict):
            raise malformed("a REST API wants an object with statusCode, headers and body")
        if not ANSWER_KEYS.issuperset(output):
            raise malformed(_strange(output))
        response = self.head(output)
        body = scalar(output.get("body") or "", "body").encode()
        encoded = output.get("base64Encoded", output.get("isBase64Encoded"))
        if encoded in (True, "true") and self._binary.match(exchange.header("accept")):
            try:
                body = base64.b64decode(body, validate=True)
            except (binascii.Error, ValueError):
                why = "isBase64Encoded is true, and body is not base64"
                raise Refused(INTERNAL_SERVER_ERROR, why) from None
        response.body = body
        return response

    @staticmethod
    def head(output: Mapping[str, Any]) -> Response:
        """Status and headers of an answer. Raises Refused."""
        headers = response_headers(_object(output, "headers"), _object(output, "multiValueHeaders"))
        return Response(_status(output.get("statusCode")), b"", headers)


def malformed(why: str = "") -> Refused:
    """The answer to a function that didn't answer as it should; `why` tells the log what is wrong."""
    return Refused(BAD_GATEWAY, why)


def _strange(output: Mapping[str, Any]) -> str:
    name = min(name for name in output if name not in ANSWER_KEYS)
    return f"a REST API takes statusCode, headers, multiValueHeaders, body and isBase64Encoded, not {name[:64]!r}"


def _status(status: Any) -> int:
    """A whole number or its digits; 200 where there is none. Raises Refused."""
    if status is None:
        return 200
    if (isinstance(status, str) and len(status) == 3 and status.isascii() and status.isdigit()) or (
        isinstance(status, float) and status.is_integer()
    ):
        status = int(status)
    if type(status) is not int or not 200 <= status <= 599:
        raise malformed("statusCode is no whole number from 200 to 599")
    return status


def _object(output: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = output.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise malformed(f"{name} is no object")
    return value


def scalar(value: Any, name: str) -> str:
    """A string, number or boolean as text. Raises Refused, with the `name` of the value, for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        return msgspec.json.encode(value).decode()
    raise malformed(f"{name} is no string; json.dumps makes one of it")


def response_headers(single: Mapping[str, Any], multiple: Mapping[str, Any]) -> Headers:
    """A function's two maps of headers as they leave: of one name the multiple values first, spelled as there, then
    the single one unless it is among them; a content type if there is none. Raises Refused."""
    merged: dict[str, tuple[str, list[str]]] = {}
    for name, several in multiple.items():
        if several is None:
            continue
        if not isinstance(several, list):
            raise malformed(f"multiValueHeaders has no list as {name[:64]!r}")
        values = merged.setdefault(name.lower(), (name, []))[1]
        values.extend(scalar(value, "a header") for value in several if value is not None)
    for name, value in single.items():
        if value is not None:
            text = scalar(value, "a header")
            values = merged.setdefault(name.lower(), (name, []))[1]
            if text not in values:
                values.append(text)
    headers = [] if "content-type" in merged else [CONTENT_TYPE_JSON]
    for name, values in merged.values():
        key = response_header_name(name)
        if key is not None:
            headers.extend((key, header_value(value)) for value in values)
    return headers


@lru_cache(maxsize=1024)
def response_header_name(name: str) -> bytes | None:
    """The name under which a backend's header leaves, or None for one that doesn't."""
    lower = name.lower()
    if lower in NEVER_SENT or not TOKEN.fullmatch(name):
        return None
    return f"x-amzn-Remapped-{name}".encode() if lower in REMAPPED else name.encode()
