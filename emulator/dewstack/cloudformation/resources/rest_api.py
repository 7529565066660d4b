"""`AWS::ApiGateway::RestApi` and what serves it: deployments, stages, the account's settings."""

import json
from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.errors import ResourceFailure
from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.definition import definition
from dewstack.cloudformation.resources.rest_account import account_types
from dewstack.cloudformation.resources.rest_crud import SERVICE, parameter, retag
from dewstack.cloudformation.resources.rest_method import Method
from dewstack.cloudformation.resources.rest_parts import part_types
from dewstack.cloudformation.resources.rest_patch import Change, elements, patches, scalar, values
from dewstack.cloudformation.resources.rest_stage import Deployment, Stage
from dewstack.cloudformation.resources.shape import STRING_MAP, STRINGS, TAGS, Kind, tag_map
from dewstack.ids import random_string

_ENDPOINT: Kind = {"IpAddressType": str, "Types": STRINGS, "VpcEndpointIds": STRINGS}


def _endpoint(before: Any, after: Any) -> list[dict[str, str]]:
    old, new = before or {}, after or {}
    kind, was = (new.get("Types") or ["EDGE"])[0], (old.get("Types") or ["EDGE"])[0]
    operations = []
    if kind != was:
        operations.append({"op": "replace", "path": f"/endpointConfiguration/types/{was}", "value": kind})
    changed = values("/endpointConfiguration/vpcEndpointIds")
    operations += changed(old.get("VpcEndpointIds"), new.get("VpcEndpointIds"))
    if address := new.get("IpAddressType"):
        operations.append({"op": "replace", "path": "/endpointConfiguration/ipAddressType", "value": address})
    return operations


class RestApi(Provider):
    """A REST API, made from properties or from an OpenAPI `Body`."""

    properties: Mapping[str, Kind] = {
        "ApiKeySourceType": str,
        "BinaryMediaTypes": STRINGS,
        "Body": object,
        "BodyS3Location": object,
        "CloneFrom": str,
        "Description": str,
        "DisableExecuteApiEndpoint": bool,
        "EndpointAccessMode": str,
        "EndpointConfiguration": _ENDPOINT,
        "FailOnWarnings": bool,
        "MinimumCompressionSize": int,
        "Mode": str,
        "Name": str,
        "Parameters": STRING_MAP,
        "Policy": object,
        "SecurityPolicy": str,
        "Tags": TAGS,
    }
    _created: Mapping[str, str] = {
        "ApiKeySourceType": "apiKeySource",
        "BinaryMediaTypes": "binaryMediaTypes",
        "CloneFrom": "cloneFrom",
        "Description": "description",
        "DisableExecuteApiEndpoint": "disableExecuteApiEndpoint",
        "EndpointConfiguration": "endpointConfiguration",
        "MinimumCompressionSize": "minimumCompressionSize",
        "Name": "name",
        "Policy": "policy",
    }
    _changes: Mapping[str, Change] = {
        "ApiKeySourceType": scalar("/apiKeySource"),
        "BinaryMediaTypes": elements("/binaryMediaTypes"),
        "Description": scalar("/description"),
        "DisableExecuteApiEndpoint": scalar("/disableExecuteApiEndpoint"),
        "EndpointConfiguration": _endpoint,
        "MinimumCompressionSize": scalar("/minimumCompressionSize"),
        "Name": scalar("/name"),
        "Policy": scalar("/policy"),
    }

    def accept(self, logical_id: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """A policy becomes text."""
        if not (properties.get("Name") or properties.get("Body") or properties.get("BodyS3Location")):
            raise ResourceFailure(f"property Name of {logical_id} is required where there is no Body")
        accepted = super().accept(logical_id, properties)
        policy = accepted.pop("Policy", None)
        if policy:
            accepted["Policy"] = policy if isinstance(policy, str) else json.dumps(policy)
        return accepted

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateRestApi; ImportRestApi and UpdateRestApi where there is a definition."""
        body = await definition(context, properties)
        if body is not None:
            return await self._import(context, properties, body)
        params = {
            name: parameter(properties[each], self.properties[each])
            for each, name in self._created.items()
            if each in properties
        }
        tags = tag_map(properties.get("Tags", ())) or None
        api = await context.invoke(SERVICE, "CreateRestApi", tags=tags, **params)
        return Outcome(api["id"], {"RestApiId": api["id"], "RootResourceId": api["rootResourceId"]})

    async def _import(self, context: Context, properties: dict[str, Any], body: bytes) -> Outcome:
        api = await context.invoke(SERVICE, "ImportRestApi", body=body, **_how(properties))
        outcome = Outcome(api["id"], {"RestApiId": api["id"], "RootResourceId": api["rootResourceId"]})
        context.made.append(outcome)
        await self._set(context, api["id"], {"EndpointConfiguration": _configured(api)}, properties)
        return outcome

    async def _set(
        self, context: Context, api_id: str, before: Mapping[str, Any], properties: dict[str, Any]
    ) -> None:
        """Let properties of the template stand over what the definition says."""
        given = {name: value for name, value in properties.items() if name in self._changes}
        operations = patches({name: self._changes[name] for name in given}, before, given)
        if operations:
            await context.invoke(SERVICE, "UpdateRestApi", restApiId=api_id, patchOperations=operations)
        await retag(context, f"/restapis/{api_id}", before.get("Tags"), properties.get("Tags"))

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateRestApi with what changed, and tag anew; PutRestApi where the definition did."""
        api_id = current.physical_id
        body = await definition(context, properties)
        if body is not None and _defined(properties) != _defined(current.properties):
            how = _how(properties) | {"mode": properties.get("Mode", "overwrite")}
            api = await context.invoke(SERVICE, "PutRestApi", restApiId=api_id, body=body, **how)
            before = {"EndpointConfiguration": _configured(api), "Tags": current.properties.get("Tags")}
            await self._set(context, api_id, before, properties)
            return Outcome(api_id, current.attributes)
        operations = patches(self._changes, current.properties, properties)
        if operations:
            await context.invoke(SERVICE, "UpdateRestApi", restApiId=api_id, patchOperations=operations)
        await retag(context, f"/restapis/{api_id}", current.properties.get("Tags"), properties.get("Tags"))
        return Outcome(api_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteRestApi."""
        await context.invoke(SERVICE, "DeleteRestApi", restApiId=current.physical_id)


_DEFINITION = ("Body", "BodyS3Location", "Mode", "Parameters")


def _defined(properties: Mapping[str, Any]) -> list[Any]:
    return [properties.get(name) for name in _DEFINITION]


def _how(properties: Mapping[str, Any]) -> dict[str, Any]:
    """How a definition is to be read."""
    return {"failOnWarnings": properties.get("FailOnWarnings"), "parameters": properties.get("Parameters")}


def _configured(api: Mapping[str, Any]) -> dict[str, Any]:
    """An API's endpoint configuration as the property has it."""
    return {"Types": api.get("endpointConfiguration", {}).get("types")}


class Account(Provider):
    """`AWS::ApiGateway::Account`: the role in whose name logs are written. What is kept outlives the stack."""

    properties: Mapping[str, Kind] = {"CloudWatchRoleArn": str}

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """UpdateAccount."""
        await self._set(context, properties)
        physical_id = random_string(10)
        return Outcome(physical_id, {"Id": physical_id})

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateAccount."""
        await self._set(context, properties)
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """Leave the account as it is."""

    @staticmethod
    async def _set(context: Context, properties: dict[str, Any]) -> None:
        role = properties.get("CloudWatchRoleArn")
        if role:
            operation = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role}
            await context.invoke(SERVICE, "UpdateAccount", patchOperations=[operation])


def rest_api_types() -> dict[str, Provider]:
    """The types of API Gateway's first API."""
    return {
        **account_types(),
        **part_types(),
        "AWS::ApiGateway::Account": Account(),
        "AWS::ApiGateway::Deployment": Deployment(),
        "AWS::ApiGateway::Method": Method(),
        "AWS::ApiGateway::RestApi": RestApi(),
        "AWS::ApiGateway::Stage": Stage(),
    }
