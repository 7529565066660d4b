"""Dynamic references: `{{resolve:ssm:…}}` and `{{resolve:secretsmanager:…}}` in a resource's properties.

CloudFormation resolves them when it makes the resource and never keeps what they give.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from dewstack.cloudformation.errors import ResourceFailure
from dewstack.cloudformation.resources import Context

_REFERENCE = re.compile(r"\{\{resolve:([a-z0-9-]+):([^{}]+)\}\}")
_SECRET = re.compile(
    r"(?P<id>arn:[^:]+:secretsmanager:[^:]*:\d*:secret:[^:]+|[^:]+)"
    r"(?::SecretString)?(?::(?P<key>[^:]*))?(?::(?P<stage>[^:]*))?(?::(?P<version>[^:]*))?"
)


async def _parameter(context: Context, reference: str) -> str:
    answer = await context.invoke("ssm", "GetParameter", Name=reference, WithDecryption=True)
    return str(answer["Parameter"]["Value"])


async def _secret(context: Context, reference: str) -> str:
    found = _SECRET.fullmatch(reference)
    if found is None:
        raise ResourceFailure(f"Invalid dynamic reference to a secret: {reference}")
    answer = await context.invoke(
        "secretsmanager",
        "GetSecretValue",
        SecretId=found["id"],
        VersionStage=found["stage"] or None,
        VersionId=found["version"] or None,
    )
    text = str(answer["SecretString"])
    if not found["key"]:
        return text
    try:
        return str(json.loads(text)[found["key"]])
    except (ValueError, TypeError, KeyError):
        raise ResourceFailure(
            f"Could not find a value associated with JSONKey in SecretString: {reference}"
        ) from None


_KINDS: dict[str, Callable[[Context, str], Awaitable[str]]] = {
    "secretsmanager": _secret,
    "ssm": _parameter,
    "ssm-secure": _parameter,
}


async def resolve(context: Context, properties: dict[str, Any]) -> dict[str, Any]:
    """`properties` with every dynamic reference in them resolved. Raises AwsError or ResourceFailure."""
    return {key: await _resolve(context, value) for key, value in properties.items()}


async def _resolve(context: Context, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: await _resolve(context, item) for key, item in value.items()}
    if isinstance(value, list):
        return [await _resolve(context, item) for item in value]
    if not isinstance(value, str) or "{{resolve:" not in value:
        return value
    parts: list[str] = []
    position = 0
    for found in _REFERENCE.finditer(value):
        if found[1] not in _KINDS:
            raise ResourceFailure(f"Invalid dynamic reference: {found[0]}")
        parts += [value[position : found.start()], await _KINDS[found[1]](context, found[2])]
        position = found.end()
    return "".join([*parts, value[position:]])
