"""What the control plane says of a method of a REST API."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from dewstack.apigateway.integrations import function_arn
from dewstack.apigateway.responses import Dates
from dewstack.apigateway.rest_api.endpoint import MethodPoint, StagePoint
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.iam_authorization import SignedRequests
from dewstack.apigateway.rest_api.media_types import BinaryMediaTypes
from dewstack.apigateway.rest_api.model import Authorizer, RestApi, Stage
from dewstack.apigateway.rest_api.payload import Payload
from dewstack.apigateway.rest_api.shapes import fields_of
from dewstack.apigateway.rest_api.throttling import bucket_for
from dewstack.clock import Clock
from dewstack.explain import example
from dewstack.explain.model import Access, Call, Facts
from dewstack.ids import extended_request_id, uuid4

PAGE = 500
PROXIES = frozenset({"AWS_PROXY"})


class Described(Struct, frozen=True):
    """A REST API with the stage that is served, and a method of it as `GetResources` shows it."""

    api: RestApi
    stage: Stage
    resource: Mapping[str, Any]
    method: Mapping[str, Any]
    authorizer: Authorizer | None
    preflight: Mapping[str, str] | None
    """The headers that OPTIONS answers with, where the map asks for CORS."""

    @classmethod
    def read(
        cls, call: Call, api_id: str, stage: str, route_key: str, account_id: str, region: str
    ) -> "Described":
        """Ask the control plane. Raises AwsError, or LookupError for a method that isn't there."""
        which = {"restApiId": api_id}
        name, _, path = route_key.partition(" ")
        described = call("apigateway", "GetRestApi", which)
        resources = call("apigateway", "GetResources", {**which, "limit": PAGE, "embed": ["methods"]})[
            "items"
        ]
        resource = next((one for one in resources if one["path"] == path), None)
        method = (resource or {}).get("resourceMethods", {}).get(name)
        if resource is None or method is None:
            raise LookupError(route_key)
        found = call("apigateway", "GetAuthorizers", {**which, "limit": PAGE})["items"]
        authorizers = [Authorizer(**fields_of(Authorizer, one)) for one in found]
        return cls(
            RestApi(**fields_of(RestApi, described), account_id=account_id, region=region),
            Stage(**fields_of(Stage, call("apigateway", "GetStage", {**which, "stageName": stage}))),
            resource,
            method,
            next((one for one in authorizers if one.id == method.get("authorizerId")), None),
            _preflight(resource.get("resourceMethods", {}).get("OPTIONS")),
        )

    def access(self) -> Access:
        """Who may call."""
        found = _ACCESS.get(self.method.get("authorizationType", "NONE"), _open)(self)
        if not self.method.get("apiKeyRequired"):
            return found
        text = "whoever sends an API key" if found.kind == "none" else f"{found.text}, and sends an API key"
        return msgspec.structs.replace(found, text=f"{text} (x-api-key)", api_key=True)


def _preflight(options: Mapping[str, Any] | None) -> Mapping[str, str] | None:
    if options is None or options.get("methodIntegration", {}).get("type") != "MOCK":
        return None
    for answer in options["methodIntegration"].get("integrationResponses", {}).values():
        given = answer.get("responseParameters") or {}
        prefix = "method.response.header."
        return {name.removeprefix(prefix): value.strip("'") for name, value in given.items()}
    return None


def _open(described: Described) -> Access:
    return Access("none", "anybody: the method has no authorizer")


def _iam(described: Described) -> Access:
    return Access(
        "iam", "whoever signs with AWS credentials (Signature Version 4) that may execute-api:Invoke"
    )


def _cognito(described: Described) -> Access:
    authorizer, scopes = described.authorizer, described.method.get("authorizationScopes")
    pools = (authorizer.provider_arns if authorizer else None) or []
    use = "an access token with one of the scopes" if scopes else "an ID token"
    pool = ", ".join(arn.rpartition("/")[2] for arn in pools)
    text = f"whoever has {use} of the user pool {pool}"
    source = [authorizer.identity_source] if authorizer and authorizer.identity_source else None
    return Access("cognito", text, issuer=_issuer(pools), scopes=scopes, identity_source=source)


def _issuer(pools: list[str]) -> str | None:
    if not pools:
        return None
    region, pool = pools[0].split(":")[3], pools[0].rpartition("/")[2]
    return f"https://cognito-idp.{region}.amazonaws.com/{pool}"


def _custom(described: Described) -> Access:
    authorizer = described.authorizer
    arn = function_arn(authorizer.authorizer_uri or "", described.stage.variables) if authorizer else None
    name = (arn or "").rpartition(":function:")[2] or None
    source = [authorizer.identity_source] if authorizer and authorizer.identity_source else None
    return Access("lambda", f"whoever the function {name} lets pass", identity_source=source, function=name)


_ACCESS = {"AWS_IAM": _iam, "COGNITO_USER_POOLS": _cognito, "CUSTOM": _custom}


def rest_facts(described: Described, address: str, asked: str | None = None) -> Facts:
    """The facts of a method that is served at `address` on this machine; `asked` is the path of the example."""
    api, stage, method = described.api, described.stage, described.method
    access, integration = described.access(), method.get("methodIntegration") or {}
    host = f"{api.id}.execute-api.{api.region}.amazonaws.com"
    proxied = integration.get("type") in PROXIES
    bucket = bucket_for(stage, described.resource["path"], method["httpMethod"])
    return Facts(
        address=address,
        aws_address=f"https://{host}/{stage.stage_name}",
        access=access,
        cors=described.preflight,
        payload="1.0",
        event=_event(described, access, host, asked) if proxied else None,
        integration=str(integration.get("type", "none")),
        timeout_ms=int(integration.get("timeoutInMillis", 29_000)),
        rate=bucket.rate if bucket else None,
        burst=bucket.burst if bucket else None,
        access_log=stage.access_log_settings.destination_arn if stage.access_log_settings else None,
    )


def _event(described: Described, access: Access, host: str, asked: str | None) -> Any:
    """An example event of a Lambda proxy integration."""
    path, name = described.resource["path"], described.method["httpMethod"]
    point = StagePoint.of(described.api, described.stage)
    authorization = example.AUTHORIZATION.get(access.kind)
    request = example.example_request(name, asked or path, host, authorization)
    own = request.raw_path
    parameters = example.parameters_of(f"{name} {path}", request)
    request.raw_path = f"/{point.name}{own}"
    if access.api_key:
        request.headers.append((b"x-api-key", b"your-key"))
    dates = Dates(Clock())
    now = dates.tick()
    exchange = Exchange(request, point, own, (uuid4(), extended_request_id()), now, dates.request_time)
    exchange.method = method = MethodPoint(described.resource["id"], path, name)
    exchange.parameters = parameters
    if access.kind == "cognito":
        use = "access" if access.scopes else "id"
        claims = example.example_claims(access.issuer, None, access.scopes, use=use, now=int(now))
        exchange.authorizer = {"claims": example.java_claims(claims)}
    elif access.kind == "lambda":
        exchange.authorizer = {"principalId": "ada", "what": "the context of your authorizer's answer"}
    elif access.kind == "iam":
        asyncio.run(SignedRequests(example.somebody).check(exchange))
    binary = BinaryMediaTypes(described.api.binary_media_types or [])
    return msgspec.json.decode(Payload(method, binary).event(exchange))
