"""`provider.httpApi`: the API that all `httpApi` events of a map share, its CORS rules and authorizers."""

import json
from collections.abc import Mapping
from typing import Any

from .model import Authorizer, Cors, HttpApi
from .problems import KeyPath, did_you_mean
from .reading import Reading, mapping, sequence, text

DEFAULT_ORIGINS = ("*",)
DEFAULT_HEADERS = (
    "Content-Type",
    "X-Amz-Date",
    "Authorization",
    "X-Api-Key",
    "X-Amz-Security-Token",
    "X-Amz-User-Agent",
    "X-Amzn-Trace-Id",
)
DEFAULT_ACCESS_LOG = {
    "requestId": "$context.requestId",
    "ip": "$context.identity.sourceIp",
    "requestTime": "$context.requestTime",
    "httpMethod": "$context.httpMethod",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "protocol": "$context.protocol",
    "responseLength": "$context.responseLength",
}
PAYLOADS = ("1.0", "2.0")
PATH: KeyPath = ("provider", "httpApi")


def build_http_api(reading: Reading, provider: Mapping[str, Any]) -> HttpApi:
    """Read the section; an API made elsewhere (`id`) takes neither CORS rules nor authorizers of its own."""
    section = mapping(provider.get("httpApi"))
    external = section.get("id")
    for key in ("cors", "authorizers"):
        if external and section.get(key):
            reading.problem((*PATH, key), "can't be set up for an API that is made elsewhere (httpApi.id)")
    payload = text(section.get("payload")) or "2.0"
    if payload not in PAYLOADS:
        formats = " or ".join(f"'{each}'" for each in PAYLOADS)
        reading.problem((*PATH, "payload"), f"'{payload}' isn't a payload format: {formats}, with the quotes")
    return HttpApi(
        id=external,
        name=text(section.get("name")),
        description=text(section.get("description")),
        payload=payload,
        cors=_cors(section.get("cors")),
        authorizers=_authorizers(reading, section),
        metrics=section.get("metrics") is True,
        disable_default_endpoint=section.get("disableDefaultEndpoint"),
        should_start_name_with_service=section.get("shouldStartNameWithService") is True,
        access_log_format=_access_log_format(mapping(provider.get("logs")).get("httpApi")),
    )


def _cors(value: Any) -> Cors | None:
    if value is True:
        return Cors(DEFAULT_ORIGINS, DEFAULT_HEADERS)
    if not isinstance(value, dict):
        return None
    return Cors(
        allowed_origins=_distinct(value.get("allowedOrigins")) or DEFAULT_ORIGINS,
        allowed_headers=_distinct(value.get("allowedHeaders")) or DEFAULT_HEADERS,
        allowed_methods=_distinct(value.get("allowedMethods")),
        allow_credentials=value.get("allowCredentials") is True,
        exposed_response_headers=_distinct(value.get("exposedResponseHeaders")),
        max_age=value.get("maxAge"),
    )


def _distinct(value: Any) -> tuple[Any, ...] | None:
    items = sequence(value) if isinstance(value, list) else () if value is None else (value,)
    kept: list[Any] = []
    for item in items:
        if item not in kept:
            kept.append(item)
    return tuple(kept) or None


def _authorizers(reading: Reading, section: Mapping[str, Any]) -> dict[str, Authorizer]:
    functions = mapping(reading.settings.get("functions"))
    built = {}
    for key, entry in mapping(section.get("authorizers")).items():
        path = (*PATH, "authorizers", key)
        if not isinstance(entry, dict):
            continue
        authorizer = Authorizer(
            key=key,
            name=text(entry.get("name")) or key,
            type=text(entry.get("type")) or "jwt",
            at=reading.at(*path),
            identity_source=_distinct(entry.get("identitySource")) or (),
            issuer_url=entry.get("issuerUrl"),
            audience=_distinct(entry.get("audience")) or (),
            function_name=text(entry.get("functionName")),
            function_arn=entry.get("functionArn"),
            managed_externally=entry.get("managedExternally") is True,
            result_ttl_in_seconds=entry.get("resultTtlInSeconds"),
            enable_simple_responses=entry.get("enableSimpleResponses"),
            payload_version=text(entry.get("payloadVersion")) or "2.0",
        )
        if authorizer.type == "request":
            _check_request_authorizer(reading, authorizer, functions, path)
        built[key] = authorizer
    return built


def _check_request_authorizer(
    reading: Reading, authorizer: Authorizer, functions: Mapping[str, Any], path: KeyPath
) -> None:
    name = authorizer.function_name
    if not name and not authorizer.function_arn:
        reading.problem(path, "missing key 'functionName' (a function of this map) or 'functionArn'")
    if name and authorizer.function_arn:
        reading.problem(path, "has both 'functionName' and 'functionArn'; one of them is needed, not both")
    if name and name not in functions:
        message = f"there is no function '{name}'{did_you_mean(name, functions)}"
        reading.problem((*path, "functionName"), message)
    if authorizer.result_ttl_in_seconds and not authorizer.identity_source:
        reading.problem(path, "caching ('resultTtlInSeconds') needs an 'identitySource' to cache by")


def _access_log_format(value: Any) -> str | None:
    if not value:
        return None
    return text(mapping(value).get("format")) or json.dumps(DEFAULT_ACCESS_LOG, separators=(",", ":"))
