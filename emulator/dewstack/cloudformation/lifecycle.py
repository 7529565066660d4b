"""CreateStack, UpdateStack and DeleteStack: each answers at once and works in the background."""

import asyncio
from typing import Any

from dewstack.cloudformation.diff import Plan
from dewstack.cloudformation.errors import AlreadyExistsException, ValidationError
from dewstack.cloudformation.model import Request, Stack
from dewstack.cloudformation.outputs import stack_outputs
from dewstack.cloudformation.requests import check_stack_name
from dewstack.cloudformation.runner import UPDATABLE, Runner
from dewstack.cloudformation.scope import Scope
from dewstack.config import Caller
from dewstack.ids import uuid4
from dewstack.wire import operation

NO_UPDATES = "No updates are to be performed."


def new_stack(caller: Caller, name: str, status: str, now: float, params: dict[str, Any]) -> Stack:
    """A stack that does not exist yet. Raises ValidationError for a name that none may have."""
    check_stack_name(name)
    return Stack(
        stack_id=f"arn:aws:cloudformation:{caller.region}:{caller.account_id}:stack/{name}/{uuid4()}",
        name=name,
        account_id=caller.account_id,
        region=caller.region,
        status=status,
        template="",
        created=now,
        disable_rollback=bool(params.get("DisableRollback")),
        termination_protection=bool(params.get("EnableTerminationProtection")),
        timeout_minutes=params.get("TimeoutInMinutes"),
        parent_id=params.get("Parent"),
        root_id=params.get("Root"),
    )


def check_updatable(stack: Stack) -> None:
    """Raise ValidationError when the stack is in a state that no update starts from."""
    if stack.status not in UPDATABLE:
        raise ValidationError(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")


def is_unchanged(runner: Runner, stack: Stack, request: Request, scope: Scope, planned: Plan) -> bool:
    """Whether the planned update would do nothing: no resource, output or tag differs."""
    if planned.changes or request.tags != stack.tags or stack.status == "CREATE_FAILED":
        return False
    evaluator = scope.evaluator(planned.references)
    return stack_outputs(scope, evaluator, runner.state, stack) == stack.outputs


class Lifecycle:
    """Stacks are made, changed and removed."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._state = runner.state

    @operation("CreateStack")
    async def create_stack(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The StackId, while the resources are being made. Raises AlreadyExistsException, ValidationError."""
        stack = self._new(caller, params)
        request = await self._runner.reading.request(stack, params, None)
        scope = await asyncio.to_thread(self._admit, caller, stack, request)
        on_failure = "DO_NOTHING" if stack.disable_rollback else params.get("OnFailure", "ROLLBACK")
        await self._runner.create(stack, request, scope, on_failure=on_failure)
        return {"StackId": stack.stack_id}

    def _new(self, caller: Caller, params: dict[str, Any]) -> Stack:
        """A stack that nobody knows yet."""
        if params.get("OnFailure") and "DisableRollback" in params:
            raise ValidationError("Specify either DisableRollback or OnFailure, not both.")
        now = self._runner.clock.time()
        return new_stack(caller, params["StackName"], "CREATE_IN_PROGRESS", now, params)

    def _admit(self, caller: Caller, stack: Stack, request: Request) -> Scope:
        """What the request means; from now on the stack is known."""
        scope = self._runner.understand(stack, request)
        with self._state.store.transaction():
            if self._state.find(caller, stack.name) is not None:
                raise AlreadyExistsException(f"Stack [{stack.name}] already exists")
            self._state.put_stack(stack)
        return scope

    @operation("UpdateStack")
    async def update_stack(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The StackId, while the differences are being made. Raises ValidationError, also without any."""
        stack = await asyncio.to_thread(self._updatable, caller, params["StackName"])
        request = await self._runner.reading.request(stack, params, stack)
        scope = await asyncio.to_thread(self._compare, stack, request)
        await self._runner.update(stack, request, scope, rollback=not params.get("DisableRollback"))
        return {"StackId": stack.stack_id}

    def _updatable(self, caller: Caller, name: str) -> Stack:
        stack = self._state.find(caller, name)
        if stack is None:
            raise ValidationError(f"Stack [{name}] does not exist")
        check_updatable(stack)
        return stack

    def _compare(self, stack: Stack, request: Request) -> Scope:
        """What the request means for the stack, which is not what it is already."""
        runner = self._runner
        scope = runner.understand(stack, request)
        if is_unchanged(runner, stack, request, scope, runner.plan(stack, scope, request.tags)):
            raise ValidationError(NO_UPDATES)
        self._state.drop_change_sets(stack, [each.name for each in self._state.change_sets(stack)])
        return scope

    @operation("DeleteStack")
    async def delete_stack(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Nothing, while the resources are being removed; also when there is no such stack."""
        stack = await asyncio.to_thread(self._deletable, caller, params["StackName"])
        if stack is not None:
            retain = list(params.get("RetainResources") or ())
            await self._runner.delete(stack, retain, params.get("ClientRequestToken"))
        return {}

    def _deletable(self, caller: Caller, name: str) -> Stack | None:
        """The stack, or None when it is gone or going."""
        stack = self._state.find(caller, name)
        if stack is None or stack.status in ("DELETE_COMPLETE", "DELETE_IN_PROGRESS"):
            return None
        if stack.termination_protection:
            raise ValidationError(
                f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            )
        if stack.busy:
            raise ValidationError(
                f"Stack:{stack.stack_id} is in {stack.status} state and can not be deleted."
            )
        return stack
