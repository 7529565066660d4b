"""The AWS API: a table of operations, called in this process or over HTTP in any of AWS's protocols."""

import logging
import zlib
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from msgspec.structs import replace

from dewstack import ids
from dewstack.config import Caller, Config
from dewstack.errors import AwsError, NotEmulated
from dewstack.http import Request, Response
from dewstack.wire.errors import SerializationException, not_emulated, validation_error
from dewstack.wire.identify import Identity, identify, is_aws_request
from dewstack.wire.model import Operation, ServiceModel, load_model
from dewstack.wire.origins import CORS_HEADERS, preflight, refuse_strangers
from dewstack.wire.peek import Peek
from dewstack.wire.protocol import JsonProtocol, Labels, WireProtocol
from dewstack.wire.query import QueryProtocol
from dewstack.wire.refusals import CborRefusal, Ec2Refusal, RestXmlRefusal
from dewstack.wire.registry import Elsewhere, Registry
from dewstack.wire.rest_json import RestJsonProtocol
from dewstack.wire.validate import describe, violations

T = TypeVar("T")
_THREADS = 16
_LARGE_BODY = 256 * 1024
"""Bytes from which a body is decoded off the loop: a function's zip takes a tenth of a second."""
_MAX_INFLATED = 64 * 1024 * 1024
_BY_PATH = frozenset({"rest-json", "rest-xml"})
_LOG = logging.getLogger("dewstack")


class Guard(Protocol):
    """Decides on the calls of functions and other holders of credentials that are known (`iam.Iam`)."""

    def account_of(self, access_key_id: str | None) -> str | None:
        """The account that known temporary credentials belong to. Cheap: every call asks."""

    def holds(self, access_key_id: str | None) -> bool:
        """Whether `check` has anything to say of calls signed with this key. Cheap."""

    async def check(
        self,
        request: Request,
        caller: Caller,
        service: tuple[str, str, str],
        operation: str,
        params: Mapping[str, Any],
    ) -> None:
        """Raise the AwsError of a call that may not be made. `service` is boto3's name, its signing name and its
        protocol; params are by their names on the wire."""


class AwsApi(Registry):
    """The operations that are registered, over HTTP."""

    def __init__(self, config: Config, elsewhere: Elsewhere | None = None) -> None:
        super().__init__(elsewhere)
        self._config = config
        self.guard: Guard | None = None
        self._peek = Peek()
        self._models: dict[str, ServiceModel] = {}
        self._protocols: dict[str, WireProtocol] = {
            "json": JsonProtocol(),
            "rest-json": RestJsonProtocol(),
            "query": QueryProtocol(),
            "rest-xml": RestXmlRefusal(),
            "ec2": Ec2Refusal(),
            "smithy-rpc-v2-cbor": CborRefusal(),
        }

    async def check(self, service: str, operation: str, params: dict[str, Any]) -> None:
        """Check params that did not come over a wire against the model; what is not in it passes.

        Raises the service's own validation error.
        """
        model = await self._model(service)
        known = model.operation(operation) if model else None
        shape = known.input if known else None
        broken = list(violations(shape, params)) if shape else []
        if broken:
            raise validation_error(service, describe(broken))

    def is_aws_request(self, request: Request) -> bool:
        """Whether `request` is for `handle`."""
        return is_aws_request(request)

    async def handle(self, request: Request) -> Response:
        """Answer a request to an AWS API as AWS would. Never raises an error of the operation."""
        if request.method == "OPTIONS":
            return preflight(request)
        request_id = ids.uuid4()
        identity = self._with_account(identify(request, self._config))
        model = await self._model(identity.service)
        protocol = self._protocols[_protocol_name(request, model)]
        try:
            response = await self._answer(request, identity, model, protocol, request_id)
        except AwsError as error:
            response = protocol.error(model, error, request_id)
        except Exception:
            _LOG.exception("%s %s failed", request.method, request.raw_path)
            response = protocol.error(model, AwsError("The request processing has failed."), request_id)
        if request.header("origin"):
            response.headers += CORS_HEADERS
        return response

    def _with_account(self, identity: Identity) -> Identity:
        """The identity in the account that its credentials belong to."""
        caller = identity.caller
        account = self.guard.account_of(caller.access_key_id) if self.guard else None
        if account is None or account == caller.account_id:
            return identity
        return replace(identity, caller=replace(caller, account_id=account))

    async def _check(
        self,
        request: Request,
        caller: Caller,
        model: ServiceModel | None,
        called: tuple[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Ask the guard about a call by one of those he watches. Raises what AWS would answer."""
        if self.guard is None or model is None or not self.guard.holds(caller.access_key_id):
            return
        protocol = _protocol_name(request, model)
        operation, params = called or self._peek(model, protocol, request)
        signing_name = model.metadata.get("signingName") or model.metadata["endpointPrefix"]
        service = (model.name, signing_name, protocol)
        await self.guard.check(request, caller, service, operation, params)

    async def _model(self, service: str) -> ServiceModel | None:
        if service not in self._models:
            model = await self._in_thread(load_model, service)
            if model is None:
                return None
            self._models[service] = model
        return self._models[service]

    async def _answer(
        self,
        request: Request,
        identity: Identity,
        model: ServiceModel | None,
        protocol: WireProtocol,
        request_id: str,
    ) -> Response:
        service = identity.service
        if service and service not in self._operations and self._elsewhere is not None:
            if _is_public(request, identity):
                refuse_strangers(request, self._config.host, linked=True)
                return await self._elsewhere.handle(service, identity.caller, request, signed=False)
            return await self._ask_elsewhere(self._elsewhere, request, identity, model, protocol)
        if model is None:
            raise _unknown(identity.service, request)
        sent, request = request, _inflated(request)
        operation, labels = protocol.locate(model, request)
        if self._elsewhere is not None and self._is_elsewhere(service, operation.name):
            return await self._ask_elsewhere(self._elsewhere, sent, identity, model, protocol)
        if operation.name not in self._operations.get(model.name, ()):
            raise not_emulated(model.name, operation.name)
        if not operation.unsigned:
            self._admit(request, identity, protocol)
        if len(request.body) > _LARGE_BODY:
            params = await self._in_thread(_params, protocol, operation, request, labels)
        else:
            params = _params(protocol, operation, request, labels)
        if not operation.unsigned:
            await self._check(sent, identity.caller, model, (operation.name, params))
        output = await self.call(model.name, operation.name, params, identity.caller)
        return protocol.answer(operation, output, _request_id(output) or request_id)

    async def _ask_elsewhere(
        self,
        elsewhere: Elsewhere,
        request: Request,
        identity: Identity,
        model: ServiceModel | None,
        protocol: WireProtocol,
    ) -> Response:
        """Hand a request on, as it came, if its sender may make it."""
        self._admit(request, identity, protocol)
        await self._check(request, identity.caller, model)
        return await elsewhere.handle(identity.service, identity.caller, request, signed=identity.signed)

    def _admit(self, request: Request, identity: Identity, protocol: WireProtocol) -> None:
        """Refuse what AWS would for want of a signature, and pages of other sites in the user's browser."""
        if identity.flaw:
            raise protocol.incomplete_signature(identity.flaw)
        if not identity.signed:
            raise protocol.missing_token(protocol.missing_token_message)
        # Pages show objects of S3 by their presigned URLs.
        refuse_strangers(request, self._config.host, linked=identity.service == "s3")


def _protocol_name(request: Request, model: ServiceModel | None) -> str:
    """The protocol that `request` is in: a service may offer several, and clients choose."""
    if request.header("smithy-protocol"):
        return "smithy-rpc-v2-cbor"
    if model is None:
        return "json"
    if request.header("x-amz-target") and "json" in model.protocols:
        return "json"
    return "query" if "query" in model.protocols and model.protocol not in _BY_PATH else model.protocol


def _params(protocol: WireProtocol, operation: Operation, request: Request, labels: Labels) -> dict[str, Any]:
    """The params of `request`, checked against the model."""
    params = protocol.parse(operation, request, labels)
    broken = list(violations(operation.input, params)) if operation.input else []
    if broken:
        raise validation_error(operation.model.name, describe(broken))
    return params


def _request_id(output: dict[str, Any]) -> str | None:
    """The id that a handler gave to what it began, by which its caller can find it again."""
    metadata = output.get("ResponseMetadata")
    return metadata.get("RequestId") if metadata else None


def _unknown(service: str, request: Request) -> NotEmulated:
    """What is said of a request for a service that nobody knows."""
    action = (request.header("x-amz-target") or "").rpartition(".")[2]
    return not_emulated(service or "unknown", action or f"{request.method} {request.raw_path}")


def _is_public(request: Request, identity: Identity) -> bool:
    """Whether a request needs no signature to be looked at: S3 lets objects be read that are public."""
    unsigned = not identity.signed and request.header("authorization") is None
    return unsigned and identity.service == "s3" and request.method in ("GET", "HEAD")


def _inflated(request: Request) -> Request:
    """`request` with its body decompressed, where a client compressed it."""
    if (request.header("content-encoding") or "").lower() != "gzip":
        return request
    try:
        inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        body = inflater.decompress(request.body, _MAX_INFLATED)
    except zlib.error as error:
        raise SerializationException from error
    if inflater.unconsumed_tail:
        raise SerializationException
    return replace(request, body=body)
