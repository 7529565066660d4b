"""Makes integrations with mappings out of what the control plane holds of them."""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.integrations import Patience, as_configured, function_arn
from dewstack.apigateway.rest_api import model as rest
from dewstack.apigateway.rest_api.backends import CustomLambda, Mock
from dewstack.apigateway.rest_api.endpoint import StagePoint
from dewstack.apigateway.rest_api.http_endpoint import HttpBackend, HttpEndpoint
from dewstack.apigateway.rest_api.integrations import Backend
from dewstack.apigateway.rest_api.lambda_function import LambdaFunction
from dewstack.apigateway.rest_api.rendering import TemplateError
from dewstack.apigateway.v2.model import Integration, IntegrationResponse
from dewstack.apigateway.websocket_api.integrations import CompiledIntegration
from dewstack.apigateway.websocket_api.mapped import Mapped, Passed, ResponseTemplates
from dewstack.errors import NotEmulated
from dewstack.http import Request, Response
from dewstack.wire import Invoke, InvokeResult

if TYPE_CHECKING:
    from dewstack.apigateway.rest_api.service_endpoint import Forward

log = logging.getLogger(__name__)

ROUTE, METHOD = "route.request.", "method.request."
"""How expressions begin here, and how REST APIs spell it."""


def compiled(
    integration: Integration,
    responses: Iterable[IntegrationResponse],
    stage: StagePoint,
    invoke: Invoke,
    forward: "Forward | None",
    patience: Patience = as_configured,
) -> CompiledIntegration:
    """The integration, ready to serve. Raises ValueError and TemplateError for what cannot be read."""
    spelled = _spelled(integration)
    if integration.integration_type == "HTTP_PROXY":
        return Passed(HttpEndpoint(spelled, stage), stage)
    if integration.integration_type == "MOCK":
        backend: Backend = Mock()
    elif integration.integration_type == "HTTP":
        backend = HttpBackend(HttpEndpoint(spelled, stage))
    else:
        backend = _aws(spelled, stage, invoke, forward, patience)
    return Mapped(integration, responses, stage, backend)


def _spelled(integration: Integration) -> rest.Integration:
    """The integration as a REST API would have it."""
    given = (integration.request_parameters or {}).items()
    parameters = {
        key: METHOD + text.removeprefix(ROUTE) if text.startswith(ROUTE) else text for key, text in given
    }
    return rest.Integration(
        integration.integration_type,
        http_method=integration.integration_method,
        uri=integration.integration_uri,
        credentials=integration.credentials_arn,
        request_parameters=parameters,
        timeout_in_millis=integration.timeout_in_millis,
    )


def _aws(
    integration: rest.Integration,
    stage: StagePoint,
    invoke: Invoke,
    forward: "Forward | None",
    patience: Patience,
) -> Backend:
    uri, seconds = integration.uri or "", integration.timeout_in_millis / 1000
    if function_arn(uri, stage.variables) is None:
        from dewstack.apigateway.rest_api.service_endpoint import ServiceBackend, service_uri

        service = service_uri(uri, stage.variables)
        if service is not None:
            if forward is None:
                raise ValueError("no service can be reached from here")
            return ServiceBackend(service, integration, stage, forward)
    return CustomLambda(LambdaFunction(invoke, uri, seconds, stage, patience), None, None)


def check(integration: Integration) -> None:
    """Refuse what cannot be read. Raises BadRequestException, and NotEmulated for a service that isn't here."""
    from dewstack.apigateway.rest_api.service_endpoint import REFUSED, service_uri

    service = service_uri(integration.integration_uri or "", {})
    if service is not None and service.service in REFUSED:
        raise NotEmulated(f"{service.service} is not emulated behind an API: {REFUSED[service.service]}")
    stage = StagePoint("", "000000000000", "", "", "", {})
    try:
        compiled(integration, (), stage, _nobody, _nowhere)
    except (ValueError, TemplateError) as error:
        raise BadRequestException(f"Invalid mapping expression specified: {error}") from error


def check_response(response: IntegrationResponse) -> None:
    """Refuse templates and expressions that cannot be read. Raises BadRequestException."""
    try:
        ResponseTemplates(response)
    except (ValueError, TemplateError) as error:
        raise BadRequestException(f"Invalid mapping expression specified: {error}") from error


async def _nobody(function: str, event: bytes) -> InvokeResult:
    raise AssertionError("nothing is called while an integration is checked")


async def _nowhere(request: Request) -> Response:
    raise AssertionError("nothing is called while an integration is checked")
