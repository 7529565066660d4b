"""Dependencies that a template states twice.

The Framework adds `DependsOn` where a `Ref` already makes the dependency; cfn-lint remarks each (W3005). Without
them the template means the same, and is what `dew package` can write for people to read.
"""

import re
from collections.abc import Iterator
from typing import Any

_VARIABLE = re.compile(r"\$\{([^!][^}]*)\}")


def without_redundant_dependencies(template: dict[str, Any]) -> dict[str, Any]:
    """The same template without each `DependsOn` that a reference of the same resource makes anyway."""
    resources = {name: _lean(resource) for name, resource in template["Resources"].items()}
    return {**template, "Resources": resources}


def _lean(resource: Any) -> Any:
    stated = resource.get("DependsOn") if isinstance(resource, dict) else None
    if not stated:
        return resource
    referred = set(references(resource.get("Properties")))
    kept = [name for name in ([stated] if isinstance(stated, str) else stated) if name not in referred]
    lean = {key: value for key, value in resource.items() if key != "DependsOn"}
    return {**lean, "DependsOn": kept} if kept else lean


def references(value: Any) -> Iterator[str]:
    """The logical IDs that a value refers to, whatever its conditions turn out to be, `Fn::If` left out."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    if not isinstance(value, dict):
        return
    for key, member in value.items():
        if key == "Ref" and isinstance(member, str):
            yield member
        elif key == "Fn::GetAtt":
            name = member[0] if isinstance(member, list) and member else member
            if isinstance(name, str):
                yield name.split(".")[0]
        elif key == "Fn::Sub":
            yield from _substituted(member)
        elif key != "Fn::If":
            yield from references(member)


def _substituted(value: Any) -> Iterator[str]:
    text, own = value if isinstance(value, list) and len(value) == 2 else (value, {})
    for name in _VARIABLE.findall(text) if isinstance(text, str) else ():
        if name not in own:
            yield name.split(".")[0]
    yield from references(own)
