"""HTTP to identity providers: over TLS or on this machine, bounded in time and size, never led elsewhere."""

import time
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit

import msgspec

TIMEOUT = 5.0
SIZE_LIMIT = 512 * 1024
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class FetchError(Exception):
    """A provider that could not be asked, or answered an error; `status` is its HTTP status, if it had one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None


def fetch(
    url: str, form: Mapping[str, str] | None = None, bearer: str | None = None, method: str | None = None
) -> bytes:
    """The body that `url` answers, to a form where there is one. Blocks for some seconds: call it in a thread.

    Raises FetchError.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise FetchError("An address of the provider's is none") from error
    local = parts.hostname in LOOPBACK
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise FetchError(f"{url} is neither https nor on this machine")
    headers = {"Accept": "application/json", **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
    body = urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    handlers: list[urllib.request.BaseHandler] = [_Stay()]
    if local:
        handlers.append(urllib.request.ProxyHandler({}))
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=TIMEOUT) as response:
            return _read(response)
    except HTTPError as error:
        with error:
            raise FetchError(_reason(error), error.code) from error
    except (OSError, HTTPException, ValueError) as error:
        raise FetchError(f"{parts.hostname} could not be asked: {error}") from error


def read_object(body: bytes, what: str) -> dict[str, Any]:
    """A JSON object. Raises FetchError."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise FetchError(f"{what} is no JSON") from error
    if not isinstance(document, dict):
        raise FetchError(f"{what} is no JSON object")
    return document


def _read(response: Any) -> bytes:
    deadline, chunks, size = time.monotonic() + TIMEOUT, [], 0
    while chunk := response.read1(65_536):
        chunks.append(chunk)
        size += len(chunk)
        if size > SIZE_LIMIT or time.monotonic() > deadline:
            raise FetchError("The provider's answer is too long or too slow")
    return b"".join(chunks)


def _reason(error: HTTPError) -> str:
    """What an OAuth error says of itself, within bounds."""
    try:
        told = read_object(error.read(4096), "The error")
    except (FetchError, OSError, HTTPException):
        return "error getting token"
    return " ".join(str(told[name])[:200] for name in ("error", "error_description") if told.get(name))
