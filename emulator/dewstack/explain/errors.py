"""The errors that newcomers meet, kept in `entries/`, and how one is recognised in whatever text holds it.

`says` are the texts themselves, `{}` standing for what varies: each of them is provoked by a test, so that none is
explained which nobody meets. `also` is what people call it.
"""

import re
import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct, field

from dewstack.errors import AwsError

ENTRIES = Path(__file__).parent / "entries"
GAP = "{}"
WORD = re.compile(r"[\w.+-]+")
LONGEST = 20_000
"""Characters of a text that are looked at."""
NEAREST = 3
SHOWN = 5
"""Candidates at most."""


class Cause(Struct, frozen=True):
    """Why it happens, how one finds out that it is this, and what to do."""

    why: str
    find: str
    mend: str


class Entry(Struct, frozen=True):
    """An error, with its causes by likelihood."""

    id: str
    title: str
    who: str
    """Who says it."""
    says: list[str]
    means: str
    causes: list[Cause]
    flask: str
    """What happens in that place in Flask."""
    also: list[str] = field(default_factory=list)


class UnknownError(AwsError):
    """No error is known by that text."""

    code = "UnknownError"
    status = 404


class _Hit(NamedTuple):
    """Where an entry's text is found: better ones compare greater."""

    whole: bool
    exact: bool
    length: int
    start: int
    end: int


@cache
def entries() -> tuple[Entry, ...]:
    """All of them, file by file."""
    return tuple(
        entry
        for path in sorted(ENTRIES.glob("*.toml"))
        for entry in msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8"))["error"], list[Entry])
    )


@cache
def _patterns() -> tuple[tuple[Entry, str, re.Pattern[str], re.Pattern[str]], ...]:
    found = []
    for entry in entries():
        for text in entry.says:
            words = r"\s+".join(re.escape(word) for word in text.split())
            pattern = rf"(?<![\w-]){words.replace(re.escape(GAP), '.{1,300}?')}(?![\w-])"
            found.append((entry, text, re.compile(pattern), re.compile(pattern, re.IGNORECASE)))
    return tuple(found)


def _hits(text: str) -> dict[str, list[_Hit]]:
    """Where a text has what an entry says, the best first."""
    found: dict[str, list[_Hit]] = {}
    bare = _bare(text)
    for entry, said, exact, loose in _patterns():
        strict = exact.search(text)
        match = strict or loose.search(text)
        if match is not None:
            length = len(said.replace(GAP, ""))
            hit = _Hit(_bare(match[0]) == bare, strict is not None, length, match.start(), match.end())
            found[entry.id] = sorted([hit, *found.get(entry.id, ())], reverse=True)
    return found


def _bare(text: str) -> str:
    return text.strip().strip("\"'.").lower()


def said_in(text: str) -> set[str]:
    """The ids of the entries that a text names; those left out in whose place a longer text of another stands."""
    return {name for name, _ in _kept(text)}


def _kept(text: str) -> list[tuple[str, _Hit]]:
    """The ids with their best hit that is no part of another's."""
    hits = _hits(text[:LONGEST])
    kept = []
    for name, own in hits.items():
        others = [hit for other, found in hits.items() if other != name for hit in found]
        free = [hit for hit in own if not any(_within(hit, other) for other in others)]
        if free:
            kept.append((name, free[0]))
    return kept


def _within(hit: _Hit, other: _Hit) -> bool:
    return other.start <= hit.start and hit.end <= other.end and other.length > hit.length


def explained(text: str) -> list[Entry]:
    """The errors that a text may be, the likeliest first. Raises UnknownError, which names the nearest."""
    text = text[:LONGEST]
    known = {entry.id: entry for entry in entries()}
    kept = sorted(_kept(text), key=lambda one: one[1], reverse=True)
    if kept:
        return [known[name] for name, _ in kept[:SHOWN]]
    called = [entry for entry in known.values() if _called(entry, text)]
    if called:
        return called[:SHOWN]
    raise UnknownError(_unknown(text, list(known.values())))


def _called(entry: Entry, text: str) -> bool:
    """Whether people call it so."""
    words = " ".join(WORD.findall(text.lower()))
    return any(f" {name.lower()} " in f" {words} " for name in [*entry.also, entry.id])


def _unknown(text: str, known: Sequence[Entry]) -> str:
    names: dict[str, str] = {}
    for entry in known:
        for name in (entry.title, *entry.says, *entry.also):
            names.setdefault(name.lower(), entry.title)
    short = " ".join(text.split())[:80]
    near = dict.fromkeys(names[one] for one in get_close_matches(short.lower(), names, NEAREST, 0.5))
    if near:
        return f"'{short}' is not among the errors explained here. The nearest: {'; '.join(near)}"
    return f"'{short}' is not among the errors explained here. 'dew explain --list' names them."
