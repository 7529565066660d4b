"""The model's patterns, written for Java, as Python's `re` can run them.

Python has no `\\p{..}` classes. Instead of carrying their tables along, a pattern that uses them is matched
against a transcript of the value, in which each character beyond ASCII is replaced by one code point that
stands for its Unicode category; so a class needs to hold only its ASCII members and thirty stand-ins.
"""

import re
import unicodedata
from functools import lru_cache

_CATEGORIES = "LuLlLtLmLoMnMcMeNdNlNoPcPdPsPePiPfPoSmScSkSoZsZlZpCcCfCsCoCn"
_STAND_INS = {_CATEGORIES[index : index + 2]: chr(0xE000 + index) for index in range(0, len(_CATEGORIES), 2)}
_LONG_TEXT = 2048
"""Characters up to which any pattern is tried; longer values only meet patterns that are linear by form."""
_LINEAR = re.compile(r"\^?\[(?:[^\]\\]|\\.)*\][+*]?\$?")
_QUICKER = {r"^[\S]+.*[\S]+$": r"^\S.*\S$"}
"""Patterns whose refusal would take time cubic in the value's length, as others that mean the same."""
_TOKEN = re.compile(r"\\[pP]\{(\w+)\}|\\u\{?([0-9a-fA-F]{4})\}?|\\.|\[\^?|\]|&&|.", re.DOTALL)


class _Untranslatable(Exception):
    """A construct of Java's that has no counterpart here."""


def _members(category: str) -> str:
    """What stands for `\\p{category}` inside a class: ASCII members and stand-ins."""
    stand_ins = [mark for name, mark in _STAND_INS.items() if name.startswith(category)]
    if not stand_ins or len(category) > 2:
        raise _Untranslatable(category)
    ascii_members = (chr(code) for code in range(128) if unicodedata.category(chr(code)).startswith(category))
    return "".join(re.escape(character) for character in ascii_members) + "".join(stand_ins)


def _translate(pattern: str) -> str:
    """`pattern` with Java's classes spelled out. Raises _Untranslatable for nested or intersected ones."""
    out: list[str] = []
    in_class = after_set = False
    for token in _TOKEN.finditer(pattern):
        text = token[0]
        if token[1]:
            if text[1] == "P" and in_class:
                raise _Untranslatable(text)
            members = _members(token[1])
            out.append(members if in_class else f"[{'^' if text[1] == 'P' else ''}{members}]")
            after_set = True
            continue
        if in_class:
            text = _in_class(text, after_set)
        if text.startswith("["):
            in_class = True
        elif text == "]":
            in_class = False
        after_set = text in (r"\w", r"\s", r"\d", r"\S", r"\W", r"\D")
        out.append(text)
    return "".join(out)


def _in_class(text: str, after_set: bool) -> str:
    """A token inside of a character class as Python wants it. Raises _Untranslatable."""
    if text.startswith("[") or text == "&&":
        raise _Untranslatable(text)
    if text == "-" and after_set:
        return r"\-"  # Java reads `[\w-_]` as a literal hyphen, Python as a broken range
    return "\\" + text if text in "&|~" else text  # doubled ones mean set operations to Python, one day


def _transcript(value: str) -> str:
    return "".join(c if c < "\x80" else _STAND_INS[unicodedata.category(c)] for c in value)


@lru_cache(maxsize=1024)
def _compile(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(_translate(_QUICKER.get(pattern, pattern)), re.ASCII)
    except (_Untranslatable, re.error, OverflowError, RecursionError):
        return None


def matches(pattern: str, value: str) -> bool:
    """Whether the whole of `value` satisfies a pattern of the model.

    True as well where that cannot be told: the pattern does not translate, or the value is so long that
    trying a pattern with repeated groups might take exponential time.
    """
    compiled = _compile(pattern)
    if compiled is None or (len(value) > _LONG_TEXT and not _LINEAR.fullmatch(pattern)):
        return True
    if not value.isascii() and r"\p" in pattern.lower():
        value = _transcript(value)
    return compiled.fullmatch(value) is not None
