"""`AWS::LanguageExtensions`: loops (`Fn::ForEach`), and functions where CloudFormation alone takes plain text only.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-languageextensions.html
"""

import re
from collections.abc import Iterator
from typing import Any

from dewstack.cloudformation.errors import ValidationError
from dewstack.cloudformation.macros.fragment import Fragment, Setting, TransformError
from dewstack.cloudformation.values import function_of, text

_LOOP = "Fn::ForEach::"
_NAME = re.compile(r"[A-Za-z0-9]+")
_POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")
MAX_DEPTH = 5
"""Loops within loops, as AWS bounds them."""


async def extend(setting: Setting, fragment: Fragment) -> Any:
    """The template with its loops unrolled and its policies and map lookups decided. Raises TransformError."""
    try:
        document = _unrolled(setting, fragment.value, {}, 0)
    except ValidationError as error:
        raise TransformError(f"Transform AWS::LanguageExtensions failed with: {error.message}") from error
    for resource in (document.get("Resources") or {}).values():
        for policy in _POLICIES:
            if isinstance(resource, dict) and isinstance(resource.get(policy), dict):
                resource[policy] = setting.evaluator().evaluate(resource[policy])
    return document


def _unrolled(setting: Setting, value: Any, bound: dict[str, str], depth: int) -> Any:
    if isinstance(value, dict):
        call = function_of(value)
        if call and call[0] == "Ref" and isinstance(call[1], str) and call[1] in bound:
            return bound[call[1]]
        members: dict[str, Any] = {}
        for name, item in value.items():
            if isinstance(name, str) and name.startswith(_LOOP):
                _add(members, _loop(setting, name, item, bound, depth))
            else:
                _add(members, [(_substituted(name, bound), _unrolled(setting, item, bound, depth))])
        return members
    if isinstance(value, list):
        return [_unrolled(setting, item, bound, depth) for item in value]
    return _substituted(value, bound) if isinstance(value, str) else value


def _add(members: dict[str, Any], more: Any) -> None:
    for name, value in more:
        if name in members:
            raise ValidationError(f"Duplicate key {name} after Fn::ForEach was resolved")
        members[name] = value


def _loop(
    setting: Setting, name: str, argument: Any, bound: dict[str, str], depth: int
) -> Iterator[tuple[str, Any]]:
    if depth >= MAX_DEPTH:
        raise ValidationError(f"{name}: loops can be nested {MAX_DEPTH} deep at most")
    if not _NAME.fullmatch(name.removeprefix(_LOOP)):
        raise ValidationError(f"{name}: a loop's name is alphanumeric")
    if not isinstance(argument, list) or len(argument) != 3 or not isinstance(argument[2], dict):
        raise ValidationError(f"{name}: Fn::ForEach requires an identifier, a collection and an output map")
    identifier, collection, output = argument
    if not isinstance(identifier, str) or not _NAME.fullmatch(identifier):
        raise ValidationError(f"{name}: the identifier of Fn::ForEach must be alphanumeric")
    if identifier in bound or identifier in setting.names:
        raise ValidationError(f"{name}: the identifier {identifier} is in use already")
    for item in _collection(setting, name, collection, bound):
        yield from _unrolled(setting, output, bound | {identifier: item}, depth + 1).items()


def _collection(setting: Setting, name: str, collection: Any, bound: dict[str, str]) -> list[str]:
    items = setting.evaluator(**bound).evaluate(collection)
    if not isinstance(items, list) or not items:
        raise ValidationError(f"{name}: the collection of Fn::ForEach must be a list that is not empty")
    flat = [each for item in items for each in (item if isinstance(item, list) else [item])]
    return [text(item) for item in flat]


def _substituted(value: Any, bound: dict[str, str]) -> Any:
    """`${Identifier}` as it is, `&{Identifier}` without what is not alphanumeric."""
    if not bound or not isinstance(value, str) or "{" not in value:
        return value
    for name, item in bound.items():
        value = value.replace(f"${{{name}}}", item)
        value = value.replace(f"&{{{name}}}", re.sub(r"[^A-Za-z0-9]", "", item))
    return value
