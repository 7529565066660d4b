"""JSON documents to boto3-shaped values and back, along a shape of the model."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

import msgspec

from dewstack.wire import timestamps
from dewstack.wire.errors import SerializationException
from dewstack.wire.model import Member, Shape


def decode_json(body: bytes) -> Any:
    """The JSON document in `body`. Raises SerializationException, without a text as on AWS, if malformed."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SerializationException from error


def decode_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`. Raises SerializationException when it is anything else."""
    document = decode_json(body)
    if isinstance(document, list):
        raise SerializationException(_LIST)
    if not isinstance(document, dict):
        raise SerializationException
    return document


def encode_json(document: Any) -> bytes:
    """`document` as compact JSON."""
    return msgspec.json.encode(document)


# --- reading: the texts are those of AWS's own reader, as measured on its json services ---

_LIST = "Start of list found where not expected"
_OBJECT = "Start of structure or map found where not expected."


def _unexpected(value: Any, wanted: str) -> SerializationException:
    """What AWS says of `value` where the model has something else. `wanted` completes its sentence."""
    if isinstance(value, dict):
        return SerializationException(_OBJECT)
    if isinstance(value, list):
        return SerializationException(_LIST)
    if wanted.startswith("Expected"):
        return SerializationException(wanted)
    kind = "STRING" if isinstance(value, str) else str(value).upper() if isinstance(value, bool) else "NUMBER"
    return SerializationException(f"{kind}_VALUE can not be converted to {wanted}")


def _read_string(member: Member, value: Any) -> Any:
    if not isinstance(value, str):
        raise _unexpected(value, "a String")
    return value


def _read_boolean(member: Member, value: Any) -> Any:
    if not isinstance(value, bool):
        raise _unexpected(value, "a Boolean")
    return value


def _read_integer(member: Member, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unexpected(value, "an Integer" if member.shape.type == "integer" else "a Long")
    return int(value)


def _read_float(member: Member, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _unexpected(value, "a Double")
    return value


def _read_timestamp(member: Member, value: Any) -> Any:
    if isinstance(value, dict | list | bool):
        raise _unexpected(value, "a Timestamp")
    try:
        return timestamps.parse(value, member.trait("timestampFormat") or "unixTimestamp")
    except ValueError as error:
        raise _unexpected(value, "a Timestamp") from error


def _read_blob(member: Member, value: Any) -> Any:
    if not isinstance(value, str):
        raise _unexpected(value, "a Blob")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SerializationException from error


def _read_structure(member: Member, value: Any) -> Any:
    if member.shape.traits.get("document"):
        return value
    if not isinstance(value, dict):
        raise _unexpected(value, "Expected null")
    return read_members(member.shape, value)


def _read_list(member: Member, value: Any) -> Any:
    if not isinstance(value, list):
        raise _unexpected(value, "Expected list or null")
    element = member.shape.member
    return [read(element, item) for item in value if item is not None]


def _read_map(member: Member, value: Any) -> Any:
    if not isinstance(value, dict):
        raise _unexpected(value, "Expected null")
    element = member.shape.value
    return {key: read(element, item) for key, item in value.items() if item is not None}


_READERS: dict[str, Callable[[Member, Any], Any]] = {
    "string": _read_string,
    "character": _read_string,
    "boolean": _read_boolean,
    "integer": _read_integer,
    "long": _read_integer,
    "bigdecimal": _read_float,
    "float": _read_float,
    "double": _read_float,
    "timestamp": _read_timestamp,
    "blob": _read_blob,
    "structure": _read_structure,
    "list": _read_list,
    "map": _read_map,
}


def read(member: Member, value: Any) -> Any:
    """`value` of a JSON document as boto3 has it. Raises SerializationException on a wrong type."""
    return _READERS[member.shape.type](member, value)


def read_members(shape: Shape, document: dict[str, Any]) -> dict[str, Any]:
    """The body members of the structure `shape`; nulls and unknown members are left out."""
    params: dict[str, Any] = {}
    for name, member in shape.members.items():
        value = document.get(member.wire_name)
        if value is not None and member.location is None:
            params[name] = read(member, value)
    return params


# --- writing ---


def _write_string(member: Member, value: Any) -> Any:
    return value if isinstance(value, str) else str(value)


def _write_timestamp(member: Member, value: Any) -> Any:
    return timestamps.serialize(value, member.trait("timestampFormat") or "unixTimestamp")


def _write_blob(member: Member, value: Any) -> Any:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode("ascii")


def _write_structure(member: Member, value: Any) -> Any:
    return value if member.shape.traits.get("document") else write_members(member.shape, value)


def _write_list(member: Member, value: Any) -> Any:
    element = member.shape.member
    return [write(element, item) for item in value]


def _write_map(member: Member, value: Any) -> Any:
    element = member.shape.value
    return {str(key): write(element, item) for key, item in value.items() if item is not None}


_WRITERS: dict[str, Callable[[Member, Any], Any]] = {
    "string": _write_string,
    "timestamp": _write_timestamp,
    "blob": _write_blob,
    "structure": _write_structure,
    "list": _write_list,
    "map": _write_map,
}


def write(member: Member, value: Any) -> Any:
    """A boto3-shaped value as it stands in a JSON document."""
    writer = _WRITERS.get(member.shape.type)
    return writer(member, value) if writer else value


def write_members(shape: Shape, values: dict[str, Any]) -> dict[str, Any]:
    """The body members of a structure as a JSON object; None and unknown members are left out."""
    document: dict[str, Any] = {}
    for name, member in shape.members.items():
        value = values.get(name)
        if value is not None and member.location is None:
            document[member.wire_name] = write(member, value)
    return document
