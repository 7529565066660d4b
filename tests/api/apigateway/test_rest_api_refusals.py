"""What AWS refuses of the control plane of REST APIs, in the words recorded there, and what dewstack refuses."""

from typing import Any

import pytest

from dewstack.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from dewstack.errors import AwsError
from tests.api.apigateway.rest_api_client import RestGateway, patch

REFUSED: list[tuple[str, dict[str, Any], type[AwsError], str]] = [
    (
        "CreateRestApi",
        {"name": "x", "description": ""},
        BadRequestException,
        "Description cannot be an empty",
    ),
    (
        "CreateRestApi",
        {"name": "x", "minimumCompressionSize": -1},
        BadRequestException,
        "between 0 and 10485760",
    ),
    ("CreateRestApi", {"name": "x", "cloneFrom": "y"}, NotFoundException, "Invalid API identifier specified"),
    (
        "CreateRestApi",
        {"name": "x", "endpointConfiguration": {"types": ["EDGE", "REGIONAL"]}},
        BadRequestException,
        "Cannot create an api with multiple Endpoint Types.",
    ),
    (
        "UpdateRestApi",
        {"patchOperations": [patch("add", "/name", "x")]},
        BadRequestException,
        r"Invalid patch operation specified. Must be one of: \[replace\]",
    ),
    (
        "UpdateRestApi",
        {"patchOperations": [patch("add", "/binaryMediaTypes", "x")]},
        BadRequestException,
        "Invalid patch path /binaryMediaTypes",
    ),
    (
        "CreateResource",
        {"parentId": "ROOT", "pathPart": "taken"},
        ConflictException,
        "Another resource with the same parent already has this name: taken",
    ),
    ("CreateResource", {"parentId": "ROOT", "pathPart": "a/b"}, BadRequestException, "path part only allow"),
    (
        "CreateResource",
        {"parentId": "none", "pathPart": "a"},
        NotFoundException,
        "Invalid Resource identifier",
    ),
    (
        "CreateResource",
        {"parentId": "TAKEN", "pathPart": "{other}"},
        BadRequestException,
        r"A sibling \(\{id\}\) of this resource already has a variable path part -- only one is allowed",
    ),
    (
        "CreateResource",
        {"parentId": "GREEDY", "pathPart": "a"},
        BadRequestException,
        r"Cannot create a child of a resource with a greedy path variable: \{proxy\+\}",
    ),
    (
        "UpdateResource",
        {"resourceId": "TAKEN", "patchOperations": [patch("replace", "/invalid", "x")]},
        BadRequestException,
        r"Invalid patch path  '/invalid' specified for op 'replace'. Must be one of: \[/parentId, /pathPart\]",
    ),
    (
        "UpdateResource",
        {"resourceId": "TAKEN", "patchOperations": [patch("remove", "/pathPart")]},
        BadRequestException,
        "Invalid patch path  '/pathPart' specified for op 'remove'. Please choose supported operations",
    ),
    (
        "UpdateResource",
        {"resourceId": "TAKEN", "patchOperations": [patch("replace", "/parentId", "CHILD")]},
        BadRequestException,
        "Resources cannot be cyclical.",
    ),
    (
        "UpdateResource",
        {"resourceId": "ROOT", "patchOperations": [patch("replace", "/pathPart", "x")]},
        BadRequestException,
        "Root resource cannot update its pathPart.",
    ),
    (
        "PutMethod",
        {"httpMethod": "LIST"},
        BadRequestException,
        "Valid options are GET,PUT,POST,DELETE,PATCH,",
    ),
    ("PutMethod", {"httpMethod": "GET"}, ConflictException, "Method already exists for this resource"),
    (
        "PutMethod",
        {"httpMethod": "PUT", "resourceId": "none"},
        NotFoundException,
        "Invalid Resource identifier",
    ),
    (
        "PutMethod",
        {"httpMethod": "PUT", "authorizationType": "CUSTOM"},
        BadRequestException,
        "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires",
    ),
    (
        "PutMethod",
        {"httpMethod": "PUT", "requestValidatorId": "none"},
        BadRequestException,
        "Invalid Request Validator identifier specified",
    ),
    (
        "PutMethod",
        {"httpMethod": "PUT", "requestModels": {"application/json": "petModel"}},
        BadRequestException,
        "Invalid model identifier specified: petModel",
    ),
    (
        "PutMethod",
        {
            "httpMethod": "PUT",
            "requestParameters": {"method.request.header.a": True, "method.request.querystring.a": True},
        },
        BadRequestException,
        "Parameter names must be unique across querystring, header and path",
    ),
    (
        "UpdateMethod",
        {"patchOperations": [patch("replace", "/httpMethod", "x")]},
        BadRequestException,
        "/httpMethod",
    ),
    ("PutIntegration", {"type": "AWS_PROXY"}, BadRequestException, "value for HttpMethod must be non-empty"),
    (
        "PutIntegration",
        {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": "x"},
        BadRequestException,
        "Invalid ARN specified in the request",
    ),
    (
        "PutIntegration",
        {
            "type": "AWS_PROXY",
            "integrationHttpMethod": "POST",
            "uri": "arn:aws:apigateway:us-east-1:sqs:path/000000000000/queue",
        },
        BadRequestException,
        "Integrations of type 'AWS_PROXY' currently only supports Lambda function",
    ),
    (
        "PutIntegration",
        {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "ftp://x"},
        BadRequestException,
        "Invalid HTTP endpoint specified for URI",
    ),
    (
        "PutIntegration",
        {
            "type": "HTTP_PROXY",
            "integrationHttpMethod": "GET",
            "uri": "http://x",
            "connectionType": "VPC_LINK",
        },
        BadRequestException,
        "Must specify a connectionId",
    ),
    (
        "PutIntegration",
        {"type": "MOCK", "timeoutInMillis": 49},
        BadRequestException,
        "Timeout should be between",
    ),
    (
        "PutIntegration",
        {"type": "MOCK", "responseTransferMode": "STREAM"},
        BadRequestException,
        "AWS_PROXY and HTTP_PROXY",
    ),
    (
        "PutIntegrationResponse",
        {"statusCode": "200"},
        NotFoundException,
        "Invalid Response status code specified",
    ),
    (
        "CreateAuthorizer",
        {"name": "a", "type": "TOKEN", "authorizerUri": "x"},
        BadRequestException,
        "Invalid Authorizer URI: x",
    ),
    ("CreateAuthorizer", {"name": "a", "type": "COGNITO_USER_POOLS"}, BadRequestException, "ProviderARNs"),
    ("GetAuthorizer", {"authorizerId": "none"}, NotFoundException, "Invalid Authorizer identifier specified"),
    ("CreateDeployment", {}, BadRequestException, "No integration defined for method"),
    ("CreateStage", {"stageName": "a b", "deploymentId": "x"}, BadRequestException, "Stage name only allows"),
    (
        "CreateStage",
        {"stageName": "a", "deploymentId": "x", "canarySettings": {"percentTraffic": 1.0}},
        NotFoundException,
        "Invalid Deployment identifier specified",
    ),
    ("GetStage", {"stageName": "none"}, NotFoundException, "Invalid Stage identifier specified"),
    ("GetGatewayResponse", {"responseType": "NONE"}, BadRequestException, "'NONE' at 'responseType'"),
    (
        "CreateModel",
        {"name": "M", "contentType": "application/json"},
        BadRequestException,
        "Model schema must have at least 1 property or array items defined",
    ),
    (
        "CreateModel",
        {"name": "Empty", "contentType": "application/json", "schema": "{}"},
        ConflictException,
        "Model name already exists for this REST API",
    ),
    ("GetModel", {"modelName": "none"}, NotFoundException, "Invalid model name specified: none"),
    ("CreateApiKey", {"value": "short"}, BadRequestException, "should be at least 20 characters"),
    ("GetApiKey", {"apiKey": "none"}, NotFoundException, "Invalid API Key identifier specified"),
    ("GetUsagePlan", {"usagePlanId": "none"}, NotFoundException, "Invalid Usage Plan ID specified"),
    (
        "CreateUsagePlan",
        {"name": "p", "quota": {"limit": 1, "period": "YEAR"}},
        BadRequestException,
        "period",
    ),
    ("GetTags", {"resourceArn": "x"}, BadRequestException, "Invalid ARN"),
]


@pytest.mark.parametrize(("operation", "params", "error", "message"), REFUSED)
def test_what_aws_refuses_is_refused(
    rest: RestGateway, operation: str, params: dict[str, Any], error: type[AwsError], message: str
) -> None:
    rest.create_rest()
    taken = rest.resource("/taken")
    names = {
        "ROOT": rest.resource("/"),
        "TAKEN": taken,
        "CHILD": rest.resource("/taken/{id}"),
        "GREEDY": rest.resource("/{proxy+}"),
    }
    rest.call("PutMethod", resourceId=taken, httpMethod="GET", authorizationType="NONE")
    place: dict[str, Any] = {"resourceId": taken, "httpMethod": "GET", "authorizationType": "NONE"}
    with pytest.raises(error, match=message):
        rest.call(operation, **(place | named(params, names)))


def named(value: Any, names: dict[str, str]) -> Any:
    """`value` with the ids of what `names` has."""
    if isinstance(value, dict):
        return {key: named(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [named(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value
