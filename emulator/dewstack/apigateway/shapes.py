"""Between the values of a model and boto3's shapes: `authorizer_uri` here, `AuthorizerUri` or `authorizerUri` there."""

from collections.abc import Callable, Mapping
from functools import partial
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import msgspec
from msgspec import Struct

from dewstack.apigateway.errors import BadRequestException

Reader = Callable[[Any], Any]


class Shapes:
    """The spelling of one API. `spell` gives AWS's name of a field; `hidden` are fields that AWS doesn't have."""

    def __init__(self, spell: Callable[[str], str], hidden: frozenset[str]) -> None:
        self._spell = spell
        self._hidden = hidden
        self._members: dict[type, list[tuple[str, str]]] = {}
        self._readers: dict[type, list[tuple[str, str, Reader]]] = {}

    def output(self, value: Struct) -> dict[str, Any]:
        """A model value as boto3 returns it: AWS's member names, without what was never set."""
        shape: dict[str, Any] = {}
        for name, spelled in self._members_of(type(value)):
            member = getattr(value, name)
            if member is not None:
                shape[spelled] = self._output_member(member)
        return shape

    def names_of(self, kind: type[Struct]) -> dict[str, str]:
        """AWS's names of `kind`'s fields, and the model's."""
        return {spelled: name for name, spelled in self._members_of(kind)}

    def _members_of(self, kind: type[Struct]) -> list[tuple[str, str]]:
        if kind not in self._members:
            names = [name for name in kind.__struct_fields__ if name not in self._hidden]
            self._members[kind] = [(name, self._spell(name)) for name in names]
        return self._members[kind]

    def _output_member(self, member: Any) -> Any:
        if type(member) in (str, int, bool, float):
            return member
        if isinstance(member, Struct):
            return self.output(member)
        if isinstance(member, dict):
            return {key: self._output_member(item) for key, item in member.items()}
        return member

    def fields_of(self, kind: type[Struct], params: Mapping[str, Any]) -> dict[str, Any]:
        """Those of `kind`'s fields that `params` gives, by the model's names and types.

        Raises BadRequestException for a value of the wrong type.
        """
        given: dict[str, Any] = {}
        for name, spelled, read in self._readers_of(kind):
            value = params.get(spelled)
            if value is not None:
                try:
                    given[name] = read(value)
                except msgspec.ValidationError as error:
                    raise BadRequestException(f"Invalid value for {spelled}: {error}") from None
        return given

    def _readers_of(self, kind: type[Struct]) -> list[tuple[str, str, Reader]]:
        if kind not in self._readers:
            types = {field.name: field.type for field in msgspec.structs.fields(kind)}
            members = self._members_of(kind)
            self._readers[kind] = [(name, spelled, self._reader(types[name])) for name, spelled in members]
        return self._readers[kind]

    def _reader(self, declared: Any) -> Reader:
        """What turns a value of boto3 into one of the type `declared`."""
        if (
            isinstance(declared, UnionType)
            and len(get_args(declared)) == 2
            and NoneType in get_args(declared)
        ):
            return self._reader(next(each for each in get_args(declared) if each is not NoneType))
        structures = [
            kind
            for kind in get_args(declared) or (declared,)
            if isinstance(kind, type) and issubclass(kind, Struct)
        ]
        if not structures:
            return lambda value: msgspec.convert(value, declared, strict=False)
        structure: Reader = partial(self._structure, structures[0])
        if get_origin(declared) is dict:
            return lambda value: {key: structure(item) for key, item in value.items()}
        return structure

    def _structure(self, kind: type[Struct], value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise BadRequestException(f"Invalid request: expected a structure, not {value!r}")
        return kind(**self.fields_of(kind, value))


def required(params: Mapping[str, Any], name: str) -> str:
    """The parameter `name`. Raises BadRequestException when it is missing or empty."""
    value = params.get(name)
    if not value:
        raise BadRequestException(f"{name} is a required field")
    return str(value)
