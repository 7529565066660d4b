"""Filter patterns: for unstructured messages terms, "phrases", `?any`, `-none`, `%expressions%`.

Terms match anywhere in the message, with their case. Patterns for JSON (`{ $.a = 1 }`) and for space-delimited messages
(`[a, b = 1]`) have modules of their own.
"""

import re
from collections.abc import Callable

from dewstack.logs.errors import InvalidParameterException

Predicate = Callable[[str], bool]
_TERM = re.compile(r'\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]+)%|([^\s"%]+))(?=\s|$)')


def _everything(message: str) -> bool:
    return True


def _contains(text: str) -> Predicate:
    return lambda message: text in message


def _expression(pattern: str) -> Predicate:
    try:
        return re.compile(pattern).search  # type: ignore[return-value]
    except re.error as error:
        raise InvalidParameterException("Invalid filter pattern") from error


def _terms(pattern: str) -> list[tuple[str, Predicate]]:
    terms: list[tuple[str, Predicate]] = []
    position, end = 0, len(pattern.rstrip())
    while position < end:
        found = _TERM.match(pattern, position)
        if found is None:
            raise InvalidParameterException("Invalid filter pattern")
        sign, phrase, expression, word = found.groups()
        if expression is not None:
            terms.append((sign, _expression(expression)))
        else:
            text = word if phrase is None else re.sub(r"\\(.)", r"\1", phrase)
            terms.append((sign, _contains(text)))
        position = found.end()
    return terms


def compile_filter(pattern: str) -> Predicate:
    """A predicate over messages. An empty pattern takes all.

    Where `?` terms stand beside others, AWS ignores them. Raises InvalidParameterException for a malformed pattern.
    """
    pattern = pattern.strip()
    if pattern.startswith("{"):
        from dewstack.logs.json_filters import compile_json

        return compile_json(pattern)
    if pattern.startswith("["):
        from dewstack.logs.field_filters import compile_fields

        return compile_fields(pattern)
    terms = _terms(pattern)
    wanted = [check for sign, check in terms if sign == ""]
    unwanted = [check for sign, check in terms if sign == "-"]
    optional = [check for sign, check in terms if sign == "?"]
    if not terms:
        return _everything
    if not wanted and not unwanted:
        return lambda message: any(check(message) for check in optional)
    return lambda message: (
        all(check(message) for check in wanted) and not any(check(message) for check in unwanted)
    )
