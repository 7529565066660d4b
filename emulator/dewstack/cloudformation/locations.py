"""Templates and pieces of them that lie in S3: which object a URL means, and what is in it."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

from dewstack.cloudformation.errors import ValidationError
from dewstack.config import Caller
from dewstack.errors import AwsError, NotEmulated
from dewstack.wire import Call

_S3 = re.compile(
    r"(?:(?P<bucket>[a-z0-9][a-z0-9._-]*?)\.)?"
    r"(?:s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?"
    r"|(?:s3\.)?(?:[a-z0-9-]+\.)?localhost(?:\.localstack\.cloud)?)"
)
"""S3's hosts, with a bucket in front or not, and those by which this emulator is S3."""
_ADDRESS = re.compile(r"[\d.]+|\[[\da-f:]+\]|[a-z0-9_-]+", re.ASCII)
"""A host that can have no bucket in front: an address, or a machine's name (as in compose)."""


class Location(Struct, frozen=True):
    """An object in a bucket."""

    bucket: str
    key: str
    version: str | None = None


def locate(url: str) -> Location:
    """Which object a URL means. Raises ValidationError for one that is none of S3's."""
    parts = urlsplit(url)
    path = unquote(parts.path).lstrip("/")
    version = next(iter(parse_qs(parts.query).get("versionId", [])), None)
    host = (parts.hostname or "").lower()
    if parts.scheme == "s3":
        found = Location(parts.netloc, path, version)
    elif parts.scheme not in ("http", "https"):
        found = Location("", "")
    elif (named := _S3.fullmatch(host)) and named["bucket"] not in (None, "s3"):
        found = Location(named["bucket"], path, version)
    elif named or _ADDRESS.fullmatch(host):
        bucket, _, key = path.partition("/")
        found = Location(bucket, key, version)
    else:
        found = Location("", "")
    if not found.bucket or not found.key:
        raise ValidationError("TemplateURL must be a supported URL.")
    return found


async def read_object(call: Call, caller: Caller, url: str) -> str:
    """The text at a URL of S3's. Raises ValidationError in CloudFormation's words."""
    where = locate(url)
    params = {"Bucket": where.bucket, "Key": where.key}
    if where.version:
        params["VersionId"] = where.version
    try:
        body = (await call("s3", "GetObject", params, caller))["Body"]
    except NotEmulated:
        raise
    except AwsError as error:
        raise ValidationError(f"S3 error: {error.message or error.code}") from error
    try:
        return bytes(body).decode()
    except UnicodeDecodeError:
        raise ValidationError("Template format error: the template is not UTF-8.") from None


async def template_text(call: Call, caller: Caller, params: Mapping[str, Any], previous: str = "") -> str:
    """The template that a request sends, leads to or repeats. Raises ValidationError without one."""
    body, url = params.get("TemplateBody"), params.get("TemplateURL")
    if body is not None and url:
        raise ValidationError("Either Template URL or Template Body must be specified.")
    if body is not None:
        return str(body)
    if url:
        return await read_object(call, caller, str(url))
    if params.get("UsePreviousTemplate") and previous:
        return previous
    raise ValidationError("Either Template URL or Template Body must be specified.")
