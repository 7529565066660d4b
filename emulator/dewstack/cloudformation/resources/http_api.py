"""`AWS::ApiGatewayV2::*`: each type is a row, since its properties are the API's own parameters."""

from dewstack.cloudformation.resources.api_v2 import SERVICE, Api
from dewstack.cloudformation.resources.api_v2_domains import API_MAPPING, DOMAIN_NAME
from dewstack.cloudformation.resources.base import Provider
from dewstack.cloudformation.resources.crud import Crud
from dewstack.cloudformation.resources.shape import STRING_MAP, STRINGS

_ROUTE_SETTINGS = {
    "DataTraceEnabled": bool,
    "DetailedMetricsEnabled": bool,
    "LoggingLevel": str,
    "ThrottlingBurstLimit": int,
    "ThrottlingRateLimit": object,
}


STAGE = Crud(
    service=SERVICE,
    noun="Stage",
    identifier="StageName",
    properties={
        "AccessLogSettings": {"DestinationArn": str, "Format": str},
        "ApiId": str,
        "AutoDeploy": bool,
        "ClientCertificateId": str,
        "DefaultRouteSettings": _ROUTE_SETTINGS,
        "DeploymentId": str,
        "Description": str,
        "RouteSettings": {"*": _ROUTE_SETTINGS},
        "StageName": str,
        "StageVariables": STRING_MAP,
        "Tags": STRING_MAP,
    },
    required=("StageName", "ApiId"),
    replacement=frozenset({"ApiId", "StageName"}),
    parents=("ApiId",),
    only_on_create=frozenset({"Tags"}),
    name_property="StageName",
    unset={
        "AccessLogSettings": {},
        "DefaultRouteSettings": {},
        "Description": "",
        "RouteSettings": {},
        "StageVariables": {},
    },
)

ROUTE = Crud(
    service=SERVICE,
    noun="Route",
    identifier="RouteId",
    properties={
        "ApiId": str,
        "ApiKeyRequired": bool,
        "AuthorizationScopes": STRINGS,
        "AuthorizationType": str,
        "AuthorizerId": str,
        "ModelSelectionExpression": str,
        "OperationName": str,
        "RequestModels": STRING_MAP,
        "RequestParameters": object,
        "RouteKey": str,
        "RouteResponseSelectionExpression": str,
        "Target": str,
    },
    required=("ApiId", "RouteKey"),
    replacement=frozenset({"ApiId"}),
    parents=("ApiId",),
    attributes=("RouteId",),
    unique="RouteKey",
    unset={
        "AuthorizationScopes": [],
        "AuthorizationType": "NONE",
        "OperationName": "",
        "RouteResponseSelectionExpression": "",
        "Target": "",
    },
)

INTEGRATION = Crud(
    service=SERVICE,
    noun="Integration",
    identifier="IntegrationId",
    properties={
        "ApiId": str,
        "ConnectionId": str,
        "ConnectionType": str,
        "ContentHandlingStrategy": str,
        "CredentialsArn": str,
        "Description": str,
        "IntegrationMethod": str,
        "IntegrationSubtype": str,
        "IntegrationType": str,
        "IntegrationUri": str,
        "PassthroughBehavior": str,
        "PayloadFormatVersion": str,
        "RequestParameters": STRING_MAP,
        "RequestTemplates": STRING_MAP,
        "ResponseParameters": object,
        "TemplateSelectionExpression": str,
        "TimeoutInMillis": int,
        "TlsConfig": {"ServerNameToVerify": str},
    },
    required=("ApiId", "IntegrationType"),
    replacement=frozenset({"ApiId"}),
    parents=("ApiId",),
    attributes=("IntegrationId",),
    unset={"Description": "", "RequestParameters": {}, "ResponseParameters": {}, "TimeoutInMillis": 30000},
)

AUTHORIZER = Crud(
    service=SERVICE,
    noun="Authorizer",
    identifier="AuthorizerId",
    properties={
        "ApiId": str,
        "AuthorizerCredentialsArn": str,
        "AuthorizerPayloadFormatVersion": str,
        "AuthorizerResultTtlInSeconds": int,
        "AuthorizerType": str,
        "AuthorizerUri": str,
        "EnableSimpleResponses": bool,
        "IdentitySource": STRINGS,
        "IdentityValidationExpression": str,
        "JwtConfiguration": {"Audience": STRINGS, "Issuer": str},
        "Name": str,
    },
    required=("ApiId", "AuthorizerType", "Name"),
    replacement=frozenset({"ApiId"}),
    parents=("ApiId",),
    attributes=("AuthorizerId",),
    unique="Name",
)

DEPLOYMENT = Crud(
    service=SERVICE,
    noun="Deployment",
    identifier="DeploymentId",
    properties={"ApiId": str, "Description": str, "StageName": str},
    required=("ApiId",),
    replacement=frozenset({"ApiId"}),
    parents=("ApiId",),
    only_on_create=frozenset({"StageName"}),
    attributes=("DeploymentId",),
)

INTEGRATION_RESPONSE = Crud(
    service=SERVICE,
    noun="IntegrationResponse",
    identifier="IntegrationResponseId",
    properties={
        "ApiId": str,
        "ContentHandlingStrategy": str,
        "IntegrationId": str,
        "IntegrationResponseKey": str,
        "ResponseParameters": object,
        "ResponseTemplates": STRING_MAP,
        "TemplateSelectionExpression": str,
    },
    required=("ApiId", "IntegrationId", "IntegrationResponseKey"),
    replacement=frozenset({"ApiId", "IntegrationId"}),
    parents=("ApiId", "IntegrationId"),
    attributes=("IntegrationResponseId",),
    unique="IntegrationResponseKey",
    unset={"ResponseParameters": {}, "ResponseTemplates": {}, "TemplateSelectionExpression": ""},
)

ROUTE_RESPONSE = Crud(
    service=SERVICE,
    noun="RouteResponse",
    identifier="RouteResponseId",
    properties={
        "ApiId": str,
        "ModelSelectionExpression": str,
        "ResponseModels": STRING_MAP,
        "ResponseParameters": object,
        "RouteId": str,
        "RouteResponseKey": str,
    },
    required=("ApiId", "RouteId", "RouteResponseKey"),
    replacement=frozenset({"ApiId", "RouteId"}),
    parents=("ApiId", "RouteId"),
    attributes=("RouteResponseId",),
    unique="RouteResponseKey",
)


def http_api_types() -> dict[str, Provider]:
    """The types of API Gateway's second API."""
    return {
        "AWS::ApiGatewayV2::Api": Api(),
        "AWS::ApiGatewayV2::ApiMapping": API_MAPPING,
        "AWS::ApiGatewayV2::Authorizer": AUTHORIZER,
        "AWS::ApiGatewayV2::Deployment": DEPLOYMENT,
        "AWS::ApiGatewayV2::DomainName": DOMAIN_NAME,
        "AWS::ApiGatewayV2::Integration": INTEGRATION,
        "AWS::ApiGatewayV2::IntegrationResponse": INTEGRATION_RESPONSE,
        "AWS::ApiGatewayV2::Route": ROUTE,
        "AWS::ApiGatewayV2::RouteResponse": ROUTE_RESPONSE,
        "AWS::ApiGatewayV2::Stage": STAGE,
    }
