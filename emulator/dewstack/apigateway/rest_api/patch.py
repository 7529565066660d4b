"""`patchOperations`: how every Update of REST APIs says what to change, in JSON Patch's words but not its meaning.

What may be patched, and the texts of refusals, are as recorded on AWS (LocalStack's snapshots of
`test_apigateway_api`, 2024 and 2025).
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields, replace

from dewstack.apigateway.errors import BadRequestException, NotFoundException
from dewstack.apigateway.rest_api.shapes import fields_of, names_of, output

T = TypeVar("T", bound=Struct)
_MISSING = {
    "requestParameters": "Invalid parameter name specified",
    "responseParameters": "Invalid parameter name specified",
    "requestModels": "Content-Type specified was not found",
    "requestTemplates": "Content-Type specified was not found",
    "responseModels": "Content-Type specified was not found",
    "responseTemplates": "Content-Type specified was not found",
}


class Patch(Struct, frozen=True):
    """One operation: `member` is what it is about, `keys` the rest of its path."""

    op: str
    path: str
    member: str
    keys: tuple[str, ...]
    value: str | None
    source: str | None = None
    """Where `copy` takes it from."""

    @classmethod
    def read(cls, operation: Mapping[str, Any]) -> "Patch":
        """An element of `patchOperations`."""
        path = str(operation.get("path") or "")
        if not path.startswith("/"):
            raise BadRequestException(f"Invalid patch path {path}")
        member, *keys = (part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/"))
        source = operation.get("from")
        return cls(str(operation.get("op")), path, member, tuple(keys), operation.get("value"), source)

    def only(self, *ops: str) -> None:
        """Raise BadRequestException for any other operation."""
        if self.op not in ops:
            raise BadRequestException(
                f"Invalid patch operation specified. Must be one of: [{', '.join(ops)}]"
            )

    def astray(self) -> BadRequestException:
        """The refusal of a path that leads nowhere."""
        return BadRequestException(f"Invalid patch path {self.path}")


Change = Callable[[Any, Patch], Any]
"""What a member is after a patch, given what it was before it: in boto3's shape, None for never set."""


def scalar(current: Any, patch: Patch) -> Any:
    """`replace /name`; without a value it goes back to its default."""
    patch.only("replace")
    if patch.keys:
        raise patch.astray()
    return patch.value


def removable(current: Any, patch: Patch) -> Any:
    """`replace /description` and `remove /description`."""
    patch.only("add", "replace", "remove")
    if patch.keys:
        raise patch.astray()
    return None if patch.op == "remove" else patch.value


def entries(current: Any, patch: Patch) -> dict[str, Any]:
    """`add /variables/name`, `replace` and `remove`: the members of a map or a structure."""
    patch.only("add", "replace", "remove")
    if len(patch.keys) != 1:
        raise patch.astray()
    changed, key = dict(current or {}), patch.keys[0]
    if patch.op != "remove":
        return changed | {key: patch.value or ""}
    if changed.pop(key, None) is None and patch.member in _MISSING:
        raise NotFoundException(_MISSING[patch.member])
    return changed


def structure(current: Any, patch: Patch) -> dict[str, Any] | None:
    """As `entries`, and `remove /accessLogSettings` for the whole of it."""
    if not patch.keys and patch.op == "remove":
        return None
    return entries(current, patch)


def elements(current: Any, patch: Patch) -> list[str]:
    """`add /binaryMediaTypes/image~1png`, `replace`, `remove`: the element stands in the path."""
    patch.only("add", "replace", "remove")
    if len(patch.keys) != 1:
        raise patch.astray()
    key = patch.keys[0]
    added = {"add": [key], "replace": [patch.value or key], "remove": []}[patch.op]
    return [each for each in current or () if each != key] + added


def values(current: Any, patch: Patch) -> list[str]:
    """`add /providerARNs` and `remove`: the element is the value."""
    patch.only("add", "replace", "remove")
    if patch.keys:
        return elements(current, patch)
    added = [] if patch.op == "remove" else [patch.value or ""]
    kept = [] if patch.op == "replace" else [each for each in current or () if each != patch.value]
    return kept + added


class Patches:
    """What may be patched of values of `kind`.

    Where `listed`, AWS refuses everything but `replace`, and names in its refusal what could be replaced.
    """

    def __init__(self, kind: type, members: Mapping[str, Change], *, listed: bool = False) -> None:
        self._kind = kind
        self._members = members
        self._listed = listed

    def apply(self, value: T, operations: Any) -> T:
        """`value` after `operations`. Raises BadRequestException, NotFoundException."""
        before = output(value)
        changed: dict[str, Any] = {}
        for each in operations or ():
            patch = self.read(each)
            change = self._change(patch)
            changed[patch.member] = change(changed.get(patch.member, before.get(patch.member)), patch)
        return with_members(value, self._kind, changed)

    def read(self, operation: Mapping[str, Any]) -> Patch:
        """An element of `patchOperations`."""
        return Patch.read(operation)

    def _change(self, patch: Patch) -> Change:
        if self._listed and patch.op != "replace":
            raise BadRequestException(
                f"Invalid patch path  '{patch.path}' specified for op '{patch.op}'."
                " Please choose supported operations"
            )
        change = self._members.get(patch.member)
        if change is None or (self._listed and patch.keys):
            raise self._unknown(patch)
        return change

    def _unknown(self, patch: Patch) -> BadRequestException:
        if not self._listed:
            return patch.astray()
        known = ", ".join(f"/{name}" for name in self._members)
        return BadRequestException(
            f"Invalid patch path  '{patch.path}' specified for op '{patch.op}'. Must be one of: [{known}]"
        )


def with_members(value: T, kind: type[Struct], changed: Mapping[str, Any]) -> T:
    """`value` with members in boto3's shapes changed; None sets one back to its default."""
    names, known = names_of(kind), {field.name: field for field in fields(kind)}
    given: dict[str, Any] = {}
    for member, new in changed.items():
        if new is None:
            given[names[member]] = _default(known[names[member]])
        elif known[names[member]].type is bool:
            given[names[member]] = str(new).lower() == "true"
        else:
            given |= fields_of(kind, {member: new})
    return replace(value, **given)


def _default(field: FieldInfo) -> Any:
    if field.default_factory is not NODEFAULT:
        return field.default_factory()
    return "" if field.default is NODEFAULT else field.default
