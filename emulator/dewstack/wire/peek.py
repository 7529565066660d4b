"""What a request to a service that dewstack does not emulate itself asks for: its operation and its params as they came
over the wire, read without validation, for whoever must know before it is handed on."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from dewstack.errors import AwsError
from dewstack.http import Request
from dewstack.wire.model import ServiceModel
from dewstack.wire.query import form_of
from dewstack.wire.routing import Router


class Peek:
    """Reads requests by their models."""

    def __init__(self) -> None:
        self._routers: dict[str, Router] = {}

    def __call__(self, model: ServiceModel, protocol: str, request: Request) -> tuple[str, dict[str, Any]]:
        """Operation ('' where none can be told) and params, by their names on the wire."""
        if protocol == "json":
            return (request.header("x-amz-target") or "").rpartition(".")[2], _document(request.body)
        if protocol in ("query", "ec2"):
            try:
                form = form_of(request)
            except AwsError:
                return "", {}
            return form.get("Action", ""), dict(form)
        if protocol == "smithy-rpc-v2-cbor":
            return request.raw_path.rpartition("/operation/")[2], {}
        return self._rest(model, request)

    def _rest(self, model: ServiceModel, request: Request) -> tuple[str, dict[str, Any]]:
        if model.name not in self._routers:
            self._routers[model.name] = Router(model)
        found = self._routers[model.name].match(request.method, request.raw_path, request.query)
        if found is None:
            return "", {}
        params: dict[str, Any] = _document(request.body) if model.protocol == "rest-json" else {}
        params.update(parse_qsl(request.query, keep_blank_values=True))
        return found[0], {**params, **found[1]}


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(body) if body else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
