"""`AWS::ApiGatewayV2::Api`: from its properties, or out of an OpenAPI definition."""

from typing import Any

from dewstack.cloudformation.errors import ResourceFailure
from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.crud import Crud
from dewstack.cloudformation.resources.definition import definition
from dewstack.cloudformation.resources.shape import STRING_MAP, STRINGS

SERVICE = "apigatewayv2"
_CORS = {
    "AllowCredentials": bool,
    "AllowHeaders": STRINGS,
    "AllowMethods": STRINGS,
    "AllowOrigins": STRINGS,
    "ExposeHeaders": STRINGS,
    "MaxAge": int,
}

_API = Crud(
    service=SERVICE,
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
        "Basepath": str,
        "Body": object,
        "BodyS3Location": object,
        "FailOnWarnings": bool,
    },
    replacement=frozenset({"ProtocolType"}),
    only_on_create=frozenset({"ProtocolType", "Tags"}),
    attributes=("ApiId", "ApiEndpoint"),
    unset={"Description": "", "Version": "", "DisableExecuteApiEndpoint": False},
)


DEFINITION = ("Body", "BodyS3Location")
NOT_BESIDE = frozenset({*DEFINITION, "ProtocolType", "Tags", "Basepath", "FailOnWarnings"})


def _how(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: properties[name] for name in ("Basepath", "FailOnWarnings") if name in properties}


class Api(Provider):
    """`AWS::ApiGatewayV2::Api`, made from properties, or from an OpenAPI definition and what is said beside it."""

    properties = _API.properties
    replacement = _API.replacement

    def accept(self, logical_id: str, properties: Any) -> dict[str, Any]:
        """A name is needed where there is no definition."""
        if not any(properties.get(name) for name in ("Name", *DEFINITION)):
            raise ResourceFailure(f"property Name of {logical_id} is required where there is no Body")
        return super().accept(logical_id, properties)

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateApi; ImportApi and UpdateApi where there is a definition."""
        body = await definition(context, properties)
        if body is None:
            return self._with_arn(context, await _API.create(context, properties))
        made = await context.invoke(SERVICE, "ImportApi", Body=body.decode(), **_how(properties))
        outcome = self._with_arn(
            context, Outcome(made["ApiId"], {name: made[name] for name in ("ApiId", "ApiEndpoint")})
        )
        context.made.append(outcome)
        await self._say_beside(context, made["ApiId"], properties)
        return outcome

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateApi; a CORS configuration that is gone, and tags, have operations of their own."""
        if "CorsConfiguration" in current.properties and "CorsConfiguration" not in properties:
            await context.invoke(SERVICE, "DeleteCorsConfiguration", ApiId=current.physical_id)
        await self._retag(context, current, properties)
        body = await definition(context, properties)
        if body is None:
            return self._with_arn(context, await _API.update(context, current, properties))
        await context.invoke(
            SERVICE, "ReimportApi", ApiId=current.physical_id, Body=body.decode(), **_how(properties)
        )
        await self._say_beside(context, current.physical_id, properties)
        return Outcome(current.physical_id, current.attributes)

    @staticmethod
    async def _say_beside(context: Context, api_id: str, properties: dict[str, Any]) -> None:
        """UpdateApi with the properties beside a definition."""
        beside = {name: value for name, value in properties.items() if name not in NOT_BESIDE}
        if beside:
            await context.invoke(SERVICE, "UpdateApi", ApiId=api_id, **beside)

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
            await context.invoke(SERVICE, "UntagResource", ResourceArn=arn, TagKeys=gone)
        if after != before and after:
            await context.invoke(SERVICE, "TagResource", ResourceArn=arn, Tags=after)
