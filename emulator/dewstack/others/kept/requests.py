"""Which operation a request asks for, and with which parameters: as much of it as what is kept depends on."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from dewstack.http import Request
from dewstack.others.backends import bucket_in_path

Asked = tuple[str, Mapping[str, Any]]
DELETED_KEY = re.compile(r"<Key>(.*?)</Key>", re.DOTALL)
OF_BUCKETS = {"PUT": "CreateBucket", "DELETE": "DeleteBucket", "POST": "PostObject"}
OF_OBJECTS = {"PUT": "PutObject", "DELETE": "DeleteObject", "POST": "CompleteMultipartUpload"}


def asked(service: str, request: Request) -> Asked | None:
    """The operation's name and its parameters; None where neither matters."""
    if service == "s3":
        return _of_objects(request)
    target = request.header("x-amz-target")
    return (target.rpartition(".")[2], json.loads(request.body)) if target else None


def _of_objects(request: Request) -> Asked | None:
    """Of S3, as far as buckets and objects are concerned."""
    bucket, _, key = bucket_in_path(request).lstrip("/").partition("/")
    query = parse_qs(request.query, keep_blank_values=True)
    if not bucket or "uploads" in query or "partNumber" in query:
        return None
    if key:
        operation = OF_OBJECTS.get(request.method)
        return (operation, {"Bucket": bucket, "Key": unquote(key)}) if operation else None
    if request.method == "POST" and "delete" in query:
        from html import unescape

        keys = [unescape(found) for found in DELETED_KEY.findall(request.body.decode("utf-8", "replace"))]
        return "DeleteObjects", {"Bucket": bucket, "Delete": {"Objects": [{"Key": each} for each in keys]}}
    operation = OF_BUCKETS.get(request.method)
    return (operation, {"Bucket": bucket}) if operation else None
