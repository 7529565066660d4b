"""The types of a resource's properties.

CloudFormation takes `"30"` for a number and `"true"` for a boolean (parameters are always text); the services
do not. A kind is `str`, `int`, `bool`, `object` (anything, as it is), `[kind]` for a list, a dict of members
for a structure, and `{"*": kind}` for a map.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from dewstack.cloudformation.errors import ResourceFailure, ValidationError
from dewstack.cloudformation.values import text

Kind = Any
STRINGS: Kind = [str]
STRING_MAP: Kind = {"*": str}
TAGS: Kind = [{"Key": str, "Value": str}]


def check(
    logical_id: str, properties: Mapping[str, Any], kinds: Mapping[str, Kind], required: Iterable[str]
) -> None:
    """Raise ResourceFailure, worded as AWS does, for unknown and for missing properties."""
    problems = [f"#: extraneous key [{name}] is not permitted" for name in properties if name not in kinds]
    problems += [f"#: required key [{name}] not found" for name in required if name not in properties]
    if problems:
        raise ResourceFailure(
            f"Properties validation failed for resource {logical_id} with message:\n" + "\n".join(problems)
        )


def coerce(value: Any, kind: Kind, path: str = "#") -> Any:
    """`value` as `kind` wants it. Raises ResourceFailure naming the path of a value that cannot be that."""
    if kind is object:
        return value
    if isinstance(kind, list):
        items = value if isinstance(value, list) else [value]
        return [coerce(item, kind[0], f"{path}/{index}") for index, item in enumerate(items)]
    if isinstance(kind, Mapping):
        if not isinstance(value, dict):
            raise ResourceFailure(f"{path}: expected type: JSONObject, found: {_name(value)}")
        default = kind.get("*", object)
        return {key: coerce(item, kind.get(key, default), f"{path}/{key}") for key, item in value.items()}
    return _scalar(value, kind, path)


def _scalar(value: Any, kind: type, path: str) -> Any:
    try:
        spelled = text(value)
    except ValidationError:
        raise ResourceFailure(f"{path}: expected type: {_NAMES[kind]}, found: {_name(value)}") from None
    if kind is bool:
        if spelled.lower() in ("true", "false"):
            return spelled.lower() == "true"
    elif kind is int:
        try:
            return int(spelled)
        except ValueError:
            pass
    else:
        return spelled
    raise ResourceFailure(f"{path}: expected type: {_NAMES[kind]}, found: {_name(value)}")


_NAMES: dict[type, str] = {str: "String", int: "Integer", bool: "Boolean"}


def _name(value: Any) -> str:
    kinds = {dict: "JSONObject", list: "JSONArray", str: "String", bool: "Boolean", int: "Integer"}
    return kinds.get(type(value), type(value).__name__)


def tag_map(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """CloudFormation's list of tags as the map that most services take."""
    return {tag["Key"]: tag["Value"] for tag in tags}
