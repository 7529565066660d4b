"""AWS_PROXY with a subtype: a request becomes one call of an AWS service, and what that answers is the answer.

As recorded on AWS: a parameter whose expression finds nothing is 400, needed or not, and whatever error the service
answers is 500. SQS answers in XML, as its query protocol has it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

from dewstack.apigateway.http_api import responses
from dewstack.apigateway.http_api.exchange import Exchange
from dewstack.apigateway.http_api.http_proxy import answered
from dewstack.apigateway.http_api.parameter_mapping import Facts, Value, value
from dewstack.apigateway.http_api.payload import Constants, Identity
from dewstack.apigateway.http_api.responses import GatewayResponse
from dewstack.apigateway.http_api.service_subtypes import REGION, SUBTYPES
from dewstack.apigateway.v2.model import Integration
from dewstack.http import Request, Response
from dewstack.wire.model import ServiceModel, Shape, load_model
from dewstack.wire.timestamps import parse, serialize

if TYPE_CHECKING:
    from dewstack.apigateway.http_api.service_subtypes import Subtype

log = logging.getLogger(__name__)

Forward = Callable[[Request], Awaitable[Response]]
"""Answers a request to an AWS API."""


class ServiceIntegration:
    """One integration of one route. `region` is where calls go whose parameters name none."""

    def __init__(self, integration: Integration, constants: Constants, region: str, forward: Forward) -> None:
        subtype = SUBTYPES[integration.integration_subtype or ""]
        model = load_model(subtype.service)
        assert model is not None
        self._subtype = subtype
        self._constants = constants
        self._region = region
        self._forward = forward
        self._timeout = integration.timeout_in_millis / 1000
        self._parameters: list[tuple[str, Value]] = [
            (name, value(text)) for name, text in (integration.request_parameters or {}).items()
        ]
        self._call = CALLS.get(subtype.service, _JsonCall)(subtype, model)

    async def respond(
        self, exchange: Exchange, parameters: Mapping[str, str] | None, identity: Identity | None
    ) -> Response:
        """What the service answers. Raises GatewayResponse: 400 where a parameter is missing or isn't of its type, 500
        where the service refuses, 503 where it takes too long."""
        facts = Facts(exchange, self._constants, parameters or {}, identity)
        given = {name: made(facts) for name, made in self._parameters}
        if not all(given.values()):
            raise GatewayResponse(responses.BAD_REQUEST)
        try:
            request = self._request(given, exchange.request.source_ip)
        except (ValueError, msgspec.DecodeError) as error:
            raise GatewayResponse(responses.BAD_REQUEST) from error
        began = monotonic()
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._forward(request)
        except TimeoutError:
            raise GatewayResponse(responses.SERVICE_UNAVAILABLE) from None
        exchange.integration_ms = (monotonic() - began) * 1000
        if response.status >= 400:
            subtype = self._subtype
            log.warning(
                "%s %s answers %d: %.500r", subtype.service, subtype.action, response.status, response.body
            )
            raise GatewayResponse(responses.INTERNAL_SERVER_ERROR)
        headers = [(name.decode("latin-1"), text.decode("latin-1")) for name, text in response.headers]
        return Response(response.status, response.body, answered(headers))

    def _request(self, given: dict[str, str], source_ip: str) -> Request:
        """The call. Raises ValueError, or DecodeError, for a parameter that isn't of its type."""
        service, region = self._subtype.service, given.pop(REGION, self._region)
        head, body = self._call.write(given)
        signature = (
            f"AWS4-HMAC-SHA256 Credential={self._constants.account_id}/20000101/{region}/{service}/aws4_request,"
            " SignedHeaders=host, Signature=apigateway"
        )
        lines = {
            "Host": f"{service}.{region}.amazonaws.com",
            "Authorization": signature,
            "X-Amz-Date": "20000101T000000Z",
            **head,
        }
        headers = [(name.encode(), text.encode("latin-1", "replace")) for name, text in lines.items()]
        return Request("POST", "/", "", headers, body, source_ip)


class _JsonCall:
    """A call in JSON. Events go in one by one, each a list of one."""

    def __init__(self, subtype: "Subtype", model: ServiceModel) -> None:
        self._shape, self._wrap = _input(model, subtype.action), ""
        if subtype.action == "PutEvents":
            self._wrap = "Entries"
            self._shape = self._shape.members["Entries"].shape.member.shape
        metadata = model.metadata
        self._head = {
            "X-Amz-Target": f"{metadata['targetPrefix']}.{subtype.action}",
            "Content-Type": f"application/x-amz-json-{metadata['jsonVersion']}",
        }

    def write(self, given: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
        """Headers and body. Raises ValueError."""
        written: dict[str, Any] = _typed(self._shape, given)
        return self._head, msgspec.json.encode({self._wrap: [written]} if self._wrap else written)


class _FormCall:
    """A call in the query protocol."""

    def __init__(self, subtype: "Subtype", model: ServiceModel) -> None:
        self._shape = _input(model, subtype.action)
        self._asked = {"Action": subtype.action, "Version": model.metadata["apiVersion"]}

    def write(self, given: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
        """Headers and body. Raises ValueError."""
        pairs = dict(self._asked)
        for name, typed in _typed(self._shape, given).items():
            _flatten(pairs, name, typed)
        head = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        return head, urlencode(pairs).encode()


CALLS: Mapping[str, type[_JsonCall] | type[_FormCall]] = {"sqs": _FormCall}
"""Services that are not called in JSON."""


def _input(model: ServiceModel, action: str) -> Shape:
    operation = model.operation(action)
    assert operation is not None and operation.input is not None
    return operation.input


def _typed(shape: Shape, given: Mapping[str, str]) -> dict[str, Any]:
    """Parameters of the types that the call wants. Raises ValueError, DecodeError."""
    return {
        name: TYPES.get(shape.members[name].shape.type, str)(text)
        for name, text in given.items()
        if name in shape.members
    }


def _list(text: str) -> list[Any]:
    """`["a", "b"]`, or `a, b`."""
    if text.lstrip().startswith("["):
        return list(msgspec.json.decode(text, type=list[Any]))
    return [part.strip() for part in text.split(",")]


def _map(text: str) -> dict[str, Any]:
    return msgspec.json.decode(text, type=dict[str, Any])


def _epoch(text: str) -> Any:
    return serialize(parse(text, "iso8601"), "unixTimestamp")


TYPES: Mapping[str, Callable[[str], Any]] = {
    "integer": int,
    "long": int,
    "list": _list,
    "map": _map,
    "timestamp": _epoch,
}


def _flatten(pairs: dict[str, str], name: str, typed: Any) -> None:
    """A parameter as the query protocol of SQS writes it: `MessageAttribute.1.Name`, `AttributeName.1`."""
    single = name.removesuffix("s")
    if isinstance(typed, list):
        pairs |= {f"{single}.{number}": str(each) for number, each in enumerate(typed, 1)}
    elif isinstance(typed, dict):
        for number, (key, held) in enumerate(typed.items(), 1):
            pairs[f"{single}.{number}.Name"] = key
            members = held.items() if isinstance(held, dict) else {"": held}.items()
            for member, text in members:
                pairs[f"{single}.{number}.Value.{member}".rstrip(".")] = str(text)
    else:
        pairs[name] = str(typed)
