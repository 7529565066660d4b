"""The wildcards of policies, and their variables: `${aws:username}`."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

VARIABLE = re.compile(r"\$\{([^}]*)\}")
DEFAULT = re.compile(r"([^,]+?)\s*,\s*'([^']*)'\s*")
LITERALS: Mapping[str, str] = {"*": "\ue000", "?": "\ue001", "$": "$"}
"""`${*}` is a star that is meant: such characters are told from wildcards by these, which nobody types."""
_AS_LITERAL = str.maketrans({"*": LITERALS["*"], "?": LITERALS["?"]})


def wildcard(pattern: str, value: str) -> bool:
    """Whether `value` fits `pattern`, where `*` stands for anything, slashes included, and `?` for one character.

    Takes time in proportion to the lengths: the value is a client's path.
    """
    if "*" not in pattern and "?" not in pattern:
        return pattern == value
    pieces = [_piece(piece) for piece in pattern.split("*")]
    if len(pieces) == 1:
        return pieces[0].fullmatch(value) is not None
    start = pieces[0].match(value)
    if start is None:
        return False
    at = start.end()
    for piece in pieces[1:-1]:
        found = piece.search(value, at)
        if found is None:
            return False
        at = found.end()
    last = len(value) - len(pattern.rpartition("*")[2])
    return last >= at and pieces[-1].fullmatch(value, last) is not None


def consists_of(pieces: Sequence[str], value: str) -> bool:
    """Whether `value` is these pieces in their order, with anything between two of them. Linear in its length, as
    `wildcard` is: the value is a client's."""
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return value == first
    if not value.startswith(first):
        return False
    at = len(first)
    for piece in pieces[1:-1]:
        found = value.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(value) - at >= len(last) and value.endswith(last)


@lru_cache(maxsize=512)
def _piece(text: str) -> re.Pattern[str]:
    """What stands between two stars."""
    return re.compile(re.escape(text).replace(r"\?", "."), re.DOTALL)


def literal(value: str) -> str:
    """`value` as a filled pattern is compared with it."""
    return value.translate(_AS_LITERAL)


def filled(pattern: str, context: Mapping[str, str | Sequence[str]]) -> str | None:
    """`pattern` with its variables replaced by the request's values, to be compared with `literal` ones; None where a
    variable has no value, so that nothing fits."""
    missing = False

    def value_of(match: re.Match[str]) -> str:
        nonlocal missing
        name = match[1]
        if name in LITERALS:
            return LITERALS[name]
        default = DEFAULT.fullmatch(name)
        value = context.get((default[1] if default else name).strip().lower())
        if isinstance(value, str):
            return literal(value)
        missing = missing or default is None
        return literal(default[2]) if default else ""

    text = VARIABLE.sub(value_of, pattern)
    return None if missing else text
