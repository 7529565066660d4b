"""Definitions of APIs that stand in a template, or that it leads to."""

import json
from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.resources.base import Context


async def definition(context: Context, properties: Mapping[str, Any]) -> bytes | None:
    """The OpenAPI definition of an API's properties, in the template or in a bucket, or None."""
    body, location = properties.get("Body"), properties.get("BodyS3Location")
    if body:
        return body.encode() if isinstance(body, str) else json.dumps(body).encode()
    if not location:
        return None
    where = {name: location.get(name) for name in ("Bucket", "Key")}
    kept = await context.invoke("s3", "GetObject", VersionId=location.get("Version"), **where)
    content: bytes = kept["Body"]
    return content
