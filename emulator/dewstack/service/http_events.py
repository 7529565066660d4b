"""`http` events: what the Serverless Framework accepts for a method of a REST API, read into the model."""

import re
from collections.abc import Mapping
from typing import Any

from .http_api import DEFAULT_HEADERS
from .problems import KeyPath, Severity, did_you_mean
from .reading import Reading, mapping, sequence, text
from .rest_model import HttpAuthorizer, HttpCors, HttpEvent, HttpRequest, HttpResponse

METHODS = ("GET", "POST", "PUT", "PATCH", "OPTIONS", "HEAD", "DELETE", "ANY")
DEFAULT_RESULT_TTL = 300
"""Seconds that an authorizer's answer is kept unless the map says otherwise."""
DEFAULT_IDENTITY_SOURCE = "method.request.header.Authorization"
DEFAULT_STATUS_CODES: Mapping[str, Mapping[str, Any]] = {
    "200": {"pattern": ""},
    **{code: {"pattern": rf"[\s\S]*\[{code}\][\s\S]*"} for code in ("400", "401", "403", "404", "422")},
    "500": {"pattern": r"[\s\S]*(Process\s?exited\s?before\s?completing\s?request|\[500\])[\s\S]*"},
    "502": {"pattern": r"[\s\S]*\[502\][\s\S]*"},
    "504": {"pattern": r"([\s\S]*\[504\][\s\S]*)|(.*Task timed out after \d+\.\d+ seconds$)"},
}
"""What an error's message has to look like for a status, where responses aren't the function's own."""
_INTEGRATIONS = {"LAMBDA": "AWS", "LAMBDA_PROXY": "AWS_PROXY"}
_LOCATIONS = {"querystrings": "querystring", "paths": "path", "headers": "header"}
_PROXIES = {"AWS_PROXY": ("parameters", "schemas"), "HTTP_PROXY": ("parameters", "schemas", "uri")}
_USER_POOL_ARN = re.compile(r"arn:[a-zA-Z-]*:cognito-idp")


def build_http_event(reading: Reading, value: Any, path: KeyPath) -> HttpEvent | None:
    """The event at `path`; None when it is broken (and reported)."""
    entry = _entry(value)
    method, route_path = text(entry.get("method")), text(entry.get("path"))
    if method is None or route_path is None:
        if isinstance(value, str):
            reading.problem(path, f"'{value}' isn't a route: write 'METHOD /path' with a method of {_all()}")
        return None
    if "*" in (method, route_path):
        reading.problem(path, "a REST API knows no '*': 'ANY' is every method, '/{proxy+}' every path below")
        return None
    if method.upper() not in METHODS:
        return None
    integration = _integration(entry)
    event = HttpEvent(
        method=method.upper(),
        path=f"/{_trimmed(route_path)}",
        at=reading.at(*path),
        index=int(path[3]),
        integration=integration,
        authorizer=_Authorizers(reading, path, integration).build(entry.get("authorizer")),
        cors=_cors(entry.get("cors"), method.upper()),
        private=entry.get("private") is True,
        is_async=entry.get("async") is True,
        request=_request(reading, path, entry, integration),
        response=_response(reading, path, entry, integration),
        connection_type=_upper(entry.get("connectionType")) if integration.startswith("HTTP") else None,
        connection_id=entry.get("connectionId"),
        operation_id=text(entry.get("operationId")),
        timeout_in_millis=entry.get("timeoutInMillis"),
    )
    _check(reading, path, event)
    return event


def _entry(value: Any) -> Mapping[str, Any]:
    if isinstance(value, str):
        method, _, route_path = value.partition(" ")
        return {"method": method, "path": route_path}
    return mapping(value)


def _all() -> str:
    return ", ".join(METHODS)


def _trimmed(route_path: str) -> str:
    return route_path.removeprefix("/").removesuffix("/")


def _upper(value: Any) -> str | None:
    return value.upper().replace("-", "_", 1) if isinstance(value, str) and value else None


def _integration(entry: Mapping[str, Any]) -> str:
    wanted = _upper(entry.get("integration"))
    if wanted:
        return _INTEGRATIONS.get(wanted, wanted)
    return "AWS" if entry.get("async") else "AWS_PROXY"


def _check(reading: Reading, path: KeyPath, event: HttpEvent) -> None:
    parts = event.path.split("/")
    if any(part.endswith("+}") for part in parts[:-1]):
        reading.problem(path, f"'{event.path}': '{{name+}}' takes the rest of a path, so it has to be last")
    if event.integration.startswith("HTTP"):
        if not event.request.uri:
            reading.problem(path, f"missing key 'request.uri', where {event.integration} goes to")
        if event.connection_type == "VPC_LINK" and not event.connection_id:
            reading.problem(path, "missing key 'connectionId', the VPC link of 'connectionType'")
    if event.response.transfer_mode and event.integration not in _PROXIES:
        reading.problem((*path, "response", "transferMode"), "is for proxy integrations only")


def _cors(value: Any, method: str) -> HttpCors | None:
    if not value:
        return None
    own = mapping(value)
    origins = sequence(own.get("origins"))
    methods = list(sequence(own.get("methods")))
    methods += [each for each in ("OPTIONS", method) if each not in methods]
    return HttpCors(
        origin=text(own.get("origin")) or (None if origins else "*"),
        methods=tuple(methods),
        headers=sequence(own.get("headers")) or DEFAULT_HEADERS,
        origins=origins,
        allow_credentials=own.get("allowCredentials") is True,
        max_age=own.get("maxAge"),
        cache_control=text(own.get("cacheControl")),
    )


def _kept(reading: Reading, path: KeyPath, key: str, entry: Any, allowed: tuple[str, ...]) -> dict[str, Any]:
    """What a proxy integration heeds of `request` or `response`; the rest gets a warning."""
    own = mapping(entry)
    ignored = [name for name in own if name not in allowed]
    if ignored:
        names = ", ".join(f"'{name}'" for name in ignored)
        reading.problem((*path, key), f"a proxy integration takes no {names}: left out", "warning")
    return {name: value for name, value in own.items() if name in allowed}


def _request(reading: Reading, path: KeyPath, entry: Mapping[str, Any], integration: str) -> HttpRequest:
    own = mapping(entry.get("request"))
    if integration in _PROXIES:
        own = _kept(reading, path, "request", own, _PROXIES[integration])
    passes = own.get("passThrough") or ("NEVER" if integration == "AWS" else None)
    return HttpRequest(
        parameters={
            f"method.request.{singular}.{name}": setting
            for plural, singular in _LOCATIONS.items()
            for name, setting in mapping(mapping(own.get("parameters")).get(plural)).items()
        },
        schemas=mapping(own.get("schemas")),
        templates=mapping(own.get("template")),
        pass_through=passes,
        content_handling=text(own.get("contentHandling")),
        uri=own.get("uri"),
        method=text(own.get("method")),
    )


def _response(reading: Reading, path: KeyPath, entry: Mapping[str, Any], integration: str) -> HttpResponse:
    own = mapping(entry.get("response"))
    if integration in _PROXIES:
        own = _kept(reading, path, "response", own, ("transferMode",))
        return HttpResponse(transfer_mode=_upper(own.get("transferMode")))
    codes = {str(code): mapping(setting) for code, setting in mapping(own.get("statusCodes")).items()}
    if not codes:
        codes = dict(DEFAULT_STATUS_CODES)
        if integration == "MOCK" and "response" not in entry:
            codes = {}
    elif not any(setting.get("pattern") == "" for setting in codes.values()):
        codes["200"] = DEFAULT_STATUS_CODES["200"]
    return HttpResponse(
        headers=mapping(own.get("headers")),
        template=text(own.get("template")),
        content_handling=text(own.get("contentHandling")),
        transfer_mode=_upper(own.get("transferMode")),
        status_codes={code: codes[code] for code in sorted(codes, key=int)},
    )


class _Authorizers:
    """Reads the authorizer of one event."""

    def __init__(self, reading: Reading, path: KeyPath, integration: str) -> None:
        self.reading = reading
        self.path = (*path, "authorizer")
        self.integration = integration

    def build(self, value: Any) -> HttpAuthorizer | None:
        """The authorizer that `value` spells; None when there is none, or it is broken (and reported)."""
        if not value:
            return None
        if not isinstance(value, str):
            return self._of_mapping(mapping(value))
        if value.upper() == "AWS_IAM":
            return HttpAuthorizer("AWS_IAM")
        if ":" not in value:
            of_function = HttpAuthorizer(name=value, function=value, identity_source=DEFAULT_IDENTITY_SOURCE)
            return self._of_function(of_function)
        kind = "COGNITO_USER_POOLS" if _USER_POOL_ARN.match(value) else None
        return HttpAuthorizer(kind, _name_of(value), arn=value, identity_source=DEFAULT_IDENTITY_SOURCE)

    def _of_mapping(self, own: Mapping[str, Any]) -> HttpAuthorizer | None:
        kind = _upper(own.get("type"))
        if kind and own.get("authorizerId"):
            scopes = sequence(own.get("scopes"))
            return HttpAuthorizer(kind, id=own.get("authorizerId"), scopes=scopes)
        if kind == "AWS_IAM":
            return HttpAuthorizer("AWS_IAM")
        return self._of_pool_or_function(own, kind)

    def _of_pool_or_function(self, own: Mapping[str, Any], kind: str | None) -> HttpAuthorizer | None:
        arn = own.get("arn")
        name = text(own.get("name")) or (_name_of(arn) if isinstance(arn, str) else None)
        if name is None:
            missing = "'name' (its ARN isn't a text)" if arn else "'name' (a function of this map) or 'arn'"
            self.reading.problem(self.path, f"missing key {missing}")
            return None
        if isinstance(arn, str) and _USER_POOL_ARN.match(arn):
            kind = "COGNITO_USER_POOLS"
        ttl = own.get("resultTtlInSeconds")
        uncached = kind == "REQUEST" and ttl == 0
        authorizer = HttpAuthorizer(
            type=kind,
            name=name,
            function=None if arn else name,
            arn=arn,
            managed_externally=own.get("managedExternally") is True,
            identity_source=text(own.get("identitySource"))
            or (None if uncached else DEFAULT_IDENTITY_SOURCE),
            identity_validation_expression=text(own.get("identityValidationExpression")),
            result_ttl_in_seconds=DEFAULT_RESULT_TTL if ttl is None else ttl,
            claims=sequence(own.get("claims")),
            scopes=sequence(own.get("scopes")),
        )
        self._check_claims(authorizer)
        return self._of_function(authorizer)

    def _check_claims(self, authorizer: HttpAuthorizer) -> None:
        if not authorizer.claims or self.integration != "AWS_PROXY":
            return
        message = "a function sees all claims itself; picking some is for 'integration: lambda'"
        severity: Severity = "error" if isinstance(authorizer.arn, str) else "warning"
        self.reading.problem((*self.path, "claims"), message, severity)

    def _of_function(self, authorizer: HttpAuthorizer) -> HttpAuthorizer | None:
        functions = mapping(self.reading.settings.get("functions"))
        if authorizer.function is None or authorizer.function in functions:
            return authorizer
        hint = did_you_mean(authorizer.function, functions)
        self.reading.problem(self.path, f"there is no function '{authorizer.function}'{hint}")
        return None


def _name_of(arn: str) -> str:
    """The name that the Framework makes of an ARN: what stands behind its last hyphen."""
    return arn.rpartition(":")[2].rpartition("-")[2]
