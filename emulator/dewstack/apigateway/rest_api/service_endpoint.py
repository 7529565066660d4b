"""AWS integrations with other services than Lambda: `arn:aws:apigateway:REGION:sqs:path/…` and `…:kinesis:action/…`.

The request is made in the service's own protocol, as API Gateway makes it, and goes to the AWS endpoint in this
process. Services of the query protocol answer API Gateway in JSON.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl, urlsplit

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from dewstack.apigateway.integrations import STAGE_VARIABLE
from dewstack.apigateway.outgoing import Outgoing
from dewstack.apigateway.rest_api.endpoint import StagePoint
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.http_endpoint import HttpEndpoint
from dewstack.apigateway.rest_api.mapping import Answer
from dewstack.apigateway.rest_api.model import Integration
from dewstack.apigateway.rest_api.query_answer import QueryAnswers
from dewstack.apigateway.rest_api.query_compatible import QueryCompatible
from dewstack.apigateway.rest_api.refusals import INTEGRATION_TIMEOUT, Refused
from dewstack.apigateway.rest_api.response_mapping import BadMapping
from dewstack.http import Headers, Request, Response
from dewstack.wire.identify import SIGNING_NAMES
from dewstack.wire.model import ServiceModel, load_model

log = logging.getLogger(__name__)

Forward = Callable[[Request], Awaitable[Response]]
"""Answers a request to an AWS API."""
URI = re.compile(
    r"arn:aws[a-z-]*:apigateway:(?P<region>[a-z0-9-]+):(?:(?P<subdomain>[\w.-]+)\.)?(?P<service>[a-z0-9-]+)"
    r":(?P<kind>path|action)/(?P<rest>.*)"
)
REFUSED: Mapping[str, str] = {"states": "no state machine runs here"}
"""Services that would take the request and do nothing."""
FROM_QUERY = frozenset({"ssm"})
"""Services of JSON whose parameters API Gateway takes out of the query, as their first protocol had them."""
FORM = "application/x-www-form-urlencoded"


class ServiceUri(Struct, frozen=True):
    """What an integration's URI means: `host` in `region`, the service by its signing name, a path or an action."""

    region: str
    service: str
    host: str
    path: str
    action: str | None


def service_uri(uri: str, variables: Mapping[str, str]) -> ServiceUri | None:
    """What `uri` means, its stage variables filled in; None where it is no service's."""
    match = URI.fullmatch(STAGE_VARIABLE.sub(lambda found: variables.get(found[1], ""), uri))
    if match is None:
        return None
    region, service, rest = match["region"], match["service"], match["rest"]
    host = f"{service}.{region}.amazonaws.com"
    if match["subdomain"]:
        host = f"{match['subdomain']}.{host}"
    if match["kind"] == "action":
        return ServiceUri(region, service, host, "/", rest)
    return ServiceUri(region, service, host, "/" + rest.lstrip("/"), None)


class ServiceBackend:
    """AWS with a service: what the mappings make goes to it. Raises BadMapping for a service that isn't there."""

    def __init__(
        self, uri: ServiceUri, integration: Integration, stage: StagePoint, forward: Forward
    ) -> None:
        if uri.service in REFUSED:
            raise BadMapping(f"{uri.service} is not emulated behind an API: {REFUSED[uri.service]}")
        model = load_model(SIGNING_NAMES.get(uri.service, uri.service))
        if model is None:
            raise BadMapping(f"there is no AWS service {uri.service!r}")
        target = replace(integration, uri=f"https://{uri.host}{uri.path}")
        self._endpoint = HttpEndpoint(target, stage)
        self._forward = forward
        self._timeout = integration.timeout_in_millis / 1000
        self._uri = uri
        self._answers = QueryAnswers(model) if "query" in model.protocols else None
        self._compatible = QueryCompatible(model) if "awsQueryCompatible" in model.metadata else None
        self._added = {} if self._answers else _added(uri, model)
        self._query = f"Action={uri.action}&Version={model.metadata['apiVersion']}"
        by_query = self._answers is not None or self._compatible is not None
        self._asks_by_query = uri.action is not None and by_query
        self._signature = (
            f"AWS4-HMAC-SHA256 Credential={stage.account_id}/20000101/{uri.region}/{uri.service}/aws4_request,"
            " SignedHeaders=host, Signature=apigateway"
        ).encode()

    async def answer(self, exchange: Exchange, body: bytes) -> Answer:
        """The service's answer, selected by its status. Raises Refused."""
        given = {"Content-Type": exchange.header("content-type") or "application/json"} | self._added
        outgoing = self._endpoint.outgoing(exchange, given, self._query if self._asks_by_query else "", body)
        request = self._request(exchange, outgoing)
        asked = self._compatible.asked(request) if self._compatible else None
        if asked:
            request = asked[1]
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._forward(request)
        except TimeoutError:
            raise Refused(INTEGRATION_TIMEOUT) from None
        if response.status >= 400:
            log.info(
                "%s %s answers %d %.500r", self._uri.service, outgoing.url, response.status, response.body
            )
        headers: dict[str, list[str]] = {}
        for name, value in response.headers:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        written = response.body
        if self._compatible and asked:
            written = self._compatible.answered(asked[0], response, exchange.request_id)
        elif self._answers is not None and "xml" in headers.get("content-type", [""])[0]:
            written = self._answers.as_json(written)
        return Answer(str(response.status), written, headers)

    def _request(self, exchange: Exchange, outgoing: Outgoing) -> Request:
        parts = urlsplit(outgoing.url)
        body = outgoing.body if outgoing.method not in ("GET", "HEAD") else b""
        if self._uri.service in FROM_QUERY and self._uri.action:
            body = msgspec.json.encode(dict(parse_qsl(parts.query, keep_blank_values=True)))
        headers = {name.lower(): value for name, value in outgoing.headers.items()}
        if self._answers is not None and "x-amz-target" not in headers:
            # Parameters in the query count whatever the body is; a body counts where it is a form.
            body = body if headers["content-type"].startswith(FORM) else b""
            headers["content-type"] = FORM
        sent: Headers = [
            (name.encode("latin-1", "replace"), value.encode("utf-8", "replace"))
            for name, value in headers.items()
            if name not in ("host", "authorization", "accept")
        ]
        sent += [(b"Host", self._uri.host.encode()), (b"Authorization", self._signature)]
        sent += [(b"X-Amz-Date", b"20000101T000000Z"), (b"Accept", b"application/json")]
        return Request(
            outgoing.method, parts.path or "/", parts.query, sent, body, exchange.request.source_ip
        )


def _added(uri: ServiceUri, model: ServiceModel) -> dict[str, str]:
    """The headers by which a service of JSON learns which action is meant."""
    prefix = model.metadata.get("targetPrefix")
    if uri.action is None or prefix is None or "awsQueryCompatible" in model.metadata:
        return {}
    version = model.metadata.get("jsonVersion", "1.0")
    return {"X-Amz-Target": f"{prefix}.{uri.action}", "Content-Type": f"application/x-amz-json-{version}"}
