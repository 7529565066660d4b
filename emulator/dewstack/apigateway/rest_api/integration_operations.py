"""The control plane of REST APIs: what stands behind a method, and what becomes of its answer (`apigateway`)."""

from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.errors import BadRequestException, NotFoundException
from dewstack.apigateway.resources import refuse
from dewstack.apigateway.rest_api.methods import NO_STATUS_CODE, Place
from dewstack.apigateway.rest_api.model import Integration, IntegrationResponse
from dewstack.apigateway.rest_api.patch import Patches, entries, removable, scalar, structure, values
from dewstack.apigateway.rest_api.resources import RestApis
from dewstack.apigateway.rest_api.shapes import fields_of, output, required
from dewstack.config import Caller
from dewstack.wire import operation

TYPES = ("AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK")
PASSTHROUGH = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
CONTENT_HANDLING = (None, "CONVERT_TO_BINARY", "CONVERT_TO_TEXT")
SHORTEST, LONGEST, LONGEST_STREAM = 50, 300_000, 900_000
"""Milliseconds. Above 29,000 an account needs a higher quota, which AWS gives on request since 2024."""
REFUSED = ("integrationTarget",)
ONLY_LAMBDA = (
    "Integrations of type 'AWS_PROXY' currently only supports"
    " Lambda function and Firehose stream invocations."
)
PATCHES = Patches(
    Integration,
    {
        "type": scalar,
        "httpMethod": scalar,
        "uri": scalar,
        "credentials": removable,
        "requestParameters": entries,
        "requestTemplates": entries,
        "passthroughBehavior": scalar,
        "contentHandling": removable,
        "timeoutInMillis": scalar,
        "responseTransferMode": scalar,
        "cacheNamespace": scalar,
        "cacheKeyParameters": values,
        "tlsConfig": structure,
    },
)
RESPONSE_PATCHES = Patches(
    IntegrationResponse,
    {
        "selectionPattern": scalar,
        "responseParameters": entries,
        "responseTemplates": entries,
        "contentHandling": removable,
    },
)


def check_integration(integration: Integration) -> None:
    """Refuse what AWS refuses, and what would be ignored. Raises BadRequestException, NotEmulated."""
    kind, uri = integration.type, integration.uri or ""
    if kind not in TYPES:
        raise BadRequestException(f"Invalid integration type specified. Valid options are {','.join(TYPES)}")
    if integration.connection_type == "VPC_LINK" and not integration.connection_id:
        raise BadRequestException("Must specify a connectionId for integrations with connectionType VPC_LINK")
    if integration.passthrough_behavior not in PASSTHROUGH:
        raise BadRequestException(
            f"Invalid passthrough behavior specified. Valid options are {','.join(PASSTHROUGH)}"
        )
    if integration.content_handling not in CONTENT_HANDLING:
        raise BadRequestException("Invalid content handling specified")
    streams = _streams(integration)
    if not SHORTEST <= integration.timeout_in_millis <= (LONGEST_STREAM if streams else LONGEST):
        raise BadRequestException("Timeout should be between 50 ms and 29000 ms")
    if kind == "MOCK":
        return
    if not integration.http_method:
        raise BadRequestException("Enumeration value for HttpMethod must be non-empty")
    if kind.startswith("HTTP") and not uri.startswith(("http://", "https://", "${stageVariables.")):
        raise BadRequestException("Invalid HTTP endpoint specified for URI")
    if kind.startswith("AWS"):
        _check_aws(kind, uri)


def _streams(integration: Integration) -> bool:
    """Whether the response is streamed. Raises BadRequestException where that cannot be."""
    mode = integration.response_transfer_mode
    if mode not in (None, "BUFFERED", "STREAM"):
        raise BadRequestException(
            "Invalid response transfer mode specified. Valid options are BUFFERED,STREAM"
        )
    if mode == "STREAM" and integration.type not in ("AWS_PROXY", "HTTP_PROXY"):
        raise BadRequestException(
            "Response streaming is supported for AWS_PROXY and HTTP_PROXY integrations only"
        )
    return mode == "STREAM"


def _check_aws(kind: str, uri: str) -> None:
    parts = uri.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or parts[2] != "apigateway":
        raise BadRequestException("Invalid ARN specified in the request")
    if not parts[5].startswith(("path/", "action/")):
        raise BadRequestException("AWS ARN for integration must contain path or action")
    if kind == "AWS_PROXY" and parts[4] not in ("lambda", "firehose", "states"):
        raise BadRequestException(ONLY_LAMBDA)


class IntegrationOperations:
    """PutIntegration, GetIntegration, UpdateIntegration, DeleteIntegration, and the same for its responses."""

    def __init__(self, apis: RestApis) -> None:
        self._apis = apis

    @operation("PutIntegration")
    def put_integration(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Set up a method's integration. Raises BadRequestException, NotFoundException, NotEmulated."""
        refuse(params, REFUSED, "PutIntegration")
        with self._apis.transaction():
            place = Place(self._apis, caller, params)
            given = {"cache_namespace": place.resource.id} | fields_of(Integration, params)
            # What other operations call httpMethod is the method's own verb here.
            given["http_method"] = params.get("integrationHttpMethod")
            integration = Integration(**given)
            place.method()
            check_integration(integration)
            place.put_integration(integration)
        return output(integration)

    @operation("GetIntegration")
    def get_integration(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """A method's integration. Raises NotFoundException."""
        return output(Place(self._apis, caller, params).integration())

    @operation("UpdateIntegration")
    def update_integration(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises as PutIntegration does."""
        with self._apis.transaction():
            place = Place(self._apis, caller, params)
            integration = PATCHES.apply(place.integration(), params.get("patchOperations"))
            check_integration(integration)
            place.put_integration(integration)
        return output(integration)

    @operation("DeleteIntegration")
    def delete_integration(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Leave a method without an integration. Raises NotFoundException."""
        with self._apis.transaction():
            place = Place(self._apis, caller, params)
            place.integration()
            place.put_integration(None)
        return {}

    @operation("PutIntegrationResponse")
    def put_integration_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Say what an answer with a status becomes. Raises BadRequestException, NotFoundException."""
        with self._apis.transaction():
            place = Place(self._apis, caller, params)
            response = IntegrationResponse(**fields_of(IntegrationResponse, params))
            if response.status_code not in (place.method().method_responses or {}):
                raise NotFoundException(NO_STATUS_CODE)
            self._put_response(place, response)
        return output(response)

    @operation("GetIntegrationResponse")
    def get_integration_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One of an integration's responses. Raises NotFoundException."""
        return output(_response(Place(self._apis, caller, params), params))

    @operation("UpdateIntegrationResponse")
    def update_integration_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises BadRequestException, NotFoundException."""
        with self._apis.transaction():
            place = Place(self._apis, caller, params)
            response = RESPONSE_PATCHES.apply(_response(place, params), params.get("patchOperations"))
            self._put_response(place, response)
        return output(response)

    @operation("DeleteIntegrationResponse")
    def delete_integration_response(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Take a response from an integration. Raises NotFoundException."""
        with self._apis.transaction():
            place = Place(self._apis, caller, params)
            gone = _response(place, params)
            integration = place.integration()
            left = {c: one for c, one in (integration.integration_responses or {}).items() if one is not gone}
            place.put_integration(replace(integration, integration_responses=left or None))
        return {}

    @staticmethod
    def _put_response(place: Place, response: IntegrationResponse) -> None:
        if response.content_handling not in CONTENT_HANDLING:
            raise BadRequestException("Invalid content handling specified")
        integration = place.integration()
        responses = (integration.integration_responses or {}) | {response.status_code: response}
        place.put_integration(replace(integration, integration_responses=responses))


def _response(place: Place, params: dict[str, Any]) -> IntegrationResponse:
    response = (place.integration().integration_responses or {}).get(required(params, "statusCode"))
    if response is None:
        raise NotFoundException(NO_STATUS_CODE)
    return response
