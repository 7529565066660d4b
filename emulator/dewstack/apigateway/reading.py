"""Reading a request: the pieces of its request line and its headers that both kinds of API understand alike."""

from os import urandom
from urllib.parse import unquote_plus

HEADER_LINES = 1_000
"""Lines of headers from which on a request is too large, however short they are."""


def printable(text: str) -> str:
    """`text` as valid Unicode: raw bytes that a client put into its request line are read as UTF-8."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8", "replace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()


def host_name(host: str) -> str:
    """A Host header without its port; an IPv6 address keeps its brackets."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def query_pairs(query: str) -> list[tuple[str, str]]:
    """The decoded names and values of a query string in their order: `+` is a space, a lone name has value
    ''."""
    pairs = []
    for pair in query.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            if "%" in pair or "+" in pair:
                name, value = unquote_plus(name), unquote_plus(value)
            pairs.append((name, value))
    return pairs


def query_values(query: str) -> dict[str, list[str]]:
    """The decoded values of each name in a query string, in their order."""
    values: dict[str, list[str]] = {}
    for name, value in query_pairs(query):
        values.setdefault(name, []).append(value)
    return values


def trace_id(given: str, time: float) -> str:
    """The request's `X-Amzn-Trace-Id`: the one that the client gave, or a new one. `time` in seconds."""
    return given if given.startswith("Root=") else f"Root=1-{int(time):08x}-{urandom(12).hex()}"
