"""`binaryMediaTypes`: which bodies are bytes. Recorded on AWS: `image/*` matches by its left side, `*/png` nothing,
and of several media types in a header only the first counts."""

from collections.abc import Iterable
from functools import lru_cache

EVERYTHING = "*/*"


class BinaryMediaTypes:
    """The media types that an API treats as binary."""

    def __init__(self, types: Iterable[str]) -> None:
        self._types = frozenset(_media_type(one) for one in types)
        self._matches = lru_cache(maxsize=256)(self._look)

    def match(self, header: str | None) -> bool:
        """Whether the value of a Content-Type or Accept header means bytes; None if there is none."""
        if not self._types:
            return False
        return EVERYTHING in self._types or (header is not None and self._matches(header))

    def _look(self, header: str) -> bool:
        media_type = _media_type(header)
        main, slash, _ = media_type.partition("/")
        if not slash or main == "*":
            return False
        return media_type in self._types or f"{main}/*" in self._types


def _media_type(header: str) -> str:
    """`text/html; q=1, text/plain` as `text/html`."""
    return header.partition(",")[0].partition(";")[0].strip().lower()
