"""`AWS::ApiGateway::Method`: one resource, spread over a method, its integration and the responses of both."""

from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.rest_crud import SERVICE, member, parameter
from dewstack.cloudformation.resources.shape import STRING_MAP, STRINGS, Kind
from dewstack.errors import AwsError

_METHOD_RESPONSE: Kind = {
    "ResponseModels": STRING_MAP,
    "ResponseParameters": {"*": object},
    "StatusCode": str,
}
"""What a parameter of it is set to may be a text too, as in AWS's schema: that it is declared is all that counts."""
_INTEGRATION_RESPONSE: Kind = {
    "ContentHandling": str,
    "ResponseParameters": STRING_MAP,
    "ResponseTemplates": STRING_MAP,
    "SelectionPattern": str,
    "StatusCode": str,
}
_INTEGRATION: Kind = {
    "CacheKeyParameters": STRINGS,
    "CacheNamespace": str,
    "ConnectionId": str,
    "ConnectionType": str,
    "ContentHandling": str,
    "Credentials": str,
    "IntegrationHttpMethod": str,
    "IntegrationResponses": [_INTEGRATION_RESPONSE],
    "IntegrationTarget": str,
    "PassthroughBehavior": str,
    "RequestParameters": STRING_MAP,
    "RequestTemplates": STRING_MAP,
    "ResponseTransferMode": str,
    "TimeoutInMillis": int,
    "TlsConfig": {"InsecureSkipVerification": bool},
    "Type": str,
    "Uri": str,
}
_PLACE = ("RestApiId", "ResourceId", "HttpMethod")
_APART = frozenset({"Integration", "MethodResponses", "IntegrationResponses"})
"""What has operations of its own."""


def _declared(response: Mapping[str, Any]) -> dict[str, Any]:
    """A method's response, each of its parameters true unless it says false."""
    given = response.get("ResponseParameters") or {}
    return {
        **response,
        "ResponseParameters": {name: str(value).lower() != "false" for name, value in given.items()},
    }


def _note(properties: Mapping[str, Any]) -> str | None:
    """What requests to the method will meet that they would not meet on AWS."""
    integration = properties.get("Integration") or {}
    kind, service = str(integration.get("Type", "")), str(integration.get("Uri", "")).split(":")[4:5]
    if integration.get("ConnectionType") == "VPC_LINK":
        return "dewstack reaches into no VPC: requests get 500"
    if kind == "AWS" and service == ["states"]:
        return "dewstack runs no state machines: requests get 500"
    if kind == "AWS_PROXY" and service != ["lambda"]:
        return "dewstack has proxy integrations with Lambda functions alone: requests get 500"
    return None


class Method(Provider):
    """A method. Its id is of no use but to refer to it; the operations name API, resource and verb."""

    properties: Mapping[str, Kind] = {
        "ApiKeyRequired": bool,
        "AuthorizationScopes": STRINGS,
        "AuthorizationType": str,
        "AuthorizerId": str,
        "HttpMethod": str,
        "Integration": _INTEGRATION,
        "MethodResponses": [_METHOD_RESPONSE],
        "OperationName": str,
        "RequestModels": STRING_MAP,
        "RequestParameters": {"*": bool},
        "RequestValidatorId": str,
        "ResourceId": str,
        "RestApiId": str,
    }
    required = _PLACE
    replacement = frozenset(_PLACE)

    async def leftover(self, context: Context, properties: dict[str, Any]) -> str | None:
        """The method, which may be there in part."""
        return context.generated_name()

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """PutMethod, then its responses, the integration and the integration's responses."""
        outcome = Outcome(context.generated_name(), note=_note(properties))
        await self._put(
            context, "Method", properties, {"AuthorizationType": "NONE"} | properties, self.properties
        )
        context.made.append(outcome)
        for response in properties.get("MethodResponses") or ():
            await self._put(context, "MethodResponse", properties, _declared(response), _METHOD_RESPONSE)
        integration = properties.get("Integration")
        if integration:
            await self._put(context, "Integration", properties, integration, _INTEGRATION)
            for response in integration.get("IntegrationResponses") or ():
                await self._put(context, "IntegrationResponse", properties, response, _INTEGRATION_RESPONSE)
        return outcome

    @staticmethod
    async def _put(
        context: Context,
        noun: str,
        place: Mapping[str, Any],
        given: Mapping[str, Any],
        kinds: Mapping[str, Kind],
    ) -> None:
        params = {
            member(name): parameter(value, kinds.get(name, object))
            for name, value in given.items()
            if name not in _APART
        }
        await context.invoke(
            SERVICE, f"Put{noun}", **(params | {member(name): place[name] for name in _PLACE})
        )

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Make it anew: nothing of it is served before the next deployment."""
        try:
            await self.delete(context, current)
        except AwsError as error:
            if error.status != 404:
                raise
        made = await self.create(context, properties)
        return Outcome(current.physical_id, note=made.note)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteMethod, with everything that belongs to it."""
        place = {member(name): current.properties[name] for name in _PLACE}
        await context.invoke(SERVICE, "DeleteMethod", **place)
