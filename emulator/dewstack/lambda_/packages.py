"""Code on its way: in, from a bucket; and out, by the URL that GetFunction gives, which as on AWS holds ten minutes."""

import asyncio
import hashlib
import hmac
import io
import os
import secrets
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.errors import AwsError, NotEmulated
from dewstack.http import Request, Response, json_response
from dewstack.lambda_.code import HOT_RELOAD_BUCKET, CodeStorage
from dewstack.lambda_.errors import InvalidParameterValueException, RequestEntityTooLargeException
from dewstack.lambda_.model import Code
from dewstack.wire import Call

MAX_ZIP_BYTES, MAX_REQUEST_BYTES = 52_428_800, 69_905_067
"""The largest archive that a request may hold, and that in base64."""
SECONDS = 600
PATH = "lambda/code"


class Packages:
    """Where code comes from, and where it can be had. `address` is the URL of the AWS endpoint."""

    def __init__(
        self, storage: CodeStorage, call: Call | None, clock: Clock, address: Callable[[], str]
    ) -> None:
        self._storage = storage
        self._call = call
        self._clock = clock
        self._address = address
        self._key = secrets.token_bytes(32)

    async def resolve(self, code: dict[str, Any], caller: Caller, operation: str) -> Code:
        """`Code` (of a function) or `Content` (of a layer) to code on disk.

        Raises InvalidParameterValueException, RequestEntityTooLargeException.
        """
        if len(code.get("ZipFile") or b"") > MAX_ZIP_BYTES:
            raise RequestEntityTooLargeException(
                f"Request must be smaller than {MAX_REQUEST_BYTES} bytes for the {operation} operation"
            )
        if code.get("S3Bucket") not in (None, "", HOT_RELOAD_BUCKET):
            code = {"ZipFile": await self._object(code, caller)}
        return await asyncio.to_thread(self._storage.resolve, code)

    async def _object(self, code: dict[str, Any], caller: Caller) -> bytes:
        if self._call is None:
            raise NotEmulated("Lambda code from S3 needs an emulator that has S3")
        wanted = {"Bucket": code["S3Bucket"], "Key": code.get("S3Key") or ""}
        if code.get("S3ObjectVersion"):
            wanted["VersionId"] = code["S3ObjectVersion"]
        try:
            body = (await self._call("s3", "GetObject", wanted, caller))["Body"]
        except NotEmulated:
            raise
        except AwsError as error:
            raise InvalidParameterValueException(
                f"Error occurred while GetObject. S3 Error Code: {error.code}. S3 Error Message: {error.message}"
            ) from error
        return await asyncio.to_thread(body.read) if hasattr(body, "read") else bytes(body)

    def location(self, code: Code) -> str:
        """A URL that gives the code as a zip archive, for ten minutes."""
        place, until = code.archive or code.directory, str(int(self._clock.time()) + SECONDS)
        query = {"place": place, "until": until, "signature": self._signature(place, until)}
        return f"{self._address()}/_dew/{PATH}?{urlencode(query)}"

    def _signature(self, place: str, until: str) -> str:
        return hmac.new(self._key, f"{until}\n{place}".encode(), hashlib.sha256).hexdigest()

    async def download(self, request: Request, query: dict[str, str]) -> Response:
        """Answer a request to such a URL."""
        place, until = query.get("place", ""), query.get("until", "")
        signature = query.get("signature", "").encode()
        signed = hmac.compare_digest(self._signature(place, until).encode(), signature)
        if not signed or int(until) < self._clock.time():
            return json_response(403, {"code": "AccessDenied", "message": "Request has expired"})
        try:
            archive = await asyncio.to_thread(self._archive, place)
        except OSError as error:
            return json_response(404, {"code": "NotFound", "message": str(error)})
        return Response(200, archive, [(b"Content-Type", b"application/zip")])

    def _archive(self, place: str) -> bytes:
        kept = place if os.path.isfile(place) else self._storage.archive_of(place)
        return Path(kept).read_bytes() if kept else _zipped(Path(place))


def _zipped(directory: Path) -> bytes:
    """A directory as an archive; what is linked to from elsewhere stays out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for root, folders, names in os.walk(directory):
            folders.sort()
            for path in (Path(root, name) for name in sorted(names)):
                if path.is_file() and not path.is_symlink():
                    archive.write(path, path.relative_to(directory))
    return buffer.getvalue()
