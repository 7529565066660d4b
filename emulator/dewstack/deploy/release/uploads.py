"""What a deployment puts into its bucket: zips, each under the hash of its content, and large templates.

A zip that is there already is not sent again, and a template that names it stays the same: no new version comes of
code that has not changed.
"""

import base64
import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from dewstack.deploy.artifacts import deployment_folder, uploads_prefix
from dewstack.deploy.package import Package
from dewstack.deploy.target import Call
from dewstack.errors import AwsError, UserError
from dewstack.service import Service

AT_ONCE = 8
BUCKET = "ServerlessDeploymentBucket"
KEPT_DEPLOYMENTS = 5
"""How many earlier versions of a zip stay, unless the map says otherwise: what one might go back to."""
TEMPLATE = "compiled-cloudformation-template.json"
_DELETED_AT_ONCE = 1000
_VERSION = re.compile(r"-[0-9a-f]{16}(?=\.[^.]*$)")


def upload_key(service: Service, package: Package) -> str:
    """Where a zip lies in the bucket: the same content at the same place, whenever it is deployed."""
    digest = base64.b64decode(package.sha256).hex()[:16]
    return f"{uploads_prefix(service)}/code/{package.path.stem}-{digest}{package.path.suffix}"


class NoBucketError(UserError):
    """There is no bucket of that name."""


class Uploads:
    """The part of a bucket that belongs to one service and stage."""

    def __init__(self, call: Call, bucket: str, service: Service) -> None:
        self._call = call
        self._bucket = bucket
        self._service = service
        self._options = _options(service)
        self.prefix = f"{uploads_prefix(service)}/"

    def put(self, packages: Mapping[str, Package], say: Callable[[str], None]) -> list[str]:
        """Upload what isn't there yet; its keys. Raises UserError when there is no such bucket."""
        there = {each["Key"] for each in self._objects()}
        missing = {key: package for key, package in packages.items() if key not in there}
        if not missing:
            return []
        from concurrent.futures import ThreadPoolExecutor  # Most deployments upload nothing.

        total = sum(package.size for package in missing.values())
        say(f"Uploading {_count(len(missing), 'zip')} ({size(total)}) to {self._bucket}")
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(self._put, missing.items()))
        return list(missing)

    def _put(self, item: tuple[str, Package]) -> None:
        key, package = item
        with package.path.open("rb") as body:
            params = {"Bucket": self._bucket, "Key": key, "Body": body, "ContentType": "application/zip"}
            self._call("s3", "PutObject", {**params, "ChecksumSHA256": package.sha256, **self._options})

    def put_template(self, body: str) -> str:
        """Upload a template; its key."""
        key = f"{self.prefix}{deployment_folder(time.time())}/{TEMPLATE}"
        params = {
            "Bucket": self._bucket,
            "Key": key,
            "Body": body.encode(),
            "ContentType": "application/json",
        }
        self._call("s3", "PutObject", {**params, **self._options})
        return key

    def url(self, key: str) -> str:
        """Where CloudFormation takes a template from."""
        region = self._service.region
        suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        return f"https://s3.{region}.{suffix}/{self._bucket}/{key}"

    def drop(self, keys: Collection[str]) -> None:
        """Take back what has been uploaded for nothing."""
        self._delete([{"Key": key} for key in keys])

    def clean(self, used: Collection[str]) -> int:
        """Remove what no deployment needs any more; how many objects. The latest of each zip stay, and all `used`."""
        by_name: dict[str, list[dict[str, Any]]] = {}
        for each in self._objects():
            inside = each["Key"].removeprefix(self.prefix)
            name = _VERSION.sub("", inside) if inside.startswith("code/") else inside.rpartition("/")[2]
            by_name.setdefault(name, []).append(each)
        keep = self._kept()
        old = [
            {"Key": each["Key"]}
            for versions in by_name.values()
            for each in sorted(versions, key=lambda each: str(each["LastModified"]))[:-keep]
            if each["Key"] not in used
        ]
        self._delete(old)
        return len(old)

    def _kept(self) -> int:
        bucket = self._service.provider.settings.get("deploymentBucket")
        told = bucket.get("maxPreviousDeploymentArtifacts") if isinstance(bucket, dict) else None
        return 1 + (KEPT_DEPLOYMENTS if told is None else int(told))

    def empty(self, *, whole: bool) -> int:
        """Remove everything of this service and stage, or of the `whole` bucket, earlier versions too."""
        prefix = "" if whole else self.prefix
        found = [
            {"Key": each["Key"], "VersionId": each["VersionId"]}
            for page in self._pages("ListObjectVersions", prefix, {"KeyMarker", "VersionIdMarker"})
            for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        ]
        self._delete(found)
        return len(found)

    def _objects(self) -> Iterator[dict[str, Any]]:
        for page in self._pages("ListObjectsV2", self.prefix, {"ContinuationToken"}):
            yield from page.get("Contents", ())

    def _pages(self, operation: str, prefix: str, tokens: Iterable[str]) -> Iterator[dict[str, Any]]:
        params: dict[str, Any] = {"Bucket": self._bucket, "Prefix": prefix}
        while True:
            try:
                page = self._call("s3", operation, params)
            except AwsError as error:
                if error.code in ("NoSuchBucket", "404"):
                    raise self._no_bucket() from error
                raise
            yield page
            if not page.get("IsTruncated"):
                return
            params |= {name: page[f"Next{name}"] for name in tokens if page.get(f"Next{name}")}

    def _no_bucket(self) -> NoBucketError:
        return NoBucketError(
            f"there is no bucket {self._bucket} to upload to",
            hint="make it, or leave provider.deploymentBucket out of the map: the stack then makes one of its own",
        )

    def _delete(self, objects: list[dict[str, str]]) -> None:
        for start in range(0, len(objects), _DELETED_AT_ONCE):
            chunk = {"Objects": objects[start : start + _DELETED_AT_ONCE], "Quiet": True}
            self._call("s3", "DeleteObjects", {"Bucket": self._bucket, "Delete": chunk})


def bucket_name(call: Call, service: Service) -> str | None:
    """The bucket that the map names, or the one that its stack has made; None without either."""
    if named := service.provider.deployment_bucket.name:
        return str(named)
    params = {"StackName": service.stack_name, "LogicalResourceId": BUCKET}
    try:
        detail = call("cloudformation", "DescribeStackResource", params)["StackResourceDetail"]
    except AwsError as error:
        if error.code in ("ValidationError", "ResourceNotFound") or "does not exist" in error.message:
            return None
        raise
    gone = str(detail.get("ResourceStatus", "")) == "DELETE_COMPLETE"
    return None if gone else detail.get("PhysicalResourceId")


def empty_bucket(call: Call, service: Service) -> None:
    """Remove what has been uploaded for a service and stage; nothing where it has no bucket."""
    bucket = bucket_name(call, service)
    if bucket:
        own = not service.provider.deployment_bucket.name
        with suppress(NoBucketError):
            Uploads(call, bucket, service).empty(whole=own)


def _options(service: Service) -> dict[str, Any]:
    """How `provider.deploymentBucket` wants objects encrypted."""
    told = service.provider.settings.get("deploymentBucket")
    settings = told if isinstance(told, dict) else {}
    named = {
        "ServerSideEncryption": settings.get("serverSideEncryption"),
        "SSEKMSKeyId": settings.get("sseKMSKeyId"),
        "SSECustomerAlgorithm": settings.get("sseCustomerAlgorithim"),
        "SSECustomerKey": settings.get("sseCustomerKey"),
        "SSECustomerKeyMD5": settings.get("sseCustomerKeyMD5"),
    }
    return {name: value for name, value in named.items() if value}


def size(count: int) -> str:
    """Bytes for people: `12 KB`, `3.4 MB`."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} KB"
    return f"{count / 1_000_000:.1f} MB"


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
