"""Change sets: an update that is described before it is carried out."""

import asyncio
from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from dewstack.cloudformation.errors import (
    AlreadyExistsException,
    InvalidChangeSetStatusException,
    ValidationError,
)
from dewstack.cloudformation.journal import Journal
from dewstack.cloudformation.lifecycle import check_updatable, is_unchanged, new_stack
from dewstack.cloudformation.macros import TransformError
from dewstack.cloudformation.model import Change, ChangeSet, Request, Stack
from dewstack.cloudformation.render import MAX_PAGE, page, parameter_list, tag_list
from dewstack.cloudformation.runner import Runner
from dewstack.cloudformation.scope import Scope
from dewstack.cloudformation.template import as_written, read
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.ids import uuid4
from dewstack.wire import operation

NO_CHANGES = (
    "The submitted information didn't contain changes. Submit different information to create a change set."
)

CHANGES_PAGE = 1_000
"""Changes in one page of DescribeChangeSet, whose pages AWS bounds by their bytes."""


class ChangeSets:
    """Change sets are made, looked at, executed and removed."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._state = runner.state

    @operation("CreateChangeSet")
    async def create_change_set(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """`{"Id", "StackId"}`; the change set is complete (or failed, for want of changes or by a macro) at once."""
        kind = params.get("ChangeSetType", "UPDATE")
        if kind == "IMPORT":
            raise NotEmulated("change sets of type IMPORT are not emulated by dewstack")
        stack, fresh = await asyncio.to_thread(self._stack, caller, params, kind)
        previous = None if kind == "CREATE" else stack
        try:
            request = await self._runner.reading.request(stack, params, previous, direct=False)
        except TransformError as error:
            request = Request(await self._runner.reading.text(caller, params, previous))
            return await asyncio.to_thread(
                self._keep, caller, params, stack, fresh, request, [], error.message
            )
        return await asyncio.to_thread(self._prepare, caller, params, stack, fresh, request)

    def _prepare(
        self, caller: Caller, params: dict[str, Any], stack: Stack, fresh: bool, request: Request
    ) -> dict[str, Any]:
        kind = params.get("ChangeSetType", "UPDATE")
        changes, unchanged = self._changes(stack, request, kind)
        return self._keep(caller, params, stack, fresh, request, changes, NO_CHANGES if unchanged else None)

    def _keep(
        self,
        caller: Caller,
        params: dict[str, Any],
        stack: Stack,
        fresh: bool,
        request: Request,
        changes: list[Change],
        failure: str | None,
    ) -> dict[str, Any]:
        name = params["ChangeSetName"]
        change_set = ChangeSet(
            change_set_id=f"arn:aws:cloudformation:{caller.region}:{caller.account_id}:changeSet/{name}/{uuid4()}",
            name=name,
            stack_id=stack.stack_id,
            stack_name=stack.name,
            kind=params.get("ChangeSetType", "UPDATE"),
            status="FAILED" if failure else "CREATE_COMPLETE",
            execution_status="UNAVAILABLE" if failure else "AVAILABLE",
            request=request,
            created=self._runner.clock.time(),
            status_reason=failure,
            description=params.get("Description"),
            changes=changes,
        )
        with self._state.store.transaction():
            now, still_fresh = self._stack(caller, params, change_set.kind)
            if fresh:
                if not still_fresh:
                    raise AlreadyExistsException(f"Stack [{stack.name}] already exists")
                review = Journal(self._state, self._runner.clock, stack)
                review.stack_status("REVIEW_IN_PROGRESS", "User Initiated")
                review.save()
            elif now.stack_id != stack.stack_id:
                raise ValidationError(f"Stack [{stack.name}] does not exist")
            elif any(each.name == name for each in self._state.change_sets(stack)):
                raise AlreadyExistsException(
                    f"ChangeSet {name} cannot be created due to a mismatch with existing attribute Template"
                )
            self._state.put_change_set(stack, change_set)
        return {"Id": change_set.change_set_id, "StackId": stack.stack_id}

    def _stack(self, caller: Caller, params: Mapping[str, Any], kind: str) -> tuple[Stack, bool]:
        """The stack that a change set is for, and whether it is a new one."""
        name = params["StackName"]
        stack = self._state.find(caller, name)
        if kind == "UPDATE":
            if stack is None:
                raise ValidationError(f"Stack [{name}] does not exist")
            check_updatable(stack)
            return stack, False
        if stack is not None and stack.status != "REVIEW_IN_PROGRESS":
            raise ValidationError(
                f"Stack [{name}] already exists and cannot be created again with the changeSet"
                f" [{params['ChangeSetName']}]."
            )
        now = self._runner.clock.time()
        return (stack, False) if stack else (new_stack(caller, name, "REVIEW_IN_PROGRESS", now, {}), True)

    def _changes(self, stack: Stack, request: Request, kind: str) -> tuple[list[Change], bool]:
        runner = self._runner
        scope = runner.understand(stack, request)
        planned = runner.plan(stack, scope, request.tags)
        unchanged = kind == "UPDATE" and is_unchanged(runner, stack, request, scope, planned)
        return planned.changes, unchanged

    @operation("DescribeChangeSet")
    def describe_change_set(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The change set with its changes, up to 1,000 a page."""
        found = self._find(caller, params)
        changes = page(found.changes, params, "Changes", CHANGES_PAGE)
        changes["Changes"] = [_change(each) for each in changes["Changes"]]
        request = found.request
        described = _summary(found) | {
            "Parameters": parameter_list(
                as_written(read(request.template)), request.parameters, request.resolved
            )
            if request.parameters
            else [],
            "NotificationARNs": request.notification_arns,
            "Capabilities": request.capabilities,
            "Tags": tag_list(request.tags),
        }
        return described | changes

    @operation("ExecuteChangeSet")
    async def execute_change_set(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Nothing, while the changes are being made. Raises InvalidChangeSetStatusException."""
        found, stack, request, scope = await asyncio.to_thread(self._take, caller, params)
        rollback = not params.get("DisableRollback")
        if found.kind == "CREATE":
            on_failure = "ROLLBACK" if rollback else "DO_NOTHING"
            await self._runner.create(stack, request, scope, on_failure=on_failure)
        else:
            await self._runner.update(stack, request, scope, rollback=rollback)
        return {}

    def _take(self, caller: Caller, params: dict[str, Any]) -> tuple[ChangeSet, Stack, Request, Scope]:
        """The change set, which nobody can execute any more, and what to do."""
        found = self._find(caller, params)
        stack = self._state.require(caller, found.stack_id)
        if found.kind == "UPDATE":
            check_updatable(stack)
        request = replace(found.request, token=params.get("ClientRequestToken"))
        scope = self._runner.understand(stack, request) if found.execution_status == "AVAILABLE" else None
        with self._state.store.transaction():
            found = self._find(caller, params)
            stack = self._state.require(caller, found.stack_id)
            begun = found.kind == "CREATE" and stack.status != "REVIEW_IN_PROGRESS"
            if found.execution_status != "AVAILABLE" or scope is None or begun:
                raise InvalidChangeSetStatusException(
                    f"ChangeSet [{found.change_set_id}] cannot be executed in its current status of"
                    f" [{found.status}]"
                )
            others = [each.name for each in self._state.change_sets(stack) if each.name != found.name]
            self._state.drop_change_sets(stack, others)
            self._state.put_change_set(stack, replace(found, execution_status="EXECUTE_COMPLETE"))
        return found, replace(stack, change_set_id=found.change_set_id), request, scope

    @operation("DeleteChangeSet")
    def delete_change_set(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Nothing. A stack that only waited for it stays, as in AWS."""
        found = self._find(caller, params)
        self._state.drop_change_sets(self._state.require(caller, found.stack_id), [found.name])
        return {}

    @operation("ListChangeSets")
    def list_change_sets(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The stack's change sets."""
        stack = self._state.find(caller, params["StackName"])
        if stack is None:
            raise ValidationError(f"Stack [{params['StackName']}] does not exist")
        summaries = [_summary(each) for each in self._state.change_sets(stack)]
        return page(summaries, params, "Summaries", MAX_PAGE)

    def _find(self, caller: Caller, params: Mapping[str, Any]) -> ChangeSet:
        return self._state.change_set(caller, params["ChangeSetName"], params.get("StackName"))


def _summary(found: ChangeSet) -> dict[str, Any]:
    summary = {
        "StackId": found.stack_id,
        "StackName": found.stack_name,
        "ChangeSetId": found.change_set_id,
        "ChangeSetName": found.name,
        "ExecutionStatus": found.execution_status,
        "Status": found.status,
        "StatusReason": found.status_reason,
        "CreationTime": found.created,
        "Description": found.description,
        "IncludeNestedStacks": False,
    }
    return {key: value for key, value in summary.items() if value is not None}


def _change(change: Change) -> dict[str, Any]:
    described = {
        "Action": change.action,
        "LogicalResourceId": change.logical_id,
        "PhysicalResourceId": change.physical_id,
        "ResourceType": change.type,
        "Replacement": change.replacement,
        "Scope": change.scope,
        "Details": change.details,
    }
    return {"Type": "Resource", "ResourceChange": {k: v for k, v in described.items() if v is not None}}
