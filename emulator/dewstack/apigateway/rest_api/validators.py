"""Request validators: whether a request has the parameters that its method requires, and a body that fits its model."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

import msgspec

from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.json_schema import BadSchema, Schema
from dewstack.apigateway.rest_api.mapping import Answer, Expression, NotAnExpression, expression
from dewstack.apigateway.rest_api.model import Method, Model, RequestValidator
from dewstack.apigateway.rest_api.model_references import bundled
from dewstack.apigateway.rest_api.refusals import (
    BAD_REQUEST_BODY,
    INTERNAL_SERVER_ERROR,
    Refused,
    bad_parameters,
)

log = logging.getLogger(__name__)

ORDER = ("header", "path", "querystring")
"""In which a client is told what it lacks, recorded on AWS."""
JSON = "application/json"
LARGE = 64 * 1024
"""Bytes of a body from which on it is validated off the loop."""
NO_ANSWER = Answer()


class ParametersCheck:
    """The parameters that a method requires."""

    def __init__(self, method: Method) -> None:
        required = [name for name, needed in (method.request_parameters or {}).items() if needed]
        self._required: list[tuple[str, Expression]] = []
        for place in ORDER:
            prefix = f"method.request.{place}."
            for name in required:
                if name.startswith(prefix):
                    self._required.append((name.removeprefix(prefix), _expression(name)))

    async def check(self, exchange: Exchange) -> None:
        """Raises Refused: 400, naming all that is missing or empty."""
        missing = [name for name, value in self._required if not value(exchange, NO_ANSWER)]
        if missing:
            raise Refused(bad_parameters(missing))


def _expression(name: str) -> Expression:
    try:
        return expression(name)
    except NotAnExpression:
        return lambda exchange, answer: None


class BodyCheck:
    """The models that a method's bodies have to fit, by content type."""

    def __init__(self, method: Method, models: Iterable[Model]) -> None:
        sources = {model.name: model.schema for model in models}
        self._schemas: dict[str, Schema | None] = {}
        for content_type, name in (method.request_models or {}).items():
            try:
                whole = bundled(_decoded(sources.get(name)), lambda other: _decoded(sources.get(other)))
                self._schemas[content_type.lower()] = Schema(whole)
            except BadSchema as error:
                log.warning("model %s: %s", name, error)
                self._schemas[content_type.lower()] = None

    async def check(self, exchange: Exchange) -> None:
        """Raises Refused: 400 for a body that doesn't fit, 500 where the model itself cannot be used."""
        content_type = (exchange.header("content-type") or JSON).partition(";")[0].strip().lower()
        if content_type not in self._schemas:
            return
        schema = self._schemas[content_type]
        if schema is None:
            raise Refused(INTERNAL_SERVER_ERROR)
        body = exchange.request.body
        fits = await asyncio.to_thread(_fits, schema, body) if len(body) > LARGE else _fits(schema, body)
        if not fits:
            raise Refused(BAD_REQUEST_BODY)


def _fits(schema: Schema, body: bytes) -> bool:
    try:
        return schema.fits(msgspec.json.decode(body))
    except (msgspec.DecodeError, RecursionError):
        return False


def _decoded(source: str | None) -> Any:
    """A model's schema. Raises BadSchema."""
    try:
        return msgspec.json.decode(source or "{}")
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadSchema(f"its schema is not JSON: {error}") from None


def checks_of(
    method: Method, validator: RequestValidator, models: Iterable[Model]
) -> list[ParametersCheck | BodyCheck]:
    """What a method's validator checks, in AWS's order."""
    checks: list[ParametersCheck | BodyCheck] = []
    if validator.validate_request_parameters:
        checks.append(ParametersCheck(method))
    if validator.validate_request_body:
        checks.append(BodyCheck(method, models))
    return checks
