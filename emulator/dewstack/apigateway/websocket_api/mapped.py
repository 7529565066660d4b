"""AWS, HTTP, HTTP_PROXY and MOCK: a message is mapped for what is called, its answer for the client.

What is called, and the templates, are those of REST APIs; what they read is a message instead of a request.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from dewstack.apigateway.outgoing import NOT_SENT_ON
from dewstack.apigateway.rest_api.endpoint import StagePoint
from dewstack.apigateway.rest_api.exchange import Exchange as RestExchange
from dewstack.apigateway.rest_api.http_endpoint import HttpEndpoint
from dewstack.apigateway.rest_api.integrations import Backend
from dewstack.apigateway.rest_api.mapping import Answer as Answered
from dewstack.apigateway.rest_api.mapping_template import MappingTemplate, mapping_template
from dewstack.apigateway.rest_api.refusals import Refused as RestRefused
from dewstack.apigateway.rest_api.request_mapping import apply
from dewstack.apigateway.v2.model import Integration, IntegrationResponse
from dewstack.apigateway.websocket_api import refusals
from dewstack.apigateway.websocket_api.exchange import Exchange
from dewstack.apigateway.websocket_api.integrations import Answer
from dewstack.apigateway.websocket_api.refusals import Refused
from dewstack.apigateway.websocket_api.selection import Selection, decoded, member
from dewstack.http import Request

MESSAGE = ("request.body",)
"""What expressions about a message may speak of."""
ANSWER = ("integration.response.statuscode", "integration.response.header", "integration.response.body")
"""What expressions about an answer may speak of."""
DEFAULT_KEYS = ("$default", "application/json")
BY_STATUS = "${integration.response.statuscode}"


class Told(RestExchange):
    """A message, or a handshake, as templates and expressions of REST APIs read a request."""

    __slots__ = ("_context",)

    def __init__(self, exchange: Exchange, stage: StagePoint) -> None:
        asked = exchange.request
        request = Request(
            "POST",
            "/",
            asked.query if asked else "",
            asked.headers if asked else [],
            (exchange.body or "").encode("utf-8", "replace"),
            exchange.connection.identity["sourceIp"],
        )
        ids = exchange.request_id, exchange.request_id
        super().__init__(request, stage, "/", ids, exchange.time, exchange.request_time)
        self._context = exchange.request_context()

    def request_context(self) -> dict[str, Any]:
        """`$context`."""
        return self._context


class Templates:
    """Templates by the keys that an expression gives. Raises TemplateError for one that cannot be read, and ValueError
    for an expression that cannot."""

    def __init__(
        self, given: Mapping[str, str] | None, expression: str | None, roots: tuple[str, ...]
    ) -> None:
        self.given = {key: mapping_template(source) for key, source in (given or {}).items()}
        self._selection = Selection(expression or "", roots)

    def chosen(self, lookup: Any) -> MappingTemplate | None:
        """The template that is meant, or None."""
        if not self.given:
            return None
        keys = (self._selection.of(lookup), *DEFAULT_KEYS)
        return next((self.given[key] for key in keys if key in self.given), None)


class ResponseTemplates:
    """What becomes of the answers of one key."""

    def __init__(self, response: IntegrationResponse) -> None:
        key = response.integration_response_key
        self._pattern = None if key == "$default" else re.compile(key.strip("/"))
        expression = response.template_selection_expression
        self.templates = Templates(response.response_templates, expression, ANSWER)

    def fits(self, key: str) -> bool:
        """Whether answers of this key are meant; `$default` means all."""
        return self._pattern is None or self._pattern.fullmatch(key) is not None


class Mapped:
    """An integration with mappings. Raises ValueError and TemplateError for what cannot be read."""

    def __init__(
        self,
        integration: Integration,
        responses: Iterable[IntegrationResponse],
        stage: StagePoint,
        backend: Backend,
    ) -> None:
        self._backend = backend
        self._stage = stage
        self._requests = Templates(
            integration.request_templates, integration.template_selection_expression, MESSAGE
        )
        behavior = integration.passthrough_behavior
        self._passes = behavior in (None, "WHEN_NO_MATCH") or (
            behavior == "WHEN_NO_TEMPLATES" and not self._requests.given
        )
        self._key = Selection(integration.integration_response_selection_expression or BY_STATUS, ANSWER)
        by_default_last = sorted(responses, key=lambda one: one.integration_response_key == "$default")
        self._responses = [ResponseTemplates(response) for response in by_default_last]
        self._silent = integration.integration_type == "MOCK"

    async def answer(self, exchange: Exchange) -> Answer:
        """The mapped answer. Raises Refused."""
        told = Told(exchange, self._stage)
        try:
            body = await self._body(exchange, told)
            return await self._mapped(told, await self._backend.answer(told, body))
        except RestRefused as refused:
            raise Refused(translated(refused)) from refused

    async def _body(self, exchange: Exchange, told: Told) -> bytes:
        document = decoded(exchange.body or "")
        template = self._requests.chosen(lambda name: member(document, name.removeprefix("request.body")))
        if template is None:
            if not self._passes:
                raise Refused(refusals.UNSUPPORTED_MEDIA_TYPE)
            return told.request.body
        written, overrides = await apply(template, told, told.request.body)
        if overrides.request:
            told.overrides = overrides.request
        return written.encode("utf-8", "replace")

    async def _mapped(self, told: Told, answered: Answered) -> Answer:
        status = int(answered.selector) if re.fullmatch(r"[1-5]\d\d", answered.selector) else 200
        document = decoded(answered.body.decode("utf-8", "replace"))

        def lookup(name: str) -> Any:
            if name == "integration.response.statuscode":
                return status
            if name.startswith("integration.response.header."):
                values = answered.headers.get(name.removeprefix("integration.response.header.").lower())
                return values[-1] if values else None
            return member(document, name.removeprefix("integration.response.body"))

        key = self._key.of(lookup)
        response = next((each for each in self._responses if each.fits(key)), None)
        template = response.templates.chosen(lookup) if response else None
        if template is None:
            return Answer(status, b"" if self._silent else answered.body)
        written, overrides = await apply(template, told, answered.body)
        return Answer(overrides.status or status, written.encode("utf-8", "replace"))


class Passed:
    """HTTP_PROXY: the message goes to an address as it is, the answer comes back as it is."""

    def __init__(self, endpoint: HttpEndpoint, stage: StagePoint) -> None:
        self._endpoint = endpoint
        self._stage = stage

    async def answer(self, exchange: Exchange) -> Answer:
        """What the address answers. Raises Refused."""
        told = Told(exchange, self._stage)
        headers = {name: text for name, text in told.headers().items() if sent_on(name)}
        if exchange.request is None:
            headers = {"Content-Type": "application/json"}
        outgoing = self._endpoint.outgoing(told, headers, told.request.query, told.request.body)
        try:
            incoming = await self._endpoint.call(outgoing)
        except RestRefused as refused:
            raise Refused(translated(refused)) from refused
        given = {name.lower(): text for name, text in incoming.headers}
        return Answer(incoming.status, incoming.body, given)


def sent_on(name: str) -> bool:
    """Whether a handshake's header concerns more than the handshake."""
    lower = name.lower()
    return lower not in NOT_SENT_ON and not lower.startswith("sec-websocket-")


def translated(refused: RestRefused) -> refusals.Refusal:
    """How a WebSocket API words what its integration met."""
    by_status = {413: refusals.TOO_LARGE, 415: refusals.UNSUPPORTED_MEDIA_TYPE, 504: refusals.TIMED_OUT}
    return by_status.get(refused.refusal.status, refusals.INTERNAL_SERVER_ERROR)
