"""Where the CSV file of an import job goes: a URL that is signed as S3's are, and good for 15 minutes."""

import hashlib
import hmac
import re
from datetime import UTC, datetime
from html import escape
from urllib.parse import parse_qs, urlencode

from msgspec import Struct

from dewstack.http import Request, Response

PREFIX = "/_aws/cognito-idp/imports/"
PATH = re.compile(
    re.escape(PREFIX) + r"(?P<pool>[\w-]+_[0-9a-zA-Z]+)/(?P<job>import-[0-9a-zA-Z-]+)", re.ASCII
)
EXPIRES_SECONDS = 900
LARGEST = 80 * 1024 * 1024
"""Bytes of a file. AWS takes 100 MB; no request to the emulator may have more than this."""
DATE = "%Y%m%dT%H%M%SZ"
ENCRYPTION = "x-amz-server-side-encryption"


def sign(base_url: str, pool_id: str, job_id: str, secret: str, now: float) -> str:
    """The URL for a job's file, from `now` (seconds since the epoch) on."""
    date = datetime.fromtimestamp(now, UTC).strftime(DATE)
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Date": date,
        "X-Amz-SignedHeaders": f"host;{ENCRYPTION}",
        "X-Amz-Expires": str(EXPIRES_SECONDS),
        "X-Amz-Signature": _signature(pool_id, job_id, secret, date),
    }
    return f"{base_url}{PREFIX}{pool_id}/{job_id}?{urlencode(query)}"


def _signature(pool_id: str, job_id: str, secret: str, date: str) -> str:
    return hmac.digest(secret.encode(), f"{pool_id}\n{job_id}\n{date}".encode(), hashlib.sha256).hex()


class Upload(Struct, frozen=True):
    """A request below PREFIX, read. An id that is empty is none."""

    request: Request
    pool_id: str
    job_id: str
    date: str
    signature: str

    @classmethod
    def of(cls, request: Request) -> "Upload":
        """Read a request."""
        match = PATH.fullmatch(request.raw_path)
        query = parse_qs(request.query)
        date, signature = (query.get(name, [""])[0] for name in ("X-Amz-Date", "X-Amz-Signature"))
        return cls(request, match["pool"] if match else "", match["job"] if match else "", date, signature)

    def refusal(self, secret: str, now: float) -> Response | None:
        """Why the request may not write, or None. `secret` is the job's, or empty where there is none."""
        right = _signature(self.pool_id, self.job_id, secret, self.date)
        if not secret or not hmac.compare_digest(
            right, self.signature.encode("utf-8", "replace").decode("latin-1")
        ):
            return _error(
                403,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature",
            )
        if self.request.method != "PUT":
            return _error(
                405, "MethodNotAllowed", "The specified method is not allowed against this resource."
            )
        signed = datetime.strptime(self.date, DATE).replace(tzinfo=UTC).timestamp()
        if now >= signed + EXPIRES_SECONDS:
            return _error(403, "AccessDenied", "Request has expired")
        if self.request.header(ENCRYPTION) != "aws:kms":
            message = f"The URL is signed with the header {ENCRYPTION}: aws:kms, which the request lacks"
            return _error(403, "SignatureDoesNotMatch", message)
        if len(self.request.body) > LARGEST:
            return _error(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
        return None

    def text(self) -> str | Response:
        """The file, or why it is none."""
        try:
            return self.request.body.decode()
        except UnicodeDecodeError as error:
            return _error(400, "InvalidRequest", f"The file is not UTF-8 text: byte {error.start}")

    def too_late(self) -> Response:
        """The answer where the job has begun, or is over."""
        return _error(409, "OperationAborted", "The user import job has been started or has ended")


def _error(status: int, code: str, message: str) -> Response:
    """An error as S3 tells it."""
    content = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{content}</Error>'
    return Response(status, text.encode(), [(b"Content-Type", b"application/xml")])
