"""`AWS::Lambda::EventInvokeConfig`: retries, age and destinations of asynchronous events."""

from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.functions import SERVICE
from dewstack.cloudformation.resources.shape import Kind


class EventInvokeConfig(Provider):
    """The configuration of a function, version or alias."""

    properties: Mapping[str, Kind] = {
        "DestinationConfig": {"OnFailure": {"Destination": str}, "OnSuccess": {"Destination": str}},
        "FunctionName": str,
        "MaximumEventAgeInSeconds": int,
        "MaximumRetryAttempts": int,
        "Qualifier": str,
    }
    required = ("FunctionName", "Qualifier")
    replacement = frozenset({"FunctionName", "Qualifier"})

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """PutFunctionEventInvokeConfig, under a generated id."""
        await context.invoke(SERVICE, "PutFunctionEventInvokeConfig", **_given(properties))
        return Outcome(context.generated_name(128))

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """PutFunctionEventInvokeConfig: what has gone gets its default."""
        await context.invoke(SERVICE, "PutFunctionEventInvokeConfig", **_given(properties))
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteFunctionEventInvokeConfig."""
        where = {name: current.properties[name] for name in ("FunctionName", "Qualifier")}
        await context.invoke(SERVICE, "DeleteFunctionEventInvokeConfig", **where)


def _given(properties: dict[str, Any]) -> dict[str, Any]:
    """The operation's params. One that only names a function is a configuration of defaults."""
    return {"DestinationConfig": {}, **properties}
