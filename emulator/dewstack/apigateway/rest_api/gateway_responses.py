"""How an API words its own answers: its `GatewayResponse`s, compiled.

One that isn't for the response type itself is looked for at DEFAULT_4XX or DEFAULT_5XX. Templates here are not
Velocity: variables are replaced and that is all.
"""

import logging
import re
from collections.abc import Callable, Iterable

import msgspec

from dewstack.apigateway.responses import TOKEN, header_value
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.mapping import Answer, Expression, NotAnExpression, expression
from dewstack.apigateway.rest_api.model import GatewayResponse
from dewstack.apigateway.rest_api.refusals import Refusal
from dewstack.http import Headers, Response

log = logging.getLogger(__name__)

HEADER = "gatewayresponse.header."
JSON = "application/json"
VARIABLE = re.compile(
    r"\$(?P<open>\{)?(?P<name>(?:context|stageVariables|method\.request\.(?:header|querystring|path))(?:\.[A-Za-z0-9_-]+)+)"
    r"(?(open)\})"
)
ERROR: dict[str, Callable[[Refusal], str]] = {
    "context.error.message": lambda refusal: refusal.message or "",
    "context.error.messageString": lambda refusal: msgspec.json.encode(refusal.message).decode(),
    "context.error.responseType": lambda refusal: refusal.response_type,
    "context.error.validationErrorString": lambda refusal: "",
}
NO_ANSWER = Answer()
Part = Callable[[Exchange, Refusal], str]


class GatewayResponses:
    """The answers of one API in all cases."""

    def __init__(self, responses: Iterable[GatewayResponse]) -> None:
        self._responses = {one.response_type: _Compiled(one) for one in responses}

    def response(self, refusal: Refusal, exchange: Exchange) -> Response:
        """What the client gets for `refusal`."""
        compiled = self._responses.get(refusal.response_type) or self._responses.get(
            "DEFAULT_4XX" if refusal.status < 500 else "DEFAULT_5XX"
        )
        return compiled.response(refusal, exchange) if compiled else plain_response(refusal)


def plain_response(refusal: Refusal) -> Response:
    """The answer of an API that says nothing about it."""
    return Response(refusal.status, refusal.default_body(), _head(refusal, JSON.encode()))


def _head(refusal: Refusal, content_type: bytes) -> Headers:
    return [(b"Content-Type", content_type), (b"x-amzn-ErrorType", refusal.error_type.encode())]


class _Compiled:
    """One GatewayResponse."""

    def __init__(self, response: GatewayResponse) -> None:
        status = response.status_code or ""
        self._status = int(status) if status.isascii() and status.isdigit() else None
        self._headers = list(_mapped_headers(response))
        templates = response.response_templates
        self._content_type = JSON if JSON in templates or not templates else next(iter(templates))
        text = templates.get(self._content_type)
        self._template = (
            _template(text) if text and text != '{"message":$context.error.messageString}' else None
        )

    def response(self, refusal: Refusal, exchange: Exchange) -> Response:
        if self._template is None:
            body, content_type = refusal.default_body(), JSON.encode()
        else:
            body = "".join(part(exchange, refusal) for part in self._template).encode()
            content_type = self._content_type.encode()
        headers = _head(refusal, content_type)
        for name, value in self._headers:
            found = value(exchange, NO_ANSWER)
            if found is not None:
                headers = [header for header in headers if header[0].lower() != name.lower()]
                headers.append((name, header_value(found)))
        return Response(self._status or refusal.status, body, headers)


def _mapped_headers(response: GatewayResponse) -> Iterable[tuple[bytes, Expression]]:
    for target, text in response.response_parameters.items():
        name = target.removeprefix(HEADER)
        try:
            if name == target or not TOKEN.fullmatch(name):
                raise NotAnExpression(f"{target!r} names no {HEADER}*")
            yield name.encode(), expression(text)
        except NotAnExpression as error:
            log.warning("gateway response %s: %s", response.response_type, error)


def _template(text: str) -> list[Part]:
    """The pieces of a template, in order."""
    parts: list[Part] = []
    at = 0
    for match in VARIABLE.finditer(text):
        parts.append(_literal(text[at : match.start()]))
        parts.append(_variable(match["name"]))
        at = match.end()
    parts.append(_literal(text[at:]))
    return parts


def _literal(text: str) -> Part:
    return lambda exchange, refusal: text


def _variable(name: str) -> Part:
    error = ERROR.get(name)
    if error:
        return lambda exchange, refusal: error(refusal)
    value = expression(name)
    return lambda exchange, refusal: value(exchange, NO_ANSWER) or ""
