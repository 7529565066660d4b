"""Makes the form of an integration that answers requests. One that cannot work says why in the log and answers 500."""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from dewstack.apigateway.guards import Permits, anybody
from dewstack.apigateway.integrations import Patience, as_configured, function_arn
from dewstack.apigateway.rest_api.backends import CustomLambda, Mock
from dewstack.apigateway.rest_api.endpoint import MethodPoint, StagePoint
from dewstack.apigateway.rest_api.integrations import (
    Backend,
    Broken,
    CompiledIntegration,
    LambdaProxy,
    Mapped,
    Send,
)
from dewstack.apigateway.rest_api.lambda_function import LambdaFunction
from dewstack.apigateway.rest_api.mapping import NotAnExpression, expression
from dewstack.apigateway.rest_api.media_types import BinaryMediaTypes
from dewstack.apigateway.rest_api.model import Integration
from dewstack.apigateway.rest_api.payload import Payload
from dewstack.apigateway.rest_api.rendering import TemplateError
from dewstack.apigateway.rest_api.request_mapping import RequestMapping
from dewstack.apigateway.rest_api.response_mapping import BadMapping, ResponseMapping
from dewstack.apigateway.rest_api.streaming_proxy import STREAM, StreamingLambdaProxy
from dewstack.wire import Invoke, InvokeStreaming

if TYPE_CHECKING:
    from dewstack.apigateway.rest_api.service_endpoint import Forward

log = logging.getLogger(__name__)

INVOCATION_TYPE = "integration.request.header.x-amz-invocation-type"


class IntegrationCompiler:
    """Compiles the integrations of one stage."""

    def __init__(
        self,
        invoke: Invoke,
        send: Send | None,
        stage: StagePoint,
        binary: BinaryMediaTypes,
        patience: Patience = as_configured,
        forward: "Forward | None" = None,
        stream: InvokeStreaming | None = None,
        permits: Permits = anybody,
    ) -> None:
        self._permits = permits
        self._invoke = invoke
        self._stream = stream
        self._forward = forward
        self._patience = patience
        self._send = send
        self._stage = stage
        self._binary = binary

    def compile(self, integration: Integration | None, method: MethodPoint) -> CompiledIntegration:
        """The integration of a method."""
        if integration is None:
            return Broken("the method has no integration")
        if integration.connection_type == "VPC_LINK":
            log.warning("%s: private integrations (VPC_LINK) are not emulated", method.resource_path)
            return Broken("private integrations (VPC_LINK) are not emulated")
        build = TYPES.get(integration.type)
        if build is None:
            return Broken(f"{integration.type} integrations are not emulated")
        try:
            return build(self, integration, method)
        except (TemplateError, BadMapping, NotAnExpression) as error:
            log.warning("%s: the integration cannot work: %s", method.resource_path, error)
            return Broken(f"the integration cannot work: {error}")

    def _function(self, integration: Integration, method: MethodPoint) -> LambdaFunction:
        if integration.http_method != "POST":
            raise BadMapping(f"Lambda takes POST, the integration's method is {integration.http_method}")
        arn = function_arn(integration.uri or "", self._stage.variables)
        source = f"{self._stage.arn}/{method.http_method}{method.resource_path}"
        if arn and not integration.credentials and not self._permits(arn, source):
            raise BadMapping(
                f"Invalid permissions on Lambda function: the policy of {arn} doesn't let {source} invoke it"
                " (lambda:AddPermission)"
            )
        return LambdaFunction(
            self._invoke, integration.uri, integration.timeout_in_millis / 1000, self._stage, self._patience
        )

    def _lambda_proxy(self, integration: Integration, method: MethodPoint) -> CompiledIntegration:
        function, payload = self._function(integration, method), Payload(method, self._binary)
        if integration.response_transfer_mode == STREAM and self._stream is not None:
            return StreamingLambdaProxy(function, payload, self._stage, self._stream)
        return LambdaProxy(function, payload)

    def _aws(self, integration: Integration, method: MethodPoint) -> CompiledIntegration:
        if function_arn(integration.uri or "", self._stage.variables) is None and self._forward is not None:
            from dewstack.apigateway.rest_api.service_endpoint import ServiceBackend, service_uri

            uri = service_uri(integration.uri or "", self._stage.variables)
            if uri is not None:
                return self._mapped(integration, ServiceBackend(uri, integration, self._stage, self._forward))
        return self._custom_lambda(integration, method)

    def _custom_lambda(self, integration: Integration, method: MethodPoint) -> CompiledIntegration:
        parameters = {name.lower(): text for name, text in (integration.request_parameters or {}).items()}
        kind = parameters.get(INVOCATION_TYPE)
        backend = CustomLambda(
            self._function(integration, method), expression(kind) if kind else None, self._send
        )
        return self._mapped(integration, backend)

    def _mock(self, integration: Integration, method: MethodPoint) -> CompiledIntegration:
        return self._mapped(integration, Mock())

    def _http(self, integration: Integration, method: MethodPoint) -> CompiledIntegration:
        from dewstack.apigateway.rest_api.http_endpoint import HttpBackend, HttpEndpoint

        return self._mapped(integration, HttpBackend(HttpEndpoint(integration, self._stage)))

    def _http_proxy(self, integration: Integration, method: MethodPoint) -> CompiledIntegration:
        from dewstack.apigateway.rest_api.http_endpoint import HttpEndpoint, HttpProxy

        endpoint = HttpEndpoint(integration, self._stage)
        if integration.response_transfer_mode == STREAM:
            from dewstack.apigateway.rest_api.http_stream import StreamingHttpProxy

            return StreamingHttpProxy(endpoint, self._stage)
        return HttpProxy(endpoint)

    def _mapped(self, integration: Integration, backend: Backend) -> CompiledIntegration:
        responses = (integration.integration_responses or {}).values()
        return Mapped(RequestMapping(integration, self._binary), backend, ResponseMapping(responses))


TYPES: Mapping[str, Callable[[IntegrationCompiler, Integration, MethodPoint], CompiledIntegration]] = {
    "AWS": IntegrationCompiler._aws,
    "AWS_PROXY": IntegrationCompiler._lambda_proxy,
    "HTTP": IntegrationCompiler._http,
    "HTTP_PROXY": IntegrationCompiler._http_proxy,
    "MOCK": IntegrationCompiler._mock,
}
