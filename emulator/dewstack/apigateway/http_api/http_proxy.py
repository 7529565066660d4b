"""HTTP_PROXY: the client's request goes on to an address elsewhere, and the answer comes back."""

import asyncio
import logging
import re
from collections.abc import Mapping
from http.client import HTTPException
from time import monotonic
from urllib.parse import quote, urlsplit

from dewstack.apigateway.http_api import responses
from dewstack.apigateway.http_api.exchange import Exchange
from dewstack.apigateway.http_api.payload import NOT_FROM_FUNCTION, Identity
from dewstack.apigateway.http_api.responses import GatewayResponse
from dewstack.apigateway.integrations import STAGE_VARIABLE
from dewstack.apigateway.outgoing import NOT_SENT_BACK, NOT_SENT_ON, Outgoing, started
from dewstack.apigateway.responses import canonical, header_value
from dewstack.http import Headers, Response

log = logging.getLogger(__name__)

TOGETHER = 64
"""Requests that one integration has under way at the same time."""
PLACEHOLDER = re.compile(r"\{([\w.-]+)\+?\}")
ANY = "ANY"
SAFE = "/%:@!$&'()*+,;=~-._"


class HttpProxy:
    """One integration's address. `{name}` in it is a path parameter, `${stageVariables.name}` a stage variable."""

    def __init__(self, uri: str, method: str, timeout: float, variables: Mapping[str, str]) -> None:
        self._uri = STAGE_VARIABLE.sub(lambda match: variables.get(match[1], ""), uri)
        self._method = method
        self._timeout = timeout
        self._slots = asyncio.Semaphore(TOGETHER)

    async def respond(
        self, exchange: Exchange, parameters: Mapping[str, str] | None, identity: Identity | None
    ) -> Response:
        """The answer. Raises GatewayResponse: 503 where it cannot be had, 500 where the address is none."""
        request = self._outgoing(exchange, parameters or {})
        began = monotonic()
        try:
            async with asyncio.timeout(self._timeout), self._slots:
                incoming = await asyncio.wrap_future(started(request, self._timeout))
        except TimeoutError:
            raise GatewayResponse(responses.SERVICE_UNAVAILABLE) from None
        except (OSError, HTTPException) as error:
            log.warning("%s %s: %s", request.method, request.url, error)
            raise GatewayResponse(responses.SERVICE_UNAVAILABLE) from error
        except ValueError as error:
            log.warning("%s %s: %s", request.method, request.url, error)
            raise GatewayResponse(responses.INTERNAL_SERVER_ERROR) from error
        exchange.integration_ms = (monotonic() - began) * 1000
        return Response(incoming.status, incoming.body, answered(incoming.headers))

    def _outgoing(self, exchange: Exchange, parameters: Mapping[str, str]) -> Outgoing:
        url = PLACEHOLDER.sub(lambda match: quote(parameters.get(match[1], ""), safe=SAFE), self._uri)
        if exchange.target_path:
            url = urlsplit(url)._replace(path=quote(exchange.target_path, safe=SAFE)).geturl()
        if exchange.query:
            url += ("&" if "?" in url else "?") + exchange.query
        request = exchange.request
        headers = {name: value for name, value in exchange.headers.items() if name not in NOT_SENT_ON}
        headers.pop("content-length", None)
        method = request.method if self._method == ANY else self._method
        return Outgoing(method, url, headers, request.body)


def answered(headers: list[tuple[str, str]]) -> Headers:
    """The address's headers for the client, spelled as an HTTP API spells them."""
    named = ((canonical(name), name.lower(), value) for name, value in headers)
    return [
        (key, header_value(value))
        for key, lower, value in named
        if key is not None and lower not in NOT_SENT_BACK and key not in NOT_FROM_FUNCTION
    ]
