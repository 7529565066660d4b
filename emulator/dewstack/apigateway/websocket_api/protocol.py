"""WebSocket APIs among the protocols of `apigatewayv2`: what their control plane refuses, and who compiles them."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from dewstack.apigateway import integrations
from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.v2.model import (
    Api,
    Authorizer,
    Integration,
    IntegrationResponse,
    Route,
    Snapshot,
    Stage,
)
from dewstack.errors import NotEmulated

if TYPE_CHECKING:
    from dewstack.apigateway.websocket_api.compiler import WebsocketCompiler
    from dewstack.apigateway.websocket_api.execute import CompiledWebsocketApi

ROUTE_KEY = re.compile(r"\$(?:connect|disconnect|default)|[^$\s][^\s]{0,127}")
SELECTION_ROOT = re.compile(r"(?<!\\)\$(?!\{?request\.body\b)")
RESPONSE_KEY = re.compile(r"/[0-9x.|\[\]()*+?-]{1,64}/")
PARAMETER = re.compile(r"route\.request\.(?:header|querystring)\.[A-Za-z0-9_.-]+")
SERVICE_URI = re.compile(r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:(?!lambda:)[\w.-]+:(?:path|action)/")
IDENTITY_SOURCE = re.compile(
    r"(?:route\.request\.(?:header|querystring)|stageVariables|context)\.[A-Za-z0-9_.-]+"
)


class WebsocketProtocol:
    """`WEBSOCKET`. `compiler` makes what serves, once there is such an API."""

    scheme = "ws"
    route_selection_expression: str | None = None
    integration_defaults: Mapping[str, Any] = {
        "integration_method": "POST",
        "passthrough_behavior": "WHEN_NO_MATCH",
        "payload_format_version": "1.0",
        "timeout_in_millis": 29_000,
        "integration_response_selection_expression": "${integration.response.statuscode}",
    }
    authorizer_types: Mapping[str, str] = {"CUSTOM": "REQUEST", "AWS_IAM": ""}

    def __init__(self, compiler: Callable[[], "WebsocketCompiler"]) -> None:
        self._make = compiler
        self._compiler: WebsocketCompiler | None = None

    def compile(self, api: Api, stages: Iterable[tuple[Stage, Snapshot]]) -> "CompiledWebsocketApi":
        """The API as it is served from now on."""
        if self._compiler is None:
            self._compiler = self._make()
        return self._compiler.compile(api, stages)

    def check_api(self, api: Api) -> None:
        """Refuse an API that selects no routes, or by what isn't read."""
        expression = api.route_selection_expression
        if not expression:
            raise BadRequestException("RouteSelectionExpression is required for WEBSOCKET protocol type")
        if api.cors_configuration is not None:
            raise BadRequestException("CORS configuration is not supported for WEBSOCKET protocol type")
        if SELECTION_ROOT.search(expression):
            raise NotEmulated(
                f"RouteSelectionExpression {expression}: variables other than $request.body are not emulated"
            )

    def check_route(self, route: Route) -> None:
        """Refuse a malformed route key, authorization anywhere but at $connect, and what would be ignored."""
        if not ROUTE_KEY.fullmatch(route.route_key):
            raise BadRequestException(f"The provided route key is invalid: {route.route_key}")
        if route.authorization_type != "NONE" and route.route_key != "$connect":
            raise BadRequestException("Currently, authorization is restricted to the $connect route only")
        if route.authorization_scopes:
            raise BadRequestException("Authorization scopes are not supported for WEBSOCKET protocol type")
        if route.api_key_required:
            raise NotEmulated(f"ApiKeyRequired of route {route.route_key} of a WebSocket API is not emulated")
        for name in route.request_parameters or ():
            if route.route_key != "$connect" or not PARAMETER.fullmatch(name):
                raise BadRequestException(f"Invalid request parameter specified: {name}")
        if SELECTION_ROOT.search((route.model_selection_expression or "").removeprefix("$default")):
            raise BadRequestException(
                f"Invalid model selection expression specified: {route.model_selection_expression}"
            )

    def check_integration(self, integration: Integration) -> None:
        """Refuse what cannot work, and what would be ignored."""
        if integration.payload_format_version != "1.0":
            raise BadRequestException("PayloadFormatVersion 1.0 is the only one that WebSocket APIs support")
        if not 50 <= integration.timeout_in_millis <= 29_000:
            raise BadRequestException("Timeout should be between 50 ms and 29000 ms")
        if integration.content_handling_strategy:
            raise NotEmulated("ContentHandlingStrategy of an integration is not emulated")
        if integration.integration_subtype or integration.response_parameters:
            raise BadRequestException("IntegrationSubtype and ResponseParameters are of HTTP APIs only")
        if integration.integration_type not in ("AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK"):
            raise BadRequestException(f"Invalid integration type: {integration.integration_type}")
        if integration.integration_type != "AWS_PROXY":
            self._check_mapped(integration)
        elif not integrations.valid_uri(integration.integration_uri or ""):
            raise BadRequestException("Invalid IntegrationUri: it must be the ARN of a Lambda function")

    @staticmethod
    def _check_mapped(integration: Integration) -> None:
        from dewstack.apigateway.websocket_api import mapped_compiler

        uri, kind = integration.integration_uri or "", integration.integration_type
        if kind in ("HTTP", "HTTP_PROXY") and not uri.startswith(
            ("http://", "https://", "${stageVariables.")
        ):
            raise BadRequestException("Invalid HTTP endpoint specified for URI")
        if kind == "AWS" and not (integrations.valid_uri(uri) or SERVICE_URI.match(uri)):
            raise BadRequestException("Invalid IntegrationUri: it must be the ARN of a function or a service")
        mapped_compiler.check(integration)

    def check_integration_response(self, response: IntegrationResponse) -> None:
        """Refuse what would be ignored, and what cannot be read."""
        from dewstack.apigateway.websocket_api import mapped_compiler

        key = response.integration_response_key
        if key != "$default" and not (RESPONSE_KEY.fullmatch(key) and _compiles(key)):
            raise BadRequestException(
                "IntegrationResponseKey must be $default or an expression between slashes"
            )
        if response.response_parameters or response.content_handling_strategy:
            raise NotEmulated(
                "ResponseParameters and ContentHandlingStrategy of an integration response are not emulated"
            )
        mapped_compiler.check_response(response)

    def check_authorizer(self, authorizer: Authorizer) -> None:
        """Take REQUEST authorizers."""
        if authorizer.authorizer_type != "REQUEST":
            raise BadRequestException("Only REQUEST authorizers are supported for WEBSOCKET protocol type")
        if authorizer.authorizer_payload_format_version or authorizer.enable_simple_responses:
            raise BadRequestException(
                "AuthorizerPayloadFormatVersion is not a supported parameter for WEBSOCKET protocol type"
            )
        if authorizer.authorizer_result_ttl_in_seconds:
            raise BadRequestException(
                "AuthorizerResultTtlInSeconds is not supported for WEBSOCKET protocol type"
            )
        for source in authorizer.identity_source:
            if not IDENTITY_SOURCE.fullmatch(source):
                raise BadRequestException(
                    f"Invalid mapping expression specified: {source}. It must be"
                    " route.request.header.NAME, route.request.querystring.NAME, stageVariables.NAME or context.NAME"
                )
        if not integrations.valid_uri(authorizer.authorizer_uri or ""):
            raise BadRequestException("Invalid AuthorizerUri: it must be the ARN of a Lambda function")


def _compiles(expression: str) -> bool:
    try:
        re.compile(expression)
    except re.error:
        return False
    return True
