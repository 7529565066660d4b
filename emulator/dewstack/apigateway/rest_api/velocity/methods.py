"""What can be called on the values of a template: the methods of Java's String, Map and List that templates use.

A regular expression has to be spelled in the template: one that a client could choose would be his to make slow.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from dewstack.apigateway.rest_api.velocity.errors import TemplateError
from dewstack.apigateway.rest_api.velocity.values import SIZE_LIMIT, Missing, Object, Position, text

Method = Callable[..., Any]
ITEM_LIMIT = 1_000_000
"""Items that a template may gather in a list."""
GROUP = re.compile(r"\\(.)|\$(\d)", re.DOTALL)


class Literal(str):
    """A string that is spelled in the template itself."""


def call(value: Any, name: str, arguments: list[Any]) -> Any:
    """What `value.name(arguments)` gives, or None where there is no such method. Raises TemplateError."""
    method = _table(value).get(name)
    if method is None:
        return value if isinstance(value, Missing) else None
    try:
        if isinstance(value, Object):
            return method(*arguments)
        return method(value, *arguments)
    except (TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise TemplateError(f".{name}() cannot be called like this: {error}") from None


def item(value: Any, name: Any) -> Any:
    """What `value.name` or `value[name]` is, or None."""
    if isinstance(value, Missing):
        return value
    if isinstance(value, Mapping):
        found = value.get(name)
        return _entry_set(value) if found is None and name == "entrySet" else found
    if isinstance(value, Object):
        return value.properties.get(name) if isinstance(name, str) else None
    if isinstance(value, list) and isinstance(name, int) and not isinstance(name, bool):
        return value[name] if -len(value) <= name < len(value) else None
    if isinstance(value, (str, list, Mapping)) and name == "empty":
        return not value
    return None


def _table(value: Any) -> Mapping[str, Method]:
    if isinstance(value, Object):
        return value.methods
    return next((methods for kind, methods in TABLES if isinstance(value, kind)), {})


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise TemplateError(f"the regular expression {pattern!r}: {error}") from None


def _pattern(pattern: Any) -> re.Pattern[str]:
    if not isinstance(pattern, Literal):
        raise TemplateError("a regular expression is spelled in the template, not made from what it reads")
    return _compiled(str(pattern))


def _replacement(written: str) -> Callable[[re.Match[str]], str]:
    """Java's replacement strings: `$1` is a group, a backslash takes the next character as it is."""

    def replace(match: re.Match[str]) -> str:
        return GROUP.sub(lambda part: part[1] if part[1] is not None else match[int(part[2])] or "", written)

    return replace


def _replace_all(value: str, pattern: Any, replacement: Any) -> str:
    return _checked(_pattern(pattern).sub(_replacement(text(replacement)), value))


def _replace_first(value: str, pattern: Any, replacement: Any) -> str:
    return _checked(_pattern(pattern).sub(_replacement(text(replacement)), value, count=1))


def _replace(value: str, old: Any, new: Any) -> str:
    old, new = text(old), text(new)
    if len(value) + value.count(old) * (len(new) - len(old)) > SIZE_LIMIT:
        raise TemplateError("the text grows beyond 10 MB")
    return value.replace(old, new)


def _checked(value: str) -> str:
    if len(value) > SIZE_LIMIT:
        raise TemplateError("the text grows beyond 10 MB")
    return value


def _split(value: str, pattern: Any, limit: int = 0) -> list[str]:
    """As Java splits: by an expression, without empty pieces at the end."""
    pieces = _pattern(pattern).split(value, maxsplit=max(0, limit - 1))
    if not limit:
        while len(pieces) > 1 and not pieces[-1]:
            pieces.pop()
    return pieces


def _matches(value: str, pattern: Any) -> bool:
    return _pattern(pattern).fullmatch(value) is not None


def _put(value: dict[str, Any], name: Any, new: Any) -> Any:
    old = value.get(text(name))
    value[text(name)] = new
    return old


def _entry_set(value: Mapping[str, Any]) -> list[Any]:
    return [
        Object(
            {
                "getKey": lambda name=name: name,
                "getValue": lambda held=held: held,
            },
            {"key": name, "value": held},
        )
        for name, held in value.items()
    ]


def _add(value: list[Any], *arguments: Any) -> bool:
    value.insert(arguments[0], arguments[1]) if len(arguments) == 2 else value.append(arguments[0])
    return True


def _add_all(value: list[Any], other: list[Any]) -> bool:
    if len(value) + len(other) > ITEM_LIMIT:
        raise TemplateError(f"a list grows beyond {ITEM_LIMIT} items")
    value.extend(other)
    return bool(other)


ANY: Mapping[str, Method] = {"toString": text, "equals": lambda value, other: value == other}
STRING: Mapping[str, Method] = {
    **ANY,
    "charAt": lambda value, at: value[at],
    "concat": lambda value, other: _checked(value + text(other)),
    "contains": lambda value, other: text(other) in value,
    "endsWith": lambda value, other: value.endswith(text(other)),
    "equalsIgnoreCase": lambda value, other: value.lower() == text(other).lower(),
    "indexOf": lambda value, other, start=0: value.find(text(other), start),
    "isBlank": lambda value: not value.strip(),
    "isEmpty": lambda value: not value,
    "lastIndexOf": lambda value, other: value.rfind(text(other)),
    "length": len,
    "matches": _matches,
    "replace": _replace,
    "replaceAll": _replace_all,
    "replaceFirst": _replace_first,
    "split": _split,
    "startsWith": lambda value, other: value.startswith(text(other)),
    "strip": lambda value: value.strip(),
    "substring": lambda value, start, end=None: value[start:end],
    "toLowerCase": lambda value: value.lower(),
    "toUpperCase": lambda value: value.upper(),
    "trim": lambda value: value.strip(),
}
MAP: Mapping[str, Method] = {
    **ANY,
    "containsKey": lambda value, name: name in value,
    "containsValue": lambda value, other: other in value.values(),
    "entrySet": _entry_set,
    "get": lambda value, name: value.get(name),
    "getOrDefault": lambda value, name, other: value.get(name, other),
    "isEmpty": lambda value: not value,
    "keySet": list,
    "put": _put,
    "putAll": lambda value, other: value.update(other),
    "remove": lambda value, name: value.pop(name, None),
    "size": len,
    "values": lambda value: list(value.values()),
}
LIST: Mapping[str, Method] = {
    **ANY,
    "add": _add,
    "addAll": _add_all,
    "contains": lambda value, other: other in value,
    "get": lambda value, at: value[at],
    "indexOf": lambda value, other: value.index(other) if other in value else -1,
    "isEmpty": lambda value: not value,
    "remove": lambda value, at: value.pop(at),
    "set": lambda value, at, other: value.__setitem__(at, other),
    "size": len,
    "subList": lambda value, start, end: value[start:end],
}
NUMBER: Mapping[str, Method] = {
    **ANY,
    "doubleValue": float,
    "intValue": int,
    "longValue": int,
}


POSITION: Mapping[str, Method] = {
    "hasNext": lambda place: place["hasNext"],
    "getHasNext": lambda place: place["hasNext"],
    "getIndex": lambda place: place["index"],
    "getCount": lambda place: place["count"],
    "isFirst": lambda place: place["first"],
    "isLast": lambda place: place["last"],
}
TABLES: tuple[tuple[Any, Mapping[str, Method]], ...] = (
    (str, STRING),
    (Position, POSITION),
    (dict, MAP),
    (list, LIST),
    (bool, ANY),
    ((int, float), NUMBER),
)
