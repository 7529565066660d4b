"""The keys that the Framework's schema knows, and those that a map has.

A key is the way to it: `functions.*.events.[].http.path`, where `*` is any name and `[]` any item. Intrinsics are left
out: they may stand nearly everywhere.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).parents[2] / "emulator/dewstack/service/schema.json"
ANY_NAME, ANY_ITEM = "*", "[]"
_CHOICES = ("anyOf", "oneOf", "allOf")


def schema_keys() -> frozenset[str]:
    """All keys of the schema."""
    nodes: list[dict[str, Any]] = json.loads(SCHEMA.read_text())["nodes"]
    return frozenset(_below(nodes, len(nodes) - 1, (), ()))


def _below(
    nodes: list[dict[str, Any]], index: int, path: tuple[str, ...], above: tuple[int, ...]
) -> Iterator[str]:
    if index in above:
        return
    node, above = nodes[index], (*above, index)
    for name, child in _members(node):
        here = (*path, name)
        yield ".".join(here)
        yield from _below(nodes, child, here, above)
    items = node.get("items", [])
    for child in items if isinstance(items, list) else [items]:
        yield from _below(nodes, child, (*path, ANY_ITEM), above)
    for choice in _CHOICES:
        for child in node.get(choice, ()):
            yield from _below(nodes, child, path, above)


def _members(node: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for name, child in node.get("properties", {}).items():
        if name != "Ref" and not name.startswith("Fn::"):
            yield name, child
    for child in node.get("patternProperties", {}).values():
        yield ANY_NAME, child
    others = node.get("additionalProperties")
    if isinstance(others, int) and not isinstance(others, bool):
        yield ANY_NAME, others


def used_keys(value: Any, known: frozenset[str], path: tuple[str, ...] = ()) -> Iterator[str]:
    """The keys of the schema that a map, or a part of it at `path`, has."""
    if isinstance(value, list):
        for item in value:
            yield from used_keys(item, known, (*path, ANY_ITEM))
            yield from used_keys(item, known, path)
    if not isinstance(value, dict):
        return
    for name, member in value.items():
        for step in (str(name), ANY_NAME):
            here = (*path, step)
            if ".".join(here) in known:
                yield ".".join(here)
                yield from used_keys(member, known, here)
                break
