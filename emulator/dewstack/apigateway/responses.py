"""What the responses of both kinds of API have in common: the spelling of headers, dates, the frame."""

import re
from email.utils import formatdate
from functools import lru_cache

from dewstack.clock import Clock
from dewstack.http import Request, Response

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
CONTENT_TYPE_JSON = (b"Content-Type", b"application/json")
WITHOUT_BODY = frozenset({204, 304})
"""Statuses whose responses have neither a body nor its length."""


@lru_cache(maxsize=1024)
def canonical(name: str) -> bytes | None:
    """A header name as Go writes it (`my-HEADER` becomes `My-Header`), or None if it can't be one."""
    if not TOKEN.fullmatch(name):
        return None
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-")).encode()


def header_value(value: str) -> bytes:
    """A header value as bytes; a control character, such as a line break that would end it, becomes a space."""
    if not value.isprintable():
        value = CONTROL.sub(" ", value)
    return value.strip().encode()


class Dates:
    """The present second in the two spellings that HTTP and the event want, made once a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._second = -1
        self.request_time = ""
        self.http_date = b""

    def tick(self) -> float:
        """The time in seconds; `request_time` and `http_date` are of the same second afterwards."""
        now = self._clock.time()
        second = int(now)
        if second != self._second:
            self._second = second
            date = formatdate(second, usegmt=True)
            self.http_date = date.encode()
            _, day, month, year, time, _ = date.split(" ")
            self.request_time = f"{day}/{month}/{year}:{time} +0000"
        return now


def closes(request: Request) -> bool:
    """Whether the client wants the connection closed, by its word or its age."""
    return request.protocol == "HTTP/1.0" or (request.header("connection") or "").lower() == "close"


def frame(response: Response, request: Request, http_date: bytes) -> Response:
    """Add what every response has: the length unless it is streamed, the date, what becomes of the connection."""
    headers = response.headers
    if response.status in WITHOUT_BODY:
        response.body = b""
    elif response.stream is None:
        headers.append((b"Content-Length", b"%d" % len(response.body)))
    headers.append((b"Date", http_date))
    headers.append((b"Connection", b"close" if closes(request) else b"keep-alive"))
    return response
