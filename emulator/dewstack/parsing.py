"""What httptools leaves to others of a request: its target, and the offer to go on in HTTP/2."""

import re

import httptools

OFFER = re.compile(rb"\r\nUpgrade: *h2c(?=\r\n)", re.IGNORECASE)
LONGEST_HEAD = 16_384


class Http2Offers:
    """The offers of one connection's client to go on in HTTP/2, as Java's makes with each request: overheard.

    httptools would take such a request for the connection's last, and its body for something else. Whether a client
    makes offers is known from its first request, so that others cost nothing.
    """

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: bool | None = None

    def overhear(self, data: bytes) -> bytes:
        """What has come, without an offer."""
        if self._made is None:
            self._made = OFFER.search(data, 0, LONGEST_HEAD) is not None
        return OFFER.sub(b"", data, count=1) if self._made else data


def target(url: bytes) -> tuple[str, str]:
    """Path and query of a request line's target, as sent; an absolute URL is cut to them."""
    if not url.startswith(b"/"):
        try:
            parsed = httptools.parse_url(url)
        except httptools.HttpParserInvalidURLError:
            return url.decode("latin-1"), ""
        return (parsed.path or b"/").decode("latin-1"), (parsed.query or b"").decode("latin-1")
    path, _, query = url.partition(b"?")
    return path.decode("latin-1"), query.partition(b"#")[0].decode("latin-1")
