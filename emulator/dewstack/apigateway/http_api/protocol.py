"""HTTP APIs among the protocols of `apigatewayv2`: what their control plane refuses, and who compiles them."""

from collections.abc import Iterable, Mapping
from typing import Any

from dewstack.apigateway import integrations
from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.http_api import identity
from dewstack.apigateway.http_api.compiler import Compiler
from dewstack.apigateway.http_api.execute import CompiledApi
from dewstack.apigateway.routes import well_formed
from dewstack.apigateway.v2.model import (
    Api,
    Authorizer,
    Cors,
    Integration,
    IntegrationResponse,
    Route,
    Snapshot,
    Stage,
)
from dewstack.errors import NotEmulated

AUDIENCES_LIMIT = 50
TTL_LIMIT = 3_600
BAD_ROUTE_KEY = (
    "The provided route key is not formatted properly for HTTP protocol. "
    'Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
)
ROUTE_REFUSED = ("api_key_required", "model_selection_expression", "request_models", "request_parameters")
INTEGRATION_REFUSED = (
    "content_handling_strategy",
    "passthrough_behavior",
    "request_templates",
    "template_selection_expression",
)


class HttpProtocol:
    """`HTTP`."""

    scheme = "http"
    route_selection_expression: str | None = "$request.method $request.path"
    integration_defaults: Mapping[str, Any] = {"integration_method": "POST"}
    authorizer_types: Mapping[str, str] = {"JWT": "JWT", "CUSTOM": "REQUEST", "AWS_IAM": ""}

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler

    def compile(self, api: Api, stages: Iterable[tuple[Stage, Snapshot]]) -> CompiledApi:
        """The API as it is served from now on."""
        return self._compiler.compile(api, stages)

    def check_api(self, api: Api) -> None:
        """Refuse what AWS refuses of CORS."""
        cors = api.cors_configuration
        if cors is not None:
            _check_cors(cors)

    def check_route(self, route: Route) -> None:
        """Refuse a malformed route key, and what would be ignored."""
        _refuse(route, ROUTE_REFUSED, f"route {route.route_key} of an HTTP API")
        if not well_formed(route.route_key):
            raise BadRequestException(BAD_ROUTE_KEY)

    def check_integration(self, integration: Integration) -> None:
        """Take functions, services and addresses."""
        _refuse(integration, INTEGRATION_REFUSED, "an integration of an HTTP API")
        if not 50 <= integration.timeout_in_millis <= 30_000:
            raise BadRequestException("TimeoutInMillis must be between 50 and 30000")
        if integration.integration_type == "HTTP_PROXY":
            _check_address(integration)
        elif integration.integration_type != "AWS_PROXY":
            raise BadRequestException(
                f"Invalid integration type {integration.integration_type} for HTTP protocol type"
            )
        elif integration.integration_subtype:
            _check_service(integration)
            return
        elif not integrations.valid_uri(integration.integration_uri or ""):
            raise BadRequestException("Invalid IntegrationUri: it must be the ARN of a Lambda function")
        _check_mappings(integration.request_parameters, integration.response_parameters)
        if integration.payload_format_version not in ("1.0", "2.0"):
            raise BadRequestException("PayloadFormatVersion must be one of [1.0, 2.0]")

    def check_integration_response(self, response: IntegrationResponse) -> None:
        """There are none."""
        raise BadRequestException("Integration responses are not supported for HTTP protocol type")

    def check_authorizer(self, authorizer: Authorizer) -> None:
        """Take JWT and Lambda authorizers."""
        check = {"JWT": _check_jwt, "REQUEST": _check_request}.get(authorizer.authorizer_type)
        if check is None:
            raise BadRequestException(f"Invalid authorizer type: {authorizer.authorizer_type}")
        check(authorizer)


def _refuse(value: Route | Integration, names: tuple[str, ...], what: str) -> None:
    """Raise NotEmulated for the first of `names` that is set: what would be ignored is refused instead."""
    for name in names:
        if getattr(value, name):
            raise NotEmulated(
                f"{''.join(word.capitalize() for word in name.split('_'))} of {what} is not emulated"
            )


def _check_address(integration: Integration) -> None:
    if not (integration.integration_uri or "").startswith(("http://", "https://", "${stageVariables.")):
        raise BadRequestException("Invalid HTTP endpoint specified for URI")


def _check_service(integration: Integration) -> None:
    from dewstack.apigateway.http_api.service_subtypes import check_subtype

    check_subtype(integration)
    _check_mappings(None, integration.response_parameters)


def _check_mappings(
    request: Mapping[str, str] | None, by_status: Mapping[str, Mapping[str, str]] | None
) -> None:
    if request or by_status:
        from dewstack.apigateway.http_api.parameter_mapping import BadMapping, check

        try:
            check(request, by_status)
        except BadMapping as error:
            raise BadRequestException(
                f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{error}]"
            ) from error


def _check_cors(cors: Cors) -> None:
    if cors.allow_credentials and "*" in (cors.allow_origins or ()):
        raise BadRequestException("allow-credentials is not supported if 'allow-origin' is *")
    if cors.max_age is not None and not -1 <= cors.max_age <= 86_400:
        raise BadRequestException("Invalid max age value, must be between -1 and 86400")


def _check_jwt(authorizer: Authorizer) -> None:
    sources = authorizer.identity_source
    if len(sources) != 1 or not identity.in_request(sources[0]):
        raise BadRequestException(f"Invalid identity source: {', '.join(sources)}")
    configuration = authorizer.jwt_configuration
    if configuration is None or not configuration.issuer:
        raise BadRequestException("JwtConfiguration.Issuer is required for a JWT authorizer")
    if not configuration.issuer.startswith(("https://", "http://")):
        raise BadRequestException(f"Invalid issuer: {configuration.issuer}")
    if not configuration.audience or len(configuration.audience) > AUDIENCES_LIMIT:
        raise BadRequestException(
            f"JwtConfiguration.Audience must have between 1 and {AUDIENCES_LIMIT} entries"
        )


def _check_request(authorizer: Authorizer) -> None:
    for source in authorizer.identity_source:
        if not identity.anywhere(source):
            raise BadRequestException(f"Invalid identity source: {source}")
    if not integrations.valid_uri(authorizer.authorizer_uri or ""):
        raise BadRequestException("Invalid AuthorizerUri: it must be the ARN of a Lambda function")
    if authorizer.authorizer_payload_format_version not in ("1.0", "2.0"):
        raise BadRequestException("AuthorizerPayloadFormatVersion must be one of [1.0, 2.0]")
    if authorizer.enable_simple_responses and authorizer.authorizer_payload_format_version == "1.0":
        raise BadRequestException("Simple responses are only supported with payload format version 2.0")
    ttl = authorizer.authorizer_result_ttl_in_seconds
    if ttl is not None and not 0 <= ttl <= TTL_LIMIT:
        raise BadRequestException(f"AuthorizerResultTtlInSeconds must be between 0 and {TTL_LIMIT}")
    if ttl and not authorizer.identity_source:
        raise BadRequestException("An authorizer needs an identity source for its results to be cached")
