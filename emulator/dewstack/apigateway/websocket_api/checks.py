"""What routes ask of a handshake and of a message before their integration: parameters, and a model that fits."""

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from dewstack.apigateway.v2.model import Model, Route
from dewstack.apigateway.websocket_api import refusals
from dewstack.apigateway.websocket_api.authorizer import value_of
from dewstack.apigateway.websocket_api.exchange import Exchange
from dewstack.apigateway.websocket_api.refusals import Refused
from dewstack.apigateway.websocket_api.selection import Selection, decoded, member

if TYPE_CHECKING:
    from dewstack.apigateway.rest_api.json_schema import Schema

log = logging.getLogger(__name__)

MESSAGE = ("request.body",)
DEFAULT = "$default"


class RequiredParameters:
    """`route.request.header.NAME` and `route.request.querystring.NAME` of a handshake."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def check(self, exchange: Exchange) -> None:
        """Raises Refused, naming all that is missing or empty."""
        missing = [name.split(".", 3)[3] for name in self._names if not value_of(name, exchange)]
        if missing:
            raise Refused(refusals.missing(missing))


class RequestModels:
    """The models that messages have to fit, by what the selection expression says of them."""

    def __init__(self, expression: str | None, names: Mapping[str, str], models: Iterable[Model]) -> None:
        self._selection = Selection(expression or DEFAULT.replace("$", "\\$"), MESSAGE)
        schemas = {model.name: model.schema for model in models}
        self._schemas = {key: _schema(name, schemas.get(name)) for key, name in names.items()}

    def check(self, exchange: Exchange) -> None:
        """Raises Refused: 400 for a message that doesn't fit, 500 where the model itself cannot be used."""
        document = decoded(exchange.body or "")
        key = self._selection.of(lambda name: member(document, name.removeprefix("request.body")))
        key = key if key in self._schemas else DEFAULT
        if key not in self._schemas:
            return
        schema = self._schemas[key]
        if schema is None:
            raise Refused(refusals.INTERNAL_SERVER_ERROR)
        if not schema.fits(document):
            raise Refused(refusals.BAD_REQUEST_BODY)


def _schema(name: str, source: str | None) -> "Schema | None":
    """A model, ready to use; None, and a line in the log, for one that is none."""
    from dewstack.apigateway.rest_api.json_schema import BadSchema, Schema

    try:
        return Schema(msgspec.json.decode(source or ""))
    except (BadSchema, msgspec.DecodeError) as error:
        log.warning("model %s: %s", name, error)
        return None


def checks_of(route: Route, models: Iterable[Model]) -> tuple[Any, ...]:
    """What a route checks."""
    needed = [name for name, how in (route.request_parameters or {}).items() if how.get("Required")]
    checks: list[Any] = [RequiredParameters(needed)] if needed else []
    if route.request_models:
        checks.append(RequestModels(route.model_selection_expression, route.request_models, models))
    return tuple(checks)
