"""The values that templates handle, how Java prints them and what of them is true.

Values are those of JSON; a list that came out of JSON prints as JSON, one that a template made as `[a, b]`, a map as
`{a=b}`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from dewstack.apigateway.rest_api.velocity.errors import TemplateError

SIZE_LIMIT = 10 * 1024 * 1024
"""Characters of a rendering, and of any text on the way to it."""
NESTING_LIMIT = 100


class JsonList(list[Any]):
    """A list that came out of JSON."""


class Missing(str):
    """Nothing, where even that is no error: it prints as nothing, and so do its members."""

    __slots__ = ()


class Position(dict[str, Any]):
    """`$foreach`: where in its rounds a loop is. Its members may be called as well."""


class Object:
    """Something that isn't data, such as `$input`. `methods` are all that can be called."""

    def __init__(self, methods: Mapping[str, Callable[..., Any]], properties: Mapping[str, Any]) -> None:
        self.methods = methods
        self.properties = properties


def from_json(value: Any) -> Any:
    """A decoded JSON value with its lists marked. Raises TemplateError for one that is nested too deeply."""
    return _marked(value, 0)


def _marked(value: Any, depth: int) -> Any:
    if depth > NESTING_LIMIT:
        raise TemplateError(f"JSON is nested more than {NESTING_LIMIT} levels deep")
    if isinstance(value, dict):
        return {name: _marked(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return JsonList(_marked(item, depth + 1) for item in value)
    return value


def to_json(value: Any) -> str:
    """A value as compact JSON. Raises TemplateError for what JSON cannot say."""
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError) as error:
        raise TemplateError(f"this is not JSON: {error}") from None


def text(value: Any, depth: int = 0) -> str:
    """A value as Java prints it. Raises TemplateError for one that is nested too deeply."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, (JsonList, bool, int, float)):
        return to_json(value)
    if depth > NESTING_LIMIT:
        raise TemplateError(f"a value is nested more than {NESTING_LIMIT} levels deep")
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}={text(item, depth + 1)}' for name, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(text(item, depth + 1) for item in value)}]"
    return type(value).__name__


def truth(value: Any) -> bool:
    """Whether `#if` takes a value for true: null, false and what is empty are not."""
    return value is not None and value is not False and value not in ("", [], {})


def bounded(written: str) -> str:
    """The text. Raises TemplateError where it is longer than any rendering may be."""
    if len(written) > SIZE_LIMIT:
        raise TemplateError("the text grows beyond 10 MB")
    return written
