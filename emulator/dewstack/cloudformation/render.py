"""Stacks, resources and events as the API gives them."""

from collections.abc import Mapping, Sequence
from typing import Any

from dewstack.cloudformation.errors import ValidationError
from dewstack.cloudformation.model import Resource, Stack, StackEvent
from dewstack.cloudformation.template import Template, parse

MAX_PAGE = 100
_MASK = "****"


def page(items: Sequence[Any], params: Mapping[str, Any], member: str, size: int) -> dict[str, Any]:
    """One page of `items` under `member`, with a NextToken when there are more. Raises ValidationError."""
    token = params.get("NextToken") or "0"
    if not token.isdigit():
        raise ValidationError("Invalid NextToken")
    start = int(token)
    result: dict[str, Any] = {member: list(items[start : start + size])}
    if start + size < len(items):
        result["NextToken"] = str(start + size)
    return result


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as the API gives them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def parameter_list(
    template: Template, values: Mapping[str, str], resolved: Mapping[str, str]
) -> list[dict[str, str]]:
    """Parameters as the API has them, the secret ones masked; what lies in the Parameter Store, beside its name."""
    return [
        {
            "ParameterKey": name,
            "ParameterValue": _MASK if is_secret(template.parameters.get(name, {})) else value,
            **({"ResolvedValue": resolved[name]} if name in resolved else {}),
        }
        for name, value in values.items()
    ]


def is_secret(spec: Mapping[str, Any]) -> bool:
    """Whether a parameter was declared `NoEcho`."""
    return str(spec.get("NoEcho", "")).lower() == "true"


def without_none(described: dict[str, Any]) -> dict[str, Any]:
    """The members that have a value."""
    return {key: value for key, value in described.items() if value is not None}


def describe_stack(stack: Stack) -> dict[str, Any]:
    """A member of `Stacks`."""
    template = parse(stack.read_template) if stack.parameters else None
    return without_none(
        {
            "StackId": stack.stack_id,
            "StackName": stack.name,
            "ChangeSetId": stack.change_set_id,
            "Description": stack.description,
            "Parameters": parameter_list(template, stack.parameters, stack.resolved) if template else [],
            "CreationTime": stack.created,
            "DeletionTime": stack.deleted,
            "LastUpdatedTime": stack.updated,
            "RollbackConfiguration": {},
            "StackStatus": stack.status,
            "StackStatusReason": stack.status_reason,
            "DisableRollback": stack.disable_rollback,
            "NotificationARNs": stack.notification_arns,
            "TimeoutInMinutes": stack.timeout_minutes,
            "Capabilities": stack.capabilities,
            "Outputs": [
                without_none(
                    {
                        "OutputKey": output.key,
                        "OutputValue": output.value,
                        "Description": output.description,
                        "ExportName": output.export_name,
                    }
                )
                for output in stack.outputs
            ],
            "RoleARN": stack.role_arn,
            "Tags": tag_list(stack.tags),
            "EnableTerminationProtection": stack.termination_protection,
            "ParentId": stack.parent_id,
            "RootId": stack.root_id,
            "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        }
    )


def describe_stack_summary(stack: Stack) -> dict[str, Any]:
    """A member of `StackSummaries`."""
    return without_none(
        {
            "StackId": stack.stack_id,
            "StackName": stack.name,
            "TemplateDescription": stack.description,
            "CreationTime": stack.created,
            "LastUpdatedTime": stack.updated,
            "DeletionTime": stack.deleted,
            "StackStatus": stack.status,
            "StackStatusReason": stack.status_reason,
            "ParentId": stack.parent_id,
            "RootId": stack.root_id,
            "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        }
    )


def describe_event(stack: Stack, event: StackEvent) -> dict[str, Any]:
    """A member of `StackEvents`."""
    return without_none(
        {
            "StackId": stack.stack_id,
            "EventId": event.event_id,
            "StackName": stack.name,
            "LogicalResourceId": event.logical_id,
            "PhysicalResourceId": event.physical_id,
            "ResourceType": event.type,
            "Timestamp": event.timestamp,
            "ResourceStatus": event.status,
            "ResourceStatusReason": event.reason,
            "ResourceProperties": event.properties,
            "ClientRequestToken": event.token,
        }
    )


def describe_resource(stack: Stack, resource: Resource, time_member: str) -> dict[str, Any]:
    """A resource, with its time under the member that the operation has for it."""
    return without_none(
        {
            "StackName": stack.name,
            "StackId": stack.stack_id,
            "LogicalResourceId": resource.logical_id,
            "PhysicalResourceId": resource.physical_id or None,
            "ResourceType": resource.type,
            time_member: resource.timestamp,
            "ResourceStatus": resource.status,
            "ResourceStatusReason": resource.status_reason,
            "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
        }
    )
