"""S3's requests: the action hangs on method, subresource and headers, the resource on bucket and key."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

from dewstack.http import Request

Keys = Mapping[str, str | tuple[str, ...]]
_BARE = re.compile(r"s3(?:[.-][a-z0-9-]+)*?\.(?:localhost(?:\.localstack\.cloud)?|amazonaws\.com)(?::\d+)?")
_HOST = re.compile(
    r"(?P<bucket>[a-z0-9][a-z0-9.-]*?)"
    r"(?:\.s3(?:[.-][a-z0-9-]+)*?)?\.(?:localhost(?:\.localstack\.cloud)?|amazonaws\.com)(?::\d+)?"
)
_FORM_KEY = re.compile(rb'name="key"\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]*)\r\n')
"""Where a browser's form says what the object is to be called."""
BUCKET: Mapping[str, str] = {
    "accelerate": "AccelerateConfiguration",
    "acl": "BucketAcl",
    "analytics": "AnalyticsConfiguration",
    "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration",
    "intelligent-tiering": "IntelligentTieringConfiguration",
    "inventory": "InventoryConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "location": "BucketLocation",
    "logging": "BucketLogging",
    "metrics": "MetricsConfiguration",
    "notification": "BucketNotification",
    "object-lock": "BucketObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "policyStatus": "BucketPolicyStatus",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "replication": "ReplicationConfiguration",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}
"""Of a bucket's subresources what follows `Get` and `Put`; to delete most of them is to put them."""
OBJECT: Mapping[str, str] = {
    "acl": "ObjectAcl",
    "attributes": "ObjectAttributes",
    "legal-hold": "ObjectLegalHold",
    "retention": "ObjectRetention",
    "tagging": "ObjectTagging",
    "torrent": "ObjectTorrent",
}
OBJECT_METHODS: Mapping[str, str] = {
    "DELETE": "s3:DeleteObject",
    "GET": "s3:GetObject",
    "HEAD": "s3:GetObject",
    "POST": "s3:PutObject",
    "PUT": "s3:PutObject",
}
BUCKET_METHODS: Mapping[str, str] = {
    "DELETE": "s3:DeleteBucket",
    "GET": "s3:ListBucket",
    "HEAD": "s3:ListBucket",
    "POST": "s3:PutObject",
    "PUT": "s3:CreateBucket",
}
VERBS = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "POST": "Put", "DELETE": "Put"}
DELETED = {"policy": "s3:DeleteBucketPolicy", "website": "s3:DeleteBucketWebsite"}


def bucket_and_key(request: Request) -> tuple[str, str]:
    """Bucket and key of a request, '' where it has none; the bucket may be in the host."""
    path = unquote(request.raw_path).removeprefix("/")
    name = (request.header("host") or "").lower()
    host = None if _BARE.fullmatch(name) else _HOST.fullmatch(name)
    if host:
        return host["bucket"], path
    bucket, _, key = path.partition("/")
    return bucket, key


def asked(request: Request) -> list[tuple[str, str, Keys]]:
    """Actions, resources and condition keys of a request."""
    bucket, key = bucket_and_key(request)
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    if not bucket:
        return [("s3:ListAllMyBuckets", "arn:aws:s3:::*", {})]
    if not key:
        return _of_bucket(request, f"arn:aws:s3:::{bucket}", query)
    return _of_object(request, f"arn:aws:s3:::{bucket}/{key}", query)


def _of_bucket(request: Request, arn: str, query: Mapping[str, str]) -> list[tuple[str, str, Keys]]:
    if "delete" in query:
        keys = re.findall(rb"<Key>([^<]*)</Key>", request.body)[:1000]
        return [("s3:DeleteObject", f"{arn}/{key.decode('utf-8', 'replace')}", {}) for key in keys]
    for name, rest in BUCKET.items():
        if name in query:
            deleted = DELETED.get(name) if request.method == "DELETE" else None
            return [(deleted or f"s3:{VERBS.get(request.method, 'Get')}{rest}", arn, {})]
    if "versions" in query:
        return [("s3:ListBucketVersions", arn, _listing(query))]
    if "uploads" in query:
        return [("s3:ListBucketMultipartUploads", arn, {})]
    if request.method == "POST":
        key = _FORM_KEY.search(request.body)
        return [("s3:PutObject", f"{arn}/{key[1].decode('utf-8', 'replace') if key else '*'}", {})]
    return [(BUCKET_METHODS.get(request.method, "s3:ListBucket"), arn, _listing(query))]


def _listing(query: Mapping[str, str]) -> Keys:
    names = {"prefix": "s3:prefix", "delimiter": "s3:delimiter", "max-keys": "s3:max-keys"}
    return {key: query[name] for name, key in names.items() if name in query}


def _of_object(request: Request, arn: str, query: Mapping[str, str]) -> list[tuple[str, str, Keys]]:
    version = "Version" if "versionId" in query else ""
    for name, rest in OBJECT.items():
        if name in query:
            verb = "Delete" if request.method == "DELETE" else VERBS.get(request.method, "Get")
            return [(f"s3:{verb}{rest.replace('Object', f'Object{version}', 1)}", arn, {})]
    if "restore" in query:
        return [("s3:RestoreObject", arn, {})]
    if "uploadId" in query and request.method == "DELETE":
        return [("s3:AbortMultipartUpload", arn, {})]
    if "uploadId" in query and request.method == "GET":
        return [("s3:ListMultipartUploadParts", arn, {})]
    action = OBJECT_METHODS.get(request.method, "s3:GetObject")
    if version and request.method in ("GET", "HEAD", "DELETE"):
        action += version
    found: list[tuple[str, str, Keys]] = [(action, arn, {})]
    source = request.header("x-amz-copy-source")
    if source and request.method == "PUT":
        where = unquote(source.partition("?")[0]).removeprefix("/")
        found.append(("s3:GetObject", where if where.startswith("arn:") else f"arn:aws:s3:::{where}", {}))
    return found
