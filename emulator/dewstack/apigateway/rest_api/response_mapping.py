"""The way out of an integration with mappings: which of its integration responses holds, and what it makes of the
answer."""

import base64
import binascii
import logging
import re
from collections.abc import Iterable, Mapping

from dewstack.apigateway.responses import TOKEN, header_value
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.mapping import Answer, Expression, NotAnExpression, expression
from dewstack.apigateway.rest_api.mapping_template import MappingTemplate, mapping_template
from dewstack.apigateway.rest_api.model import IntegrationResponse
from dewstack.apigateway.rest_api.payload import response_header_name
from dewstack.apigateway.rest_api.refusals import API_CONFIGURATION_ERROR, INTERNAL_SERVER_ERROR, Refused
from dewstack.apigateway.rest_api.request_mapping import JSON, apply
from dewstack.http import Headers, Response

log = logging.getLogger(__name__)

HEADER = "method.response.header."


class BadMapping(ValueError):
    """An integration response that cannot work; the message says why."""


class ResponseMapping:
    """The integration responses of an integration. Raises BadMapping, or TemplateError."""

    def __init__(self, responses: Iterable[IntegrationResponse]) -> None:
        compiled = [_Compiled(response) for response in responses]
        self._patterned = [one for one in compiled if one.pattern is not None]
        self._default = next((one for one in compiled if one.pattern is None), None)

    async def response(self, exchange: Exchange, answer: Answer) -> Response:
        """What the client gets for an answer. Raises Refused: 500 where no response is for it."""
        chosen = next((one for one in self._patterned if one.holds(answer.selector)), self._default)
        if chosen is None:
            log.warning(
                "%s %s: no integration response is for %.200r, and none is the default",
                exchange.request.method,
                exchange.path,
                answer.selector,
            )
            raise Refused(API_CONFIGURATION_ERROR)
        return await chosen.response(exchange, answer)


class _Compiled:
    """One integration response."""

    def __init__(self, response: IntegrationResponse) -> None:
        if not re.fullmatch("[1-5][0-9][0-9]", response.status_code):
            raise BadMapping(f"{response.status_code!r} is no status code")
        self._status = int(response.status_code)
        try:
            self.pattern = re.compile(response.selection_pattern) if response.selection_pattern else None
        except re.error as error:
            raise BadMapping(f"its selectionPattern {response.selection_pattern!r}: {error}") from None
        self._headers = [
            _mapped(target, text) for target, text in (response.response_parameters or {}).items()
        ]
        self._templates: Mapping[str, MappingTemplate | None] = {
            content_type.lower(): mapping_template(source) if source else None
            for content_type, source in (response.response_templates or {}).items()
        }
        self._to_binary = response.content_handling == "CONVERT_TO_BINARY"

    def holds(self, selector: str) -> bool:
        """Whether this response is for the status or error message `selector`."""
        return self.pattern is not None and self.pattern.fullmatch(selector) is not None

    async def response(self, exchange: Exchange, answer: Answer) -> Response:
        content_type, template = self._template(exchange.header("accept"))
        body, status = answer.body, self._status
        overridden: Mapping[str, str] = {}
        if template is not None:
            written, overrides = await apply(template, exchange, body)
            body, status = written.encode("utf-8", "replace"), overrides.status or status
            overridden = overrides.headers
        if self._to_binary:
            try:
                body = base64.b64decode(body, validate=True)
            except (binascii.Error, ValueError):
                raise Refused(INTERNAL_SERVER_ERROR) from None
        return Response(status, body, self._head(exchange, answer, content_type, overridden))

    def _template(self, accept: str | None) -> tuple[str, MappingTemplate | None]:
        """The content type of the answer and the template for it: by Accept, else for JSON, else the first."""
        templates = self._templates
        wanted = (accept or "").partition(",")[0].partition(";")[0].strip().lower()
        for content_type in (wanted, JSON, *templates):
            if content_type in templates:
                return content_type, templates[content_type]
        return JSON, None

    def _head(
        self, exchange: Exchange, answer: Answer, content_type: str, overridden: Mapping[str, str]
    ) -> Headers:
        headers = {"content-type": (b"Content-Type", content_type.encode())}
        mapped = ((name, value(exchange, answer)) for name, value in self._headers)
        for name, found in (*mapped, *overridden.items()):
            key = response_header_name(name)
            if key is not None and found is not None:
                headers[name.lower()] = (key, header_value(found))
        return list(headers.values())


def _mapped(target: str, text: str) -> tuple[str, Expression]:
    name = target.removeprefix(HEADER)
    if name == target or not TOKEN.fullmatch(name):
        raise BadMapping(f"{target!r} names no {HEADER}*")
    try:
        return name, expression(text)
    except NotAnExpression as error:
        raise BadMapping(str(error)) from None
