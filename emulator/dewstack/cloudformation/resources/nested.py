"""`AWS::CloudFormation::Stack`: a stack inside of a stack, made by the same operations as any other."""

import asyncio
from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.errors import ResourceFailure
from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.shape import STRING_MAP, STRINGS, TAGS, Kind, tag_map
from dewstack.errors import AwsError

SECONDS = 3600.0
_SHORTEST, _LONGEST = 0.01, 0.25
"""Pauses, in seconds, between two looks at a nested stack."""


class NestedStack(Provider):
    """A nested stack. It is looked at with every update, for only it knows whether something changed."""

    properties: Mapping[str, Kind] = {
        "NotificationARNs": STRINGS,
        "Parameters": STRING_MAP,
        "Tags": TAGS,
        "TemplateURL": str,
        "TimeoutInMinutes": int,
    }
    required = ("TemplateURL",)
    seconds = SECONDS
    always = True

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """CreateStack, and wait for its end."""
        made = await context.invoke(
            "cloudformation",
            "CreateStack",
            StackName=context.generated_name(128),
            DisableRollback=True,  # a failure takes it away together with the stack around it
            Parent=context.stack.stack_id,
            Root=context.stack.root_id or context.stack.stack_id,
            TimeoutInMinutes=properties.get("TimeoutInMinutes"),
            **_request(context, properties),
        )
        context.made.append(Outcome(made["StackId"]))
        stack = await _ended(context, made["StackId"])
        if stack["StackStatus"] != "CREATE_COMPLETE":
            raise _failed(stack, "created")
        return _outcome(stack)

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateStack, and wait for its end."""
        identity = current.physical_id
        try:
            request = _request(context, properties)
            await context.invoke("cloudformation", "UpdateStack", StackName=identity, **request)
        except AwsError as error:
            if "No updates are to be performed" not in error.message:
                raise
        stack = await _ended(context, identity)
        if stack["StackStatus"] not in ("UPDATE_COMPLETE", "CREATE_COMPLETE"):
            raise _failed(stack, "updated")
        return _outcome(stack)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteStack, and wait for its end."""
        identity = current.physical_id
        await context.invoke("cloudformation", "DeleteStack", StackName=identity)
        stack = await _ended(context, identity)
        if stack["StackStatus"] != "DELETE_COMPLETE":
            raise _failed(stack, "deleted")


def _request(context: Context, properties: dict[str, Any]) -> dict[str, Any]:
    given = properties.get("Parameters") or {}
    tags = context.stack.tags | tag_map(properties.get("Tags") or ())
    return {
        "TemplateURL": properties["TemplateURL"],
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        "Capabilities": context.stack.capabilities,
        "NotificationARNs": properties.get("NotificationARNs"),
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }


async def _ended(context: Context, identity: str) -> dict[str, Any]:
    """The stack when nothing is under way in it any more. The worker bounds the time."""
    pause = _SHORTEST
    while True:
        [stack] = (await context.invoke("cloudformation", "DescribeStacks", StackName=identity))["Stacks"]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return dict(stack)
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, _LONGEST)


def _outcome(stack: Mapping[str, Any]) -> Outcome:
    values = {f"Outputs.{each['OutputKey']}": each["OutputValue"] for each in stack["Outputs"]}
    return Outcome(stack["StackId"], values)


def _failed(stack: Mapping[str, Any], verb: str) -> ResourceFailure:
    reason = stack.get("StackStatusReason") or stack["StackStatus"]
    return ResourceFailure(f"Embedded stack {stack['StackId']} was not successfully {verb}: {reason}")
