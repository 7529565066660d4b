"""What the control plane says of a route of an HTTP API."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from dewstack.apigateway.http_api.payload import Constants
from dewstack.apigateway.integrations import function_arn
from dewstack.apigateway.routes import path_of
from dewstack.apigateway.v2.model import Api, Authorizer, Integration, Route, Stage
from dewstack.apigateway.v2.shapes import fields_of
from dewstack.apigateway.v2.throttling import bucket_for
from dewstack.explain import example
from dewstack.explain.model import Access, Call, Facts

OPEN = "anybody: the route has no authorizer"


class Described(Struct, frozen=True):
    """An API of `apigatewayv2` with the stage that is served, and a route of it."""

    api: Api
    stage: Stage
    route: Route
    integration: Integration | None
    authorizer: Authorizer | None

    @classmethod
    def read(cls, call: Call, api_id: str, route_key: str, account_id: str, region: str) -> "Described":
        """Ask the control plane. Raises AwsError, or LookupError for a route that isn't there."""
        which = {"ApiId": api_id}

        def items(operation: str) -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = call("apigatewayv2", operation, which)["Items"]
            return found

        described = call("apigatewayv2", "GetApi", which)
        api = Api(**fields_of(Api, described), account_id=account_id, region=region)
        routes = [Route(**fields_of(Route, one)) for one in items("GetRoutes")]
        route = next((one for one in routes if one.route_key == route_key), None)
        if route is None:
            raise LookupError(route_key)
        wanted = (route.target or "").removeprefix("integrations/")
        integrations = [Integration(**fields_of(Integration, one)) for one in items("GetIntegrations")]
        authorizers = [Authorizer(**fields_of(Authorizer, one)) for one in items("GetAuthorizers")]
        return cls(
            api,
            Stage(**fields_of(Stage, items("GetStages")[0])),
            route,
            next((one for one in integrations if one.integration_id == wanted), None),
            next((one for one in authorizers if one.authorizer_id == route.authorizer_id), None),
        )

    def access(self) -> Access:
        """Who may call."""
        return _ACCESS.get(self.route.authorization_type, _open)(self)


def _open(described: Described) -> Access:
    return Access("none", OPEN)


def _iam(described: Described) -> Access:
    return Access(
        "iam", "whoever signs with AWS credentials (Signature Version 4) that may execute-api:Invoke"
    )


def _jwt(described: Described) -> Access:
    authorizer, scopes = described.authorizer, described.route.authorization_scopes
    settings = authorizer.jwt_configuration if authorizer else None
    text = "whoever has a token (JWT) of the issuer, meant for the audience"
    return Access(
        "jwt",
        f"{text}, with one of the scopes" if scopes else text,
        settings.issuer if settings else None,
        settings.audience if settings else None,
        scopes,
        list(authorizer.identity_source) if authorizer else None,
    )


def _custom(described: Described) -> Access:
    authorizer = described.authorizer
    arn = (
        function_arn(authorizer.authorizer_uri or "", described.stage.stage_variables) if authorizer else None
    )
    name = (arn or "").rpartition(":function:")[2] or None
    source = list(authorizer.identity_source) if authorizer else None
    return Access("lambda", f"whoever the function {name} lets pass", identity_source=source, function=name)


_ACCESS = {"AWS_IAM": _iam, "JWT": _jwt, "CUSTOM": _custom}


def http_facts(described: Described, address: str, asked: str | None = None) -> Facts:
    """The facts of a route that is served at `address` on this machine; `asked` is the path of the example."""
    api, stage, route, integration = described.api, described.stage, described.route, described.integration
    host = f"{api.api_id}.execute-api.{api.region}.amazonaws.com"
    access, key = described.access(), route.route_key
    version = (integration.payload_format_version if integration else None) or "2.0"
    method, _, path = key.partition(" ")
    authorization = example.AUTHORIZATION.get(access.kind)
    request = example.example_request(
        method if path else "GET", asked or path or "/anything", host, authorization
    )
    claims = example.example_claims(
        access.issuer, access.audience, access.scopes, use="access", now=example.seconds()
    )
    constants = Constants(api, stage, key, path_of(key), api.cors_configuration is not None)
    event = example.http_event(
        constants,
        version,
        request,
        example.parameters_of(key, request),
        access.kind if access.kind != "none" else None,
        claims,
        scoped=bool(access.scopes),
    )
    bucket = bucket_for(stage, key)
    return Facts(
        address=address,
        aws_address=f"https://{host}",
        access=access,
        cors=_cors(api),
        payload=version,
        event=event,
        integration=integration.integration_type if integration else "none",
        timeout_ms=integration.timeout_in_millis if integration else 30_000,
        rate=bucket.rate if bucket else None,
        burst=bucket.burst if bucket else None,
        access_log=stage.access_log_settings.destination_arn if stage.access_log_settings else None,
    )


def _cors(api: Api) -> Mapping[str, Any] | None:
    """The API's CORS configuration, as far as it is set."""
    cors = api.cors_configuration
    return {name: value for name, value in asdict(cors).items() if value is not None} if cors else None
