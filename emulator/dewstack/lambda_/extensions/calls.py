"""The Extensions API, as an extension sees it: what it asks for, and what it is answered.

Base path `/2020-01-01/extension`. `POST /register` gives an identifier, `GET /event/next` waits for an event,
`POST /init/error` and `POST /exit/error` end the environment.
"""

from typing import Any

import msgspec
from msgspec import Struct

PATH = b"/2020-01-01/extension/"
TELEMETRY = (b"/2022-07-01/telemetry", b"/2020-08-15/logs")
EVENTS = ("INVOKE", "SHUTDOWN")


class Call(Struct, frozen=True):
    """A request of an extension."""

    path: str
    """Behind the base path: `register`."""
    name: str = ""
    """The header Lambda-Extension-Name, which is the file's name of an extension of its own process."""
    identifier: str = ""
    """The header Lambda-Extension-Identifier."""
    body: bytes = b""

    def events(self) -> list[str] | None:
        """The events that a registration is for; None for something else than a list of them."""
        try:
            document: Any = msgspec.json.decode(self.body or b"{}")
        except (msgspec.DecodeError, RecursionError):
            return None
        events = document.get("events", []) if isinstance(document, dict) else None
        if not isinstance(events, list) or any(event not in EVENTS for event in events):
            return None
        return list(dict.fromkeys(events))


def answer(status: bytes, document: dict[str, Any], *headers: bytes) -> bytes:
    """One HTTP/1.1 answer."""
    body = msgspec.json.encode(document)
    head = b"".join((b"HTTP/1.1 %b\r\nContent-Type: application/json\r\n" % status, *headers))
    return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)


def refusal(status: bytes, error_type: str, message: str) -> bytes:
    """An error of the Extensions API."""
    return answer(status, {"errorType": f"Extension.{error_type}", "errorMessage": message})


ACCEPTED = answer(b"202 Accepted", {"status": "OK"})
NO_TELEMETRY = answer(
    b"202 Accepted", {"errorType": "Telemetry.NotSupported", "errorMessage": "Telemetry API is not supported"}
)
"""What AWS's own local tools answer; telemetry is not delivered here either."""
