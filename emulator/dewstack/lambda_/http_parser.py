"""HTTP requests of runtimes, parsed; an offer to go on in HTTP/2, as Java's client makes, is overheard."""

import re

import httptools

OFFER = re.compile(rb"\r\nUpgrade: *h2c(?=\r\n)", re.IGNORECASE)
LONGEST_HEAD = 16_384


class RequestParser:
    """httptools' parser. It would take a request with an offer for the last, and its body for something else."""

    __slots__ = ("_feed", "_offers")

    def __init__(self, callbacks: object) -> None:
        self._feed = httptools.HttpRequestParser(callbacks).feed_data
        self._offers: bool | None = None
        """Whether this client offers HTTP/2: the first request has told."""

    def feed(self, data: bytes) -> None:
        """Parse what has come. Raises httptools.HttpParserError."""
        if self._offers is None:
            self._offers = OFFER.search(data, 0, LONGEST_HEAD) is not None
        self._feed(OFFER.sub(b"", data, count=1) if self._offers else data)
