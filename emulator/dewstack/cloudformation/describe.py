"""The operations that only look: stacks, resources, events, templates, exports."""

from collections.abc import Mapping, Sequence
from typing import Any

from dewstack.cloudformation.errors import ValidationError
from dewstack.cloudformation.model import Resource, Stack, StackEvent
from dewstack.cloudformation.requests import required_capabilities, template_text
from dewstack.cloudformation.runner import Runner
from dewstack.cloudformation.state import GONE
from dewstack.cloudformation.template import Template, parse
from dewstack.config import Caller
from dewstack.wire import operation

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


def parameter_list(template: Template, values: Mapping[str, str]) -> list[dict[str, str]]:
    """Parameters as the API gives them, the secret ones masked."""
    return [
        {
            "ParameterKey": name,
            "ParameterValue": _MASK if _no_echo(template.parameters.get(name, {})) else value,
        }
        for name, value in values.items()
    ]


def _no_echo(spec: Mapping[str, Any]) -> bool:
    return str(spec.get("NoEcho", "")).lower() == "true"


def _without_none(described: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in described.items() if value is not None}


class Describe:
    """Stacks, resources and events as they are."""

    def __init__(self, runner: Runner) -> None:
        self._state = runner.state

    @operation("DescribeStacks")
    def describe_stacks(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One stack by name or id, or all that live. Raises ValidationError when the named"
        " one does not exist."""
        if name := params.get("StackName"):
            return {"Stacks": [_stack(self._state.require(caller, name))]}
        stacks = [_stack(each) for each in self._state.stacks(caller) if each.status != GONE]
        return page(stacks, params, "Stacks", MAX_PAGE)

    @operation("ListStacks")
    def list_stacks(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries of all stacks, deleted ones too, the newest first."""
        wanted = params.get("StackStatusFilter") or ()
        stacks = [each for each in self._state.stacks(caller) if not wanted or each.status in wanted]
        stacks.sort(key=lambda stack: stack.created, reverse=True)
        return page([_stack_summary(each) for each in stacks], params, "StackSummaries", MAX_PAGE)

    @operation("DescribeStackEvents")
    def describe_stack_events(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Events, the newest first; a page begins after the event that the token names."""
        stack = self._state.find(caller, params["StackName"])
        if stack is None:
            raise ValidationError(f"Stack [{params['StackName']}] does not exist")
        events, token = self._state.events(stack), params.get("NextToken")
        if token:
            position = next((i for i, event in enumerate(events) if event.event_id == token), None)
            if position is None:
                raise ValidationError("Invalid NextToken")
            events = events[position + 1 :]
        result: dict[str, Any] = {"StackEvents": [_event(stack, each) for each in events[:MAX_PAGE]]}
        if len(events) > MAX_PAGE:
            result["NextToken"] = events[MAX_PAGE - 1].event_id
        return result

    @operation("DescribeStackResources")
    def describe_stack_resources(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The resources of a stack, or of the stack that has a physical id."""
        if physical_id := params.get("PhysicalResourceId"):
            stack = self._owner(caller, physical_id)
        elif name := params.get("StackName"):
            stack = self._state.require(caller, name)
        else:
            raise ValidationError("One of StackName or PhysicalResourceId is required")
        wanted = params.get("LogicalResourceId")
        found = [each for each in self._resources(stack) if wanted in (None, each.logical_id)]
        return {"StackResources": [_resource(stack, each, "Timestamp") for each in found]}

    def _owner(self, caller: Caller, physical_id: str) -> Stack:
        for stack in self._state.stacks(caller):
            if any(each.physical_id == physical_id for each in self._resources(stack)):
                return stack
        raise ValidationError(f"Stack for {physical_id} does not exist")

    def _resources(self, stack: Stack) -> list[Resource]:
        return sorted(self._state.resources(stack).values(), key=lambda each: each.logical_id)

    @operation("DescribeStackResource")
    def describe_stack_resource(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One resource. Raises ValidationError when the stack has none of this name."""
        stack, name = self._state.require(caller, params["StackName"]), params["LogicalResourceId"]
        resource = self._state.resources(stack).get(name)
        if resource is None:
            raise ValidationError(f"Resource {name} does not exist for stack {stack.name}")
        return {"StackResourceDetail": _resource(stack, resource, "LastUpdatedTimestamp")}

    @operation("ListStackResources")
    def list_stack_resources(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries of a stack's resources."""
        stack = self._state.require(caller, params["StackName"])
        summaries = [_resource(stack, each, "LastUpdatedTimestamp") for each in self._resources(stack)]
        for summary in summaries:
            del summary["StackName"], summary["StackId"]
        return page(summaries, params, "StackResourceSummaries", MAX_PAGE)

    @operation("ListExports")
    def list_exports(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Everything that stacks of this account and region export."""
        exports = [
            {"ExportingStackId": stack.stack_id, "Name": output.export_name, "Value": output.value}
            for stack in self._state.stacks(caller)
            if stack.status != GONE
            for output in stack.outputs
            if output.export_name
        ]
        exports.sort(key=lambda export: str(export["Name"]))
        return page(exports, params, "Exports", MAX_PAGE)

    @operation("ListImports")
    def list_imports(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The names of the stacks that import an export. Raises ValidationError when there are none."""
        names = [stack.name for stack in self._state.importers(caller, params["ExportName"])]
        if not names:
            raise ValidationError(f"Export '{params['ExportName']}' is not imported by any stack.")
        return page(names, params, "Imports", MAX_PAGE)


class Templates:
    """Templates, of stacks and on their own."""

    def __init__(self, runner: Runner) -> None:
        self._state = runner.state
        self._providers = runner.providers

    @operation("GetTemplate")
    def get_template(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The text that a stack, or a change set, was made from."""
        if name := params.get("ChangeSetName"):
            text = self._state.change_set(caller, name, params.get("StackName")).request.template
        else:
            text = self._state.require(caller, params.get("StackName", "")).template
        return {"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]}

    @operation("GetTemplateSummary")
    def get_template_summary(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Parameters, resource types and needed capabilities of a template or a stack."""
        if name := params.get("StackName"):
            text = self._state.require(caller, name).template
        else:
            text = template_text(params)
        template = parse(text)
        declared = [{"ParameterType": spec.get("Type"), **each} for spec, each in _declared(template)]
        return self._summary(template) | {
            "Parameters": declared,
            "ResourceTypes": sorted({spec.type for spec in template.resources.values()}),
            "Version": template.version or "2010-09-09",
        }

    @operation("ValidateTemplate")
    def validate_template(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Whether a template is well-formed, as an error if it is not."""
        template = parse(template_text(params))
        return self._summary(template) | {"Parameters": [each for _, each in _declared(template)]}

    def _summary(self, template: Template) -> dict[str, Any]:
        capability = required_capabilities(template, self._providers)
        types = sorted(s.type for s in template.resources.values() if s.type.startswith("AWS::IAM::"))
        reason = f"The following resource(s) require capabilities: [{', '.join(types)}]"
        return _without_none(
            {
                "Description": template.description,
                "Capabilities": [capability] if capability else [],
                "CapabilitiesReason": reason if capability else None,
                "DeclaredTransforms": list(template.transforms),
            }
        )


def _declared(template: Template) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [
        (
            spec,
            _without_none(
                {
                    "ParameterKey": name,
                    "DefaultValue": None if "Default" not in spec else str(spec["Default"]),
                    "NoEcho": _no_echo(spec),
                    "Description": spec.get("Description"),
                }
            ),
        )
        for name, spec in template.parameters.items()
    ]


def _stack(stack: Stack) -> dict[str, Any]:
    template = parse(stack.template) if stack.parameters else None
    return _without_none(
        {
            "StackId": stack.stack_id,
            "StackName": stack.name,
            "ChangeSetId": stack.change_set_id,
            "Description": stack.description,
            "Parameters": parameter_list(template, stack.parameters) if template else [],
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
                _without_none(
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
            "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        }
    )


def _stack_summary(stack: Stack) -> dict[str, Any]:
    return _without_none(
        {
            "StackId": stack.stack_id,
            "StackName": stack.name,
            "TemplateDescription": stack.description,
            "CreationTime": stack.created,
            "LastUpdatedTime": stack.updated,
            "DeletionTime": stack.deleted,
            "StackStatus": stack.status,
            "StackStatusReason": stack.status_reason,
            "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        }
    )


def _event(stack: Stack, event: StackEvent) -> dict[str, Any]:
    return _without_none(
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


def _resource(stack: Stack, resource: Resource, time_member: str) -> dict[str, Any]:
    return _without_none(
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
