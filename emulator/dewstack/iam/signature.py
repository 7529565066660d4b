"""AWS Signature Version 4 of a request, read and verified: in the `Authorization` header, or in the query string of a
presigned URL. Functions of values; AWS's guide "Create a signed AWS API request" has the steps by these names."""

import base64
import calendar
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol
from urllib.parse import quote, unquote

from msgspec import Struct

from dewstack.http import Request
from dewstack.iam.faults import MISSING_TOKEN, Incomplete, Mismatch, Missing

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW_SECONDS = 15 * 60
MAX_EXPIRES_SECONDS = 7 * 24 * 3600
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
PARTS = ("Credential", "Signature", "SignedHeaders")
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access"
    " Key and signing method. Consult the service documentation for details."
)
_HASHED = "(hashed with SHA-256 and encoded with Base64)"
_DATE = re.compile(r"\d{8}T\d{6}Z")
_SPACES = re.compile(r" +")
_UNRESERVED = "-_.~"
_PRESIGNED = "X-Amz-Signature"


class Signature(Struct, frozen=True):
    """A signature as a request carries it. `date` is as it was sent; `expires` in seconds, of presigned URLs alone."""

    access_key_id: str
    day: str
    region: str
    service: str
    date: str
    signed_headers: tuple[str, ...]
    signature: str
    session_token: str = ""
    expires: int | None = None

    @property
    def scope(self) -> str:
        """The credential scope."""
        return f"{self.day}/{self.region}/{self.service}/aws4_request"


class SigningKeys(Protocol):
    """Derives the key that a day's requests to a service are signed with."""

    def key(self, secret: str, signature: Signature) -> bytes:
        """`kSigning` of AWS's guide."""


def read_signature(request: Request) -> Signature:
    """The signature of a request. Raises Missing, Incomplete."""
    header = request.header("authorization")
    if header:
        return _from_header(request, header)
    if "X-Amz-Algorithm=" in request.query or f"{_PRESIGNED}=" in request.query:
        return _from_query(request)
    raise Missing(MISSING_TOKEN)


def _from_header(request: Request, header: str) -> Signature:
    scheme, _, rest = header.strip().partition(" ")
    digest = base64.b64encode(hashlib.sha256(header.encode()).digest()).decode()
    pairs = [pair.strip().partition("=") for pair in rest.split(",")] if rest else []
    if any(not equals for _, equals, _ in pairs):
        raise Incomplete(
            f"Invalid key=value pair (missing equal-sign) in Authorization header {_HASHED}: '{digest}'."
        )
    given = {name: value for name, _, value in pairs}
    date = request.header("x-amz-date") or request.header("date") or ""
    complaints = [
        f"Authorization header requires '{part}' parameter." for part in PARTS if not given.get(part)
    ]
    if not date:
        complaints.append(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    if complaints:
        raise Incomplete(f"{' '.join(complaints)} {_HASHED.capitalize()} Authorization={digest}")
    if scheme != ALGORITHM:
        raise Incomplete(f"Unsupported AWS 'algorithm': '{scheme}'.")
    return _signature(
        given["Credential"],
        date,
        given["SignedHeaders"],
        given["Signature"],
        request.header("x-amz-security-token") or "",
    )


def _from_query(request: Request) -> Signature:
    given = dict(_pairs(request.query))
    names = ("X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date", "X-Amz-Expires")
    missing = [name for name in names if not given.get(name)]
    if missing:
        raise Incomplete(" ".join(f"AWS query-string parameters must include '{name}'." for name in missing))
    if given.get("X-Amz-Algorithm") != ALGORITHM:
        raise Incomplete(f"Unsupported AWS 'algorithm': '{given.get('X-Amz-Algorithm', '')}'.")
    expires = given["X-Amz-Expires"]
    if not expires.isdecimal() or not 0 < int(expires) <= MAX_EXPIRES_SECONDS:
        raise Incomplete("X-Amz-Expires must be between 1 and 604800 seconds.")
    return _signature(
        given["X-Amz-Credential"],
        given["X-Amz-Date"],
        given["X-Amz-SignedHeaders"],
        given[_PRESIGNED],
        given.get("X-Amz-Security-Token", ""),
        int(expires),
    )


def _signature(
    credential: str, date: str, headers: str, signature: str, token: str, expires: int | None = None
) -> Signature:
    parts = credential.rsplit("/", 4)
    if len(parts) != 5 or not all(parts):
        raise Incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term,"
            f" got '{credential}'"
        )
    if parts[4] != "aws4_request":
        raise Mismatch(
            f"Credential should be scoped with a valid terminator: 'aws4_request', not '{parts[4]}'."
        )
    if not _DATE.fullmatch(date):
        raise Incomplete(
            f"Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
        )
    signed = tuple(headers.lower().split(";"))
    return Signature(parts[0], parts[1], parts[2], parts[3], date, signed, signature, token, expires)


def check_time(signature: Signature, now: float) -> None:
    """Compare a signature's time with ours, in seconds since the epoch. Raises Mismatch when it is too old or new."""
    if not signature.date.startswith(signature.day):
        raise Mismatch(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP:"
            f" '{signature.day}' != '{signature.date[:8]}', from '{signature.date}'."
        )
    signed = _seconds(signature.date)
    if signed is None:
        raise Mismatch(f"Date must be a date and a time. Got '{signature.date}'.")
    if signed > now + SKEW_SECONDS:
        raise Mismatch(
            f"Signature not yet current: {signature.date} is still later than {_iso(now + SKEW_SECONDS)}"
            f" ({_iso(now)} + 15 min.)"
        )
    lasts = SKEW_SECONDS if signature.expires is None else signature.expires
    if signed < now - lasts:
        told = "15 min." if signature.expires is None else f"{lasts} s"
        raise Mismatch(
            f"Signature expired: {signature.date} is now earlier than {_iso(now - lasts)} ({_iso(now)} - {told})"
        )


@lru_cache(maxsize=64)
def _seconds(date: str) -> int | None:
    """Seconds since the epoch; None for a date that there isn't. Requests of one second share it."""
    try:
        return calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        return None


def _iso(seconds: float) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


def check_signature(request: Request, signature: Signature, secret: str, keys: SigningKeys) -> None:
    """Compute the signature anew and compare, in constant time. Raises Mismatch, with the strings to sign."""
    if "host" not in signature.signed_headers:
        raise Mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
    canonical = canonical_request(request, signature)
    to_sign = string_to_sign(canonical, signature)
    computed = hmac.digest(keys.key(secret, signature), to_sign.encode(), "sha256").hex()
    if not hmac.compare_digest(computed.encode(), signature.signature.encode()):
        raise Mismatch(
            f"{MISMATCH}\n\nThe Canonical String for this request should have been\n'{canonical}'\n\n"
            f"The String-to-Sign should have been\n'{to_sign}'\n"
        )


def string_to_sign(canonical: str, signature: Signature) -> str:
    """What is signed."""
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return f"{ALGORITHM}\n{signature.date}\n{signature.scope}\n{digest}"


def canonical_request(request: Request, signature: Signature) -> str:
    """A request in the one form that both sides can compute."""
    headers = _header_lines(request, signature.signed_headers)
    path = request.sent_path or request.raw_path
    return "\n".join(
        (
            request.method,
            quote(path, safe="/%~") if signature.service == "s3" else quote(_normalized(path), safe="/~"),
            canonical_query(request.query),
            *(f"{name}:{value}" for name, value in headers.items()),
            "",
            ";".join(signature.signed_headers),
            _payload_hash(request, signature),
        )
    )


def _payload_hash(request: Request, signature: Signature) -> str:
    """The hash of the body that came; S3 lets a client name none, or sign a stream chunk by chunk."""
    if signature.service == "s3":
        named = request.header("x-amz-content-sha256")
        if named and (named == UNSIGNED_PAYLOAD or named.startswith("STREAMING-")):
            return named
        if signature.expires is not None and not named:
            return UNSIGNED_PAYLOAD
    return hashlib.sha256(request.body).hexdigest()


def _header_lines(request: Request, names: tuple[str, ...]) -> Mapping[str, str]:
    """The signed headers in the order of their names, lines of one name joined, spaces collapsed."""
    lines: dict[str, str] = dict.fromkeys(names, "")
    seen: set[str] = set()
    for raw_name, raw_value in request.headers:
        name = raw_name.decode("latin-1").lower()
        if name in lines:
            value = raw_value.decode("utf-8", "replace").strip()
            value = _SPACES.sub(" ", value) if "  " in value else value
            lines[name] = f"{lines[name]},{value}" if name in seen else value
            seen.add(name)
    return lines


def canonical_query(query: str) -> str:
    """A query string, decoded, encoded as AWS encodes, in order and without a signature."""
    if not query:
        return ""
    encoded = sorted(
        (quote(name, safe=_UNRESERVED), quote(value, safe=_UNRESERVED))
        for name, value in _pairs(query)
        if name != _PRESIGNED
    )
    return "&".join(f"{name}={value}" for name, value in encoded)


def _pairs(query: str) -> list[tuple[str, str]]:
    parts = (part.partition("=") for part in query.split("&") if part)
    return [(unquote(name), unquote(value)) for name, _, value in parts]


def _normalized(path: str) -> str:
    """A path without `.`, `..` and empty segments, as all services but S3 sign it."""
    if "//" not in path and "/." not in path:
        return path or "/"
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            segments = segments[:-1]
        elif segment not in ("", "."):
            segments.append(segment)
    ending = "/" if path.endswith("/") and segments else ""
    return f"/{'/'.join(segments)}{ending}"


def derive_key(secret: str, day: str, region: str, service: str) -> bytes:
    """The key that signs a day's requests to a service of a region."""
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


class DerivedKeys:
    """Signing keys, the last few hundred remembered."""

    LIMIT = 256

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str, str, str], bytes] = {}

    def key(self, secret: str, signature: Signature) -> bytes:
        """`kSigning` of AWS's guide."""
        name = (secret, signature.day, signature.region, signature.service)
        found = self._keys.get(name)
        if found is None:
            found = derive_key(*name)
            if len(self._keys) >= self.LIMIT:
                self._keys.pop(next(iter(self._keys)), None)
            self._keys[name] = found
        return found
