"""HTTP and HTTP_PROXY integrations: an address elsewhere, asked from a worker thread, within bounds of time and size.

HTTP sends what is mapped and nothing else; HTTP_PROXY sends the client's request on and the answer back.
"""

import asyncio
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from urllib.parse import quote, urlencode

from dewstack.apigateway.integrations import STAGE_VARIABLE
from dewstack.apigateway.outgoing import NOT_SENT_BACK, NOT_SENT_ON, Incoming, Outgoing, started
from dewstack.apigateway.responses import header_value
from dewstack.apigateway.rest_api.endpoint import StagePoint
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.mapping import Answer, Expression, NotAnExpression, expression
from dewstack.apigateway.rest_api.model import Integration
from dewstack.apigateway.rest_api.payload import response_header_name
from dewstack.apigateway.rest_api.refusals import (
    INTEGRATION_TIMEOUT,
    INTERNAL_SERVER_ERROR,
    NETWORK_ERROR,
    Refused,
)
from dewstack.http import Headers, Response

log = logging.getLogger(__name__)

TOGETHER = 64
"""Requests that one integration has under way at the same time."""
PLACEHOLDER = re.compile(r"\{([\w.-]+)\+?\}")
TARGET = re.compile(r"integration\.request\.(header|querystring|path)\.(.+)")


class HttpEndpoint:
    """The address of an integration, and what is mapped for it. Raises NotAnExpression."""

    def __init__(self, integration: Integration, stage: StagePoint) -> None:
        uri = integration.uri or ""
        self._uri = STAGE_VARIABLE.sub(lambda match: stage.variables.get(match[1], ""), uri)
        self._method = integration.http_method or "ANY"
        self.timeout = integration.timeout_in_millis / 1000
        self._slots = asyncio.Semaphore(TOGETHER)
        tls = integration.tls_config
        self._verified = tls is None or not tls.insecure_skip_verification
        self._user_agent = f"AmazonAPIGateway_{stage.api_id}"
        self._mapped: dict[str, list[tuple[str, Expression]]] = {"header": [], "path": [], "querystring": []}
        for target, text in (integration.request_parameters or {}).items():
            match = TARGET.fullmatch(target)
            if match is None:
                raise NotAnExpression(f"{target!r} is not a parameter of an integration request")
            self._mapped[match[1]].append((match[2], expression(text)))

    def outgoing(self, exchange: Exchange, headers: Mapping[str, str], query: str, body: bytes) -> Outgoing:
        """The request that is made of these and of what is mapped."""
        path = self._values("path", exchange)
        url = PLACEHOLDER.sub(
            lambda match: quote(path.get(match[1], ""), safe="/%:@!$&'()*+,;=~-._"), self._uri
        )
        mapped = urlencode(self._values("querystring", exchange))
        wanted = "&".join(part for part in (query, mapped) if part)
        if wanted:
            url += ("&" if "?" in url else "?") + quote(wanted, safe="/%:@!$&'()*+,;=~-._?[]")
        sent = {"User-Agent": self._user_agent, **headers, **self._values("header", exchange)}
        overridden = exchange.overrides.get("header")
        if overridden:
            gone = {name.lower() for name in overridden}
            sent = {name: value for name, value in sent.items() if name.lower() not in gone}
            sent.update(overridden)
        method = exchange.request.method if self._method == "ANY" else self._method
        return Outgoing(method, url, sent, body, self._verified)

    def _values(self, place: str, exchange: Exchange) -> dict[str, str]:
        found = ((name, value(exchange, Answer())) for name, value in self._mapped[place])
        values = {name: value for name, value in found if value is not None}
        if place != "header" and place in exchange.overrides:
            values.update(exchange.overrides[place])
        return values

    async def call(self, request: Outgoing) -> Incoming:
        """What the endpoint answers. Raises Refused: 504 when it cannot be reached or takes too long."""
        with self.refusing(request):
            async with asyncio.timeout(self.timeout):
                async with self._slots:
                    return await asyncio.wrap_future(started(request, self.timeout))

    @contextmanager
    def refusing(self, request: Outgoing) -> Iterator[None]:
        """Make Refused of what goes wrong with a request: 504, or 500 where it is none."""
        try:
            yield
        except TimeoutError:
            raise Refused(INTEGRATION_TIMEOUT) from None
        except (OSError, HTTPException) as error:
            log.warning("%s %s: %s", request.method, request.url, error)
            raise Refused(NETWORK_ERROR) from error
        except ValueError as error:
            log.warning("%s %s: %s", request.method, request.url, error)
            raise Refused(INTERNAL_SERVER_ERROR) from error


class HttpBackend:
    """HTTP: what the mappings make goes out, and their answer comes back."""

    def __init__(self, endpoint: HttpEndpoint) -> None:
        self._endpoint = endpoint

    async def answer(self, exchange: Exchange, body: bytes) -> Answer:
        """The endpoint's answer, selected by its status. Raises Refused."""
        content_type = exchange.header("content-type") or "application/json"
        request = self._endpoint.outgoing(exchange, {"Content-Type": content_type} if body else {}, "", body)
        incoming = await self._endpoint.call(request)
        headers: dict[str, list[str]] = {}
        for name, value in incoming.headers:
            headers.setdefault(name.lower(), []).append(value)
        return Answer(str(incoming.status), incoming.body, headers)


class HttpProxy:
    """HTTP_PROXY: the client's request goes on, the answer comes back."""

    def __init__(self, endpoint: HttpEndpoint) -> None:
        self._endpoint = endpoint

    async def respond(self, exchange: Exchange) -> Response:
        """The endpoint's answer. Raises Refused."""
        incoming = await self._endpoint.call(passed_on(self._endpoint, exchange))
        return Response(incoming.status, incoming.body, answered(incoming.headers))


def passed_on(endpoint: HttpEndpoint, exchange: Exchange) -> Outgoing:
    """The client's request for the endpoint."""
    headers = {
        name: ", ".join(values)
        for name, values in exchange.header_lines.items()
        if name.lower() not in NOT_SENT_ON
    }
    request = exchange.request
    return endpoint.outgoing(exchange, headers, request.query, request.body)


def answered(headers: list[tuple[str, str]]) -> Headers:
    """The endpoint's headers for the client."""
    named = (
        (None if name.lower() in NOT_SENT_BACK else response_header_name(name), value)
        for name, value in headers
    )
    return [(key, header_value(value)) for key, value in named if key is not None]
