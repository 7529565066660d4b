"""How the resource types of REST APIs say what changed: `patchOperations`, property by property."""

from collections.abc import Callable, Mapping
from typing import Any

from dewstack.cloudformation.values import text

Operation = dict[str, str]
Change = Callable[[Any, Any], list[Operation]]
"""The operations that turn what a property was into what it is; None where it was or is not given."""


def escaped(name: str) -> str:
    """`name` as a part of a patch's path."""
    return name.replace("~", "~0").replace("/", "~1")


def scalar(path: str) -> Change:
    """One value; without it the service goes back to its default."""

    def change(before: Any, after: Any) -> list[Operation]:
        operation = {"op": "replace", "path": path}
        return [operation if after is None else operation | {"value": text(after)}]

    return change


def elements(path: str) -> Change:
    """A list whose elements stand in the paths."""

    def change(before: Any, after: Any) -> list[Operation]:
        gone = [each for each in before or () if each not in (after or ())]
        added = [each for each in after or () if each not in (before or ())]
        return [{"op": "remove", "path": f"{path}/{escaped(each)}"} for each in gone] + [
            {"op": "add", "path": f"{path}/{escaped(each)}"} for each in added
        ]

    return change


def values(path: str, spell: Callable[[Any], str] = str) -> Change:
    """A list whose elements are the values; `spell` gives each as text."""

    def change(before: Any, after: Any) -> list[Operation]:
        gone = [each for each in before or () if each not in (after or ())]
        added = [each for each in after or () if each not in (before or ())]
        return [{"op": "remove", "path": path, "value": spell(each)} for each in gone] + [
            {"op": "add", "path": path, "value": spell(each)} for each in added
        ]

    return change


def entries(path: str) -> Change:
    """A map."""

    def change(before: Any, after: Any) -> list[Operation]:
        before, after = before or {}, after or {}
        gone = [{"op": "remove", "path": f"{path}/{escaped(key)}"} for key in before if key not in after]
        return gone + [
            {"op": "replace", "path": f"{path}/{escaped(key)}", "value": text(value)}
            for key, value in after.items()
            if before.get(key) != value
        ]

    return change


def structure(path: str, members: Mapping[str, str]) -> Change:
    """A structure: what each member is called in a path. It is removed as a whole."""

    def change(before: Any, after: Any) -> list[Operation]:
        removed = [{"op": "remove", "path": path}] if before else []
        return removed + [
            {"op": "replace", "path": f"{path}/{members[name]}", "value": text(value)}
            for name, value in (after or {}).items()
            if name in members
        ]

    return change


def patches(
    changes: Mapping[str, Change], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[Operation]:
    """The operations for all properties that differ."""
    return [
        operation
        for name, change in changes.items()
        if before.get(name) != after.get(name)
        for operation in change(before.get(name), after.get(name))
    ]
