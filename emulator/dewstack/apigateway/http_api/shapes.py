"""Between the model and boto3's shapes: `AuthorizerResultTtlInSeconds` and
`authorizer_result_ttl_in_seconds`."""

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec

from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.http_api.model import AccessLogSettings, Cors, JwtConfiguration, RouteSettings

NOT_SHOWN = frozenset({"account_id", "region", "snapshot"})
NESTED: Mapping[str, type] = {
    "access_log_settings": AccessLogSettings,
    "cors_configuration": Cors,
    "default_route_settings": RouteSettings,
    "jwt_configuration": JwtConfiguration,
}


@cache
def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def output(value: Any) -> dict[str, Any]:
    """A model value as boto3 returns it: AWS's member names, without what was never set."""
    shape: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        member = getattr(value, field.name)
        if member is None or field.name in NOT_SHOWN:
            continue
        shape[_pascal(field.name)] = _output_member(member)
    return shape


def _output_member(member: Any) -> Any:
    if dataclasses.is_dataclass(member):
        return output(member)
    if isinstance(member, dict):
        return {key: _output_member(item) for key, item in member.items()}
    return member


def fields_of(kind: type, params: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `kind`'s fields that `params` gives, by the model's names and types.

    Raises BadRequestException for a value of the wrong type.
    """
    given: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        value = params.get(_pascal(field.name))
        if value is not None and field.name not in NOT_SHOWN:
            given[field.name] = _input_member(field.name, field.type, value)
    return given


def _input_member(name: str, declared: Any, value: Any) -> Any:
    if name in NESTED:
        return _nested(NESTED[name], value)
    if name == "route_settings":
        return {key: _nested(RouteSettings, settings) for key, settings in value.items()}
    try:
        return msgspec.convert(value, declared, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequestException(f"Invalid value for {_pascal(name)}: {error}") from None


def _nested(kind: Callable[..., Any], value: Mapping[str, Any]) -> Any:
    if not isinstance(value, Mapping):
        raise BadRequestException(f"Invalid request: expected a structure, not {value!r}")
    return kind(**fields_of(kind, value))  # type: ignore[arg-type]


def required(params: Mapping[str, Any], name: str) -> str:
    """The parameter `name`. Raises BadRequestException when it is missing or empty."""
    value = params.get(name)
    if not value:
        raise BadRequestException(f"{name} is a required field")
    return str(value)
