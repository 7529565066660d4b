"""A request to the hosted UI, read, and the kinds of answer it gets."""

from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode

from msgspec import Struct, field

from dewstack.cognito.model import UserPool
from dewstack.http import Headers, Request, Response, json_response

Parameters = dict[str, str]

LONGEST = 8192
"""Characters that one parameter may have; refresh tokens take some 1,800."""
MOST = 64
CORS: Headers = [(b"Access-Control-Allow-Origin", b"*")]
NO_STORE: Headers = [(b"Cache-Control", b"no-store"), (b"Pragma", b"no-cache")]


class Malformed(Exception):
    """Parameters that cannot be read; its text says which and why."""


class Ask(Struct, frozen=True, kw_only=True):
    """One request: where it arrived, and what it brings."""

    method: str
    path: str
    query: Parameters
    form: Parameters
    request: Request
    base_url: str
    """Scheme and authority as the client sees them."""
    pool: UserPool | None = None
    """The pool whose domain the host names; None at an address that every pool shares."""
    cookies: Parameters = field(default_factory=dict)

    def header(self, name: str) -> str:
        """A header's value, or nothing."""
        return self.request.header(name) or ""


def read_parameters(text: str) -> Parameters:
    """A query or form as a dict; empty values count as absent (RFC 6749, section 3.1). Raises Malformed."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST)
    except (ValueError, UnicodeDecodeError) as error:
        raise Malformed("The parameters are not readable.") from error
    read: Parameters = {}
    for name, value in pairs:
        if name in read:
            raise Malformed(f"Parameter {name[:64]} is there more than once.")
        if "\0" in value or len(value) > LONGEST:
            raise Malformed(f"Parameter {name[:64]} has a character that it cannot have, or too many.")
        read[name] = value
    return {name: value for name, value in read.items() if value}


def read_form(request: Request) -> Parameters:
    """The fields of a form, empty for anything else. Raises Malformed."""
    kind = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if request.method != "POST" or kind != "application/x-www-form-urlencoded":
        return {}
    try:
        return read_parameters(request.body.decode("ascii"))
    except UnicodeDecodeError:
        try:
            return read_parameters(request.body.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise Malformed("The form is not UTF-8.") from error


def read_cookies(request: Request) -> Parameters:
    """The cookies that came along; unreadable ones are none."""
    jar: SimpleCookie = SimpleCookie()
    for name, value in request.headers:
        if name.lower() == b"cookie":
            for part in value.decode("latin-1").split(";"):
                try:
                    jar.load(part.strip())
                except CookieError:
                    continue
    return {name: morsel.value for name, morsel in jar.items()}


def cookie(name: str, value: str, max_age: int) -> tuple[bytes, bytes]:
    """A Set-Cookie header that scripts cannot read and other sites' forms don't send. Seconds; 0 removes it."""
    text = f"{name}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Lax"
    return b"Set-Cookie", text.encode("latin-1")


def redirect(location: str, *headers: tuple[bytes, bytes]) -> Response:
    """302 to an address of ours, or one that has been checked."""
    return Response(302, b"", [(b"Location", _ascii(location)), *NO_STORE, *headers])


def with_query(url: str, parameters: Parameters, *, fragment: bool = False) -> str:
    """`url` with parameters added to its query, or put into its fragment."""
    if not parameters:
        return url
    if fragment:
        return f"{url}#{urlencode(parameters)}"
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}"


def answer(document: dict[str, Any], status: int = 200) -> Response:
    """JSON that no cache keeps and any page may read, as AWS's token endpoint allows it."""
    response = json_response(status, document, *NO_STORE, *CORS)
    response.headers[0] = (b"Content-Type", b"application/json;charset=UTF-8")
    return response


def _ascii(url: str) -> bytes:
    """A header's bytes: what isn't ASCII percent-encoded, as browsers would send it."""
    return "".join(
        char if "!" <= char <= "~" else "".join(f"%{byte:02X}" for byte in char.encode()) for char in url
    ).encode("ascii")
