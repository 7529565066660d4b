"""GetModelTemplate: a mapping template to begin with, made out of a model's schema, in the way of AWS's own."""

from typing import Any

DEEPEST = 20


def template(schema: Any) -> str:
    """A template whose output is of `schema`."""
    if not isinstance(schema, dict):
        schema = {}
    return f"#set($inputRoot = $input.path('$'))\n{_value(schema, '$inputRoot', 0)}"


def _value(schema: dict[str, Any], path: str, depth: int) -> str:
    """What of `schema` is written where `path` is."""
    kind = schema.get("type")
    if depth >= DEEPEST:
        return "null"
    if kind == "object" or "properties" in schema:
        return _object(schema, path, depth)
    if kind == "array":
        item = schema.get("items")
        name = f"$elem{depth}" if depth else "$elem"
        inner = _value(item if isinstance(item, dict) else {}, name, depth + 1)
        return f"[\n#foreach({name} in {path})\n  {inner}#if($foreach.hasNext),#end\n#end\n]"
    return path if kind in ("number", "integer", "boolean") else f'"{path}"'


def _object(schema: dict[str, Any], path: str, depth: int) -> str:
    properties = schema.get("properties")
    given = properties.items() if isinstance(properties, dict) else ()
    indent = "  " * (depth + 1)
    members = [
        f'{indent}"{name}" : {_value(each if isinstance(each, dict) else {}, f"{path}.{name}", depth + 1)}'
        for name, each in given
    ]
    return "{\n" + ",\n".join(members) + f"\n{indent[2:]}}}" if members else "{ }"
