"""The way in of an integration with mappings: which template makes its request out of the client's."""

import asyncio
import base64
import logging
from collections.abc import Mapping

from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.mapping_template import MappingTemplate, mapping_template
from dewstack.apigateway.rest_api.media_types import BinaryMediaTypes
from dewstack.apigateway.rest_api.model import Integration
from dewstack.apigateway.rest_api.refusals import INTERNAL_SERVER_ERROR, UNSUPPORTED_MEDIA_TYPE, Refused
from dewstack.apigateway.rest_api.rendering import Overrides, TemplateError

log = logging.getLogger(__name__)

JSON = "application/json"
LARGE = 64 * 1024
"""Bytes of a body from which on its template is rendered off the loop."""


class RequestMapping:
    """The request templates of an integration. Raises TemplateError for one that cannot be read."""

    def __init__(self, integration: Integration, binary: BinaryMediaTypes) -> None:
        given = integration.request_templates or {}
        self._templates: Mapping[str, MappingTemplate] = {
            content_type.lower(): mapping_template(source) for content_type, source in given.items()
        }
        self._passes = integration.passthrough_behavior == "WHEN_NO_MATCH" or (
            integration.passthrough_behavior == "WHEN_NO_TEMPLATES" and not self._templates
        )
        self._to_text = integration.content_handling == "CONVERT_TO_TEXT"
        self._binary = binary

    async def body(self, exchange: Exchange) -> bytes:
        """The request's body as the integration gets it. Raises Refused."""
        content_type = exchange.header("content-type")
        media_type = (content_type or JSON).partition(";")[0].strip().lower()
        template = self._templates.get(media_type)
        body = exchange.request.body
        if self._to_text and self._binary.match(content_type):
            body = base64.b64encode(body)
        if template is None:
            if not self._passes:
                raise Refused(UNSUPPORTED_MEDIA_TYPE)
            return body
        written, overrides = await apply(template, exchange, body)
        if overrides.request:
            exchange.overrides = overrides.request
        return written.encode("utf-8", "replace")


async def apply(template: MappingTemplate, exchange: Exchange, body: bytes) -> tuple[str, Overrides]:
    """What a template makes of a body; a large one in a worker thread. Raises Refused: 500 where it fails."""
    text = body.decode("utf-8", "replace")
    try:
        if len(body) > LARGE:
            return await asyncio.to_thread(template.render, exchange, text)
        return template.render(exchange, text)
    except TemplateError as error:
        log.warning("%s %s: a mapping template fails: %s", exchange.request.method, exchange.path, error)
        raise Refused(INTERNAL_SERVER_ERROR) from error
