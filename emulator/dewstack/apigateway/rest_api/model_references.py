"""Models that name each other: `{"$ref": "https://apigateway.amazonaws.com/restapis/ID/models/Pet"}`, as AWS spells it.

A schema is put together with all that it leads to, each model among the definitions of the whole.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

MODEL_URL = re.compile(r"https://apigateway\.amazonaws\.com/restapis/[^/]+/models/(\w+)")


def bundled(schema: Any, model: Callable[[str], Any]) -> Any:
    """`schema` with the models that it names as definitions. `model` gives a model's schema by its name; an error
    that it raises is the caller's."""
    found: dict[str, Any] = {}
    whole = _own(schema, "#", found)
    todo = list(found)
    while todo:
        name = todo.pop()
        more: dict[str, Any] = {}
        found[name] = _own(model(name), f"#/definitions/{name}", more)
        todo += [other for other in more if other not in found]
        found = more | found
    if not found or not isinstance(whole, dict):
        return whole
    return whole | {"definitions": {**whole.get("definitions", {}), **found}}


def _own(node: Any, root: str, found: dict[str, Any]) -> Any:
    """A part of a model that is at `root` of the whole: its own references and those to models are rewritten, and the
    latter noted."""
    if isinstance(node, list):
        return [_own(each, root, found) for each in node]
    if not isinstance(node, Mapping):
        return node
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return {key: _own(value, root, found) for key, value in node.items()}
    match = MODEL_URL.fullmatch(reference)
    if match:
        found.setdefault(match[1], None)
        return {"$ref": f"#/definitions/{match[1]}"}
    if reference.startswith("#"):
        return {"$ref": root + reference.removeprefix("#")}
    return dict(node)
