"""MOCK integrations whose templates are plain texts: a status from the request's, a body from the response's.

Templates with variables or directives are refused when they are made, so nothing is answered that AWS would not.
"""

import re
from collections.abc import Iterable, Mapping

import msgspec

from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.v2.model import Integration, IntegrationResponse
from dewstack.apigateway.websocket_api.exchange import Exchange
from dewstack.apigateway.websocket_api.integrations import Answer
from dewstack.errors import NotEmulated

DEFAULT_KEYS = ("$default", "application/json")


class Mock:
    """Answers by itself."""

    def __init__(self, integration: Integration, responses: Iterable[IntegrationResponse]) -> None:
        status = status_of(chosen(integration.request_templates, integration.template_selection_expression))
        self._answer = Answer(status, _body(status, list(responses)))

    async def answer(self, exchange: Exchange) -> Answer:
        """Always the same."""
        return self._answer


def chosen(templates: Mapping[str, str] | None, expression: str | None) -> str:
    """The template that a selection expression without variables names; empty where there is none."""
    wanted = (expression.replace("\\$", "$"),) if expression else ()
    return (
        next((templates[key] for key in (*wanted, *DEFAULT_KEYS) if key in templates), "")
        if templates
        else ""
    )


def status_of(template: str) -> int:
    """The status that a request template gives. Raises BadRequestException where it gives none."""
    try:
        status = msgspec.json.decode(template or "{}")["statusCode"]
    except (msgspec.DecodeError, KeyError, TypeError):
        status = None
    if type(status) is not int or not 100 <= status <= 599:
        raise BadRequestException('The request template of a MOCK integration must give a "statusCode"')
    return status


def check_texts(texts: Iterable[str | None], what: str) -> None:
    """Raises NotEmulated for a template, or an expression, that has variables."""
    for text in texts:
        if text and ("$" in text.replace("\\$", "") or "#" in text):
            raise NotEmulated(f"{what} of a WebSocket API with variables are not emulated: {text}")


def _body(status: int, responses: list[IntegrationResponse]) -> bytes:
    """What the response for this status says; the response of `$default` is for all that have none."""
    for response in sorted(responses, key=lambda each: each.integration_response_key == "$default"):
        key = response.integration_response_key
        if key == "$default" or re.fullmatch(key.strip("/"), str(status)):
            return chosen(response.response_templates, response.template_selection_expression).encode()
    return b""
