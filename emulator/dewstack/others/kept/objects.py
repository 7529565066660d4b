"""The buckets of S3, and the objects in them: their latest versions."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from dewstack.errors import AwsError
from dewstack.others.kept.model import ALL, Call, Touched

log = logging.getLogger(__name__)

LARGEST = 256 * 1024 * 1024
"""Bytes of an object that is kept; what is larger is there until the emulator ends."""
FIRST_REGION = "us-east-1"
TOLD = (
    *("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType"),
    *("Metadata", "StorageClass", "WebsiteRedirectLocation"),
)
"""What else is kept of an object, and put again."""


class Objects:
    """S3."""

    writes = frozenset(
        {
            *("CreateBucket", "DeleteBucket", "PutBucketVersioning"),
            *("PutObject", "CopyObject", "DeleteObject", "DeleteObjects", "CompleteMultipartUpload"),
            *("PutObjectTagging", "DeleteObjectTagging", "PostObject"),
        }
    )
    regional = False

    def touched(self, operation: str, params: Mapping[str, Any], call: Call) -> Iterator[Touched]:
        """Objects by their keys."""
        bucket = params["Bucket"]
        if operation == "PostObject":  # its key is in the form
            yield Touched(bucket, ALL)
        elif operation == "DeleteObjects":
            yield from (Touched(bucket, each["Key"]) for each in params["Delete"]["Objects"])
        else:
            yield Touched(bucket, params.get("Key") or "")

    def definition(self, call: Call, container: str) -> dict[str, Any] | None:
        """A bucket's region, and whether it has versions."""
        try:
            region = call("GetBucketLocation", Bucket=container).get("LocationConstraint")
            versions = call("GetBucketVersioning", Bucket=container).get("Status")
        except AwsError:
            return None
        return {"region": region or FIRST_REGION, "versions": versions}

    def keys(self, call: Call, container: str) -> Iterator[str]:
        """Of a listing."""
        following: dict[str, Any] = {}
        while True:
            page = call("ListObjectsV2", Bucket=container, **following)
            yield from (each["Key"] for each in page.get("Contents", ()))
            if not page.get("IsTruncated"):
                return
            following = {"ContinuationToken": page["NextContinuationToken"]}

    def entry(self, call: Call, container: str, key: str) -> dict[str, Any] | None:
        """The parameters of PutObject that make it."""
        where = {"Bucket": container, "Key": key}
        try:
            size = call("HeadObject", **where)["ContentLength"]
            if size > LARGEST:
                log.warning("s3://%s/%s is too large to be kept: %d MB", container, key, size >> 20)
                return None
            found = call("GetObject", **where)
        except AwsError:
            return None
        kept = {"Key": key, "Body": found["Body"]} | {name: found[name] for name in TOLD if found.get(name)}
        if found.get("TagCount"):
            tags = call("GetObjectTagging", **where)["TagSet"]
            kept["Tagging"] = urlencode({tag["Key"]: tag["Value"] for tag in tags})
        return kept

    def restore(
        self, call: Call, container: str, definition: dict[str, Any], entries: Iterable[dict[str, Any]]
    ) -> None:
        """The bucket with its objects."""
        if self.definition(call, container) is None:
            region = definition["region"]
            where = {} if region == FIRST_REGION else {"LocationConstraint": region}
            call("CreateBucket", Bucket=container, **({"CreateBucketConfiguration": where} if where else {}))
            if definition["versions"]:
                status = {"Status": definition["versions"]}
                call("PutBucketVersioning", Bucket=container, VersioningConfiguration=status)
        for entry in entries:
            call("PutObject", Bucket=container, **entry)
