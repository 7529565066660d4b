"""The operations that only look: stacks, resources, events, templates, exports."""

from typing import Any

from dewstack.cloudformation.errors import ValidationError
from dewstack.cloudformation.model import Resource, Stack
from dewstack.cloudformation.render import (
    MAX_PAGE,
    describe_event,
    describe_resource,
    describe_stack,
    describe_stack_summary,
    page,
)
from dewstack.cloudformation.runner import Runner
from dewstack.cloudformation.state import GONE
from dewstack.config import Caller
from dewstack.wire import operation


class Describe:
    """Stacks, resources and events as they are."""

    def __init__(self, runner: Runner) -> None:
        self._state = runner.state

    @operation("DescribeStacks")
    def describe_stacks(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One stack by name or id, or all that live. Raises ValidationError when there is none by the name."""
        if name := params.get("StackName"):
            return {"Stacks": [describe_stack(self._state.require(caller, name))]}
        stacks = [describe_stack(each) for each in self._state.stacks(caller) if each.status != GONE]
        return page(stacks, params, "Stacks", MAX_PAGE)

    @operation("ListStacks")
    def list_stacks(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries of all stacks, deleted ones too, the newest first."""
        wanted = params.get("StackStatusFilter") or ()
        stacks = [each for each in self._state.stacks(caller) if not wanted or each.status in wanted]
        stacks.sort(key=lambda stack: stack.created, reverse=True)
        return page([describe_stack_summary(each) for each in stacks], params, "StackSummaries", MAX_PAGE)

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
        result: dict[str, Any] = {"StackEvents": [describe_event(stack, each) for each in events[:MAX_PAGE]]}
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
        return {"StackResources": [describe_resource(stack, each, "Timestamp") for each in found]}

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
        return {"StackResourceDetail": describe_resource(stack, resource, "LastUpdatedTimestamp")}

    @operation("ListStackResources")
    def list_stack_resources(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries of a stack's resources."""
        stack = self._state.require(caller, params["StackName"])
        summaries = [
            describe_resource(stack, each, "LastUpdatedTimestamp") for each in self._resources(stack)
        ]
        for summary in summaries:
            del summary["StackName"], summary["StackId"]
        return page(summaries, params, "StackResourceSummaries", MAX_PAGE)

    @operation("ListExports")
    def list_exports(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Everything that stacks of this account and region export."""
        exports = [
            {"ExportingStackId": stack.stack_id, "Name": name, "Value": value}
            for name, (stack, value) in sorted(self._state.exports(caller).items())
        ]
        return page(exports, params, "Exports", MAX_PAGE)

    @operation("ListImports")
    def list_imports(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The names of the stacks that import an export. Raises ValidationError when there are none."""
        names = [stack.name for stack in self._state.importers(caller, params["ExportName"])]
        if not names:
            raise ValidationError(f"Export '{params['ExportName']}' is not imported by any stack.")
        return page(names, params, "Imports", MAX_PAGE)
