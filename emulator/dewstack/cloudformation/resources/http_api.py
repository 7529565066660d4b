"""`AWS::ApiGatewayV2::*`: each type is a row, since its properties are the API's own parameters."""

from typing import Any

from dewstack.cloudformation.errors import ResourceFailure
from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.crud import Crud
from dewstack.cloudformation.resources.shape import STRING_MAP, STRINGS

_SERVICE = "apigatewayv2"
_ROUTE_SETTINGS = {
    "DataTraceEnabled": bool,
    "DetailedMetricsEnabled": bool,
    "LoggingLevel": str,
    "ThrottlingBurstLimit": int,
    "ThrottlingRateLimit": object,
}
_CORS = {
    "AllowCredentials": bool,
    "AllowHeaders": STRINGS,
    "AllowMethods": STRINGS,
    "AllowOrigins": STRINGS,
    "ExposeHeaders": STRINGS,
    "MaxAge": int,
}

_API = Crud(
    service=_SERVICE,
    noun="Api",
    identifier="ApiId",
    properties={
        "ApiKeySelectionExpression": str,
        "CorsConfiguration": _CORS,
        "CredentialsArn": str,
        "Description": str,
        "DisableExecuteApiEndpoint": bool,
        "DisableSchemaValidation": bool,
        "IpAddressType": str,
        "Name": str,
        "ProtocolType": str,
        "RouteKey": str,
        "RouteSelectionExpression": str,
        "Tags": STRING_MAP,
        "Target": str,
        "Version": str,
        "Body": object,
        "BodyS3Location": object,
    },
    replacement=frozenset({"ProtocolType"}),
    only_on_create=frozenset({"ProtocolType", "Tags"}),
    attributes=("ApiId", "ApiEndpoint"),
    unset={"Description": "", "Version": "", "DisableExecuteApiEndpoint": False},
)


class Api(Provider):
    """`AWS::ApiGatewayV2::Api`, made from properties; from an OpenAPI `Body` it is refused by name."""

    properties = _API.properties
    replacement = _API.replacement

    def accept(self, logical_id: str, properties: Any) -> dict[str, Any]:
        """Refuse what would need ImportApi."""
        for name in ("Body", "BodyS3Location"):
            if name in properties:
                raise ResourceFailure(
                    f"property {name} of {logical_id} (ImportApi) is not emulated by dewstack"
                )
        return super().accept(logical_id, properties)

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateApi."""
        return self._with_arn(context, await _API.create(context, properties))

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateApi; a CORS configuration that is gone, and tags, have operations of their own."""
        if "CorsConfiguration" in current.properties and "CorsConfiguration" not in properties:
            await context.invoke(_SERVICE, "DeleteCorsConfiguration", ApiId=current.physical_id)
        await self._retag(context, current, properties)
        return self._with_arn(context, await _API.update(context, current, properties))

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteApi."""
        await _API.delete(context, current)

    @staticmethod
    def _with_arn(context: Context, outcome: Outcome) -> Outcome:
        arn = context.arn("execute-api", outcome.physical_id)
        return Outcome(outcome.physical_id, outcome.attributes | {"ExecuteApiArn": arn})

    @staticmethod
    async def _retag(context: Context, current: Resource, properties: dict[str, Any]) -> None:
        before, after = current.properties.get("Tags", {}), properties.get("Tags", {})
        arn = f"arn:aws:apigateway:{context.stack.region}::/apis/{current.physical_id}"
        if gone := sorted(before.keys() - after.keys()):
            await context.invoke(_SERVICE, "UntagResource", ResourceArn=arn, TagKeys=gone)
        if after != before and after:
            await context.invoke(_SERVICE, "TagResource", ResourceArn=arn, Tags=after)


STAGE = Crud(
    service=_SERVICE,
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
    service=_SERVICE,
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
    service=_SERVICE,
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
    service=_SERVICE,
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
    service=_SERVICE,
    noun="Deployment",
    identifier="DeploymentId",
    properties={"ApiId": str, "Description": str, "StageName": str},
    required=("ApiId",),
    replacement=frozenset({"ApiId"}),
    parents=("ApiId",),
    only_on_create=frozenset({"StageName"}),
    attributes=("DeploymentId",),
)

API_MAPPING = Crud(
    service=_SERVICE,
    noun="ApiMapping",
    identifier="ApiMappingId",
    properties={"ApiId": str, "ApiMappingKey": str, "DomainName": str, "Stage": str},
    required=("ApiId", "DomainName", "Stage"),
    replacement=frozenset({"DomainName"}),
    parents=("DomainName",),
    attributes=("ApiMappingId",),
)


INTEGRATION_RESPONSE = Crud(
    service=_SERVICE,
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
    service=_SERVICE,
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
        "AWS::ApiGatewayV2::Integration": INTEGRATION,
        "AWS::ApiGatewayV2::IntegrationResponse": INTEGRATION_RESPONSE,
        "AWS::ApiGatewayV2::Route": ROUTE,
        "AWS::ApiGatewayV2::RouteResponse": ROUTE_RESPONSE,
        "AWS::ApiGatewayV2::Stage": STAGE,
    }
