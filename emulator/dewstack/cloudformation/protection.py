"""What keeps stacks from harm, and what helps them out of it: termination protection, stack policies, updates that are
cancelled, rollbacks that are tried again."""

import asyncio
from typing import Any

from msgspec.structs import replace

from dewstack.cloudformation.errors import ValidationError
from dewstack.cloudformation.locations import read_object
from dewstack.cloudformation.model import Request, Stack
from dewstack.cloudformation.policies import check_policy
from dewstack.cloudformation.runner import Runner
from dewstack.config import Caller
from dewstack.wire import Call, operation


class Protection:
    """Operations on a stack that leave its resources alone, or bring them back."""

    def __init__(self, runner: Runner, call: Call) -> None:
        self._runner = runner
        self._state = runner.state
        self._call = call

    def _stack(self, caller: Caller, params: dict[str, Any]) -> Stack:
        stack = self._state.find(caller, params["StackName"])
        if stack is None:
            raise ValidationError(f"Stack [{params['StackName']}] does not exist")
        return stack

    @operation("UpdateTerminationProtection")
    def update_termination_protection(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The StackId. Raises ValidationError."""
        with self._state.store.transaction():
            stack = self._stack(caller, params)
            wanted = bool(params["EnableTerminationProtection"])
            self._state.put_stack(replace(stack, termination_protection=wanted))
        return {"StackId": stack.stack_id}

    @operation("SetStackPolicy")
    async def set_stack_policy(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Nothing. Raises ValidationError for a policy that is none."""
        body, url = params.get("StackPolicyBody"), params.get("StackPolicyURL")
        policy = check_policy(await read_object(self._call, caller, url) if url else body or "")
        if not policy:
            raise ValidationError("You must specify either StackPolicyURL or StackPolicyBody")
        await asyncio.to_thread(self._set_policy, caller, params, policy)
        return {}

    def _set_policy(self, caller: Caller, params: dict[str, Any], policy: str) -> None:
        with self._state.store.transaction():
            self._state.put_stack(replace(self._stack(caller, params), policy=policy))

    @operation("GetStackPolicy")
    def get_stack_policy(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The policy, if the stack has one."""
        policy = self._stack(caller, params).policy
        return {"StackPolicyBody": policy} if policy else {}

    @operation("CancelUpdateStack")
    def cancel_update_stack(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Nothing; the update is rolled back. Raises ValidationError when none is under way."""
        stack = self._stack(caller, params)
        if stack.status != "UPDATE_IN_PROGRESS":
            raise ValidationError("CancelUpdateStack cannot be called from current stack status")
        self._runner.cancel(stack)
        return {}

    @operation("ContinueUpdateRollback")
    async def continue_update_rollback(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Nothing, while the rollback goes on. Raises ValidationError unless one has failed."""
        stack = await asyncio.to_thread(self._stack, caller, params)
        if stack.status != "UPDATE_ROLLBACK_FAILED":
            raise ValidationError(
                f"Stack:{stack.stack_id} is in {stack.status} state and can not continue rollback."
            )
        request = Request(
            stack.template,
            stack.parameters,
            stack.tags,
            stack.capabilities,
            processed=stack.processed,
            resolved=stack.resolved,
        )
        scope = await asyncio.to_thread(self._runner.understand, stack, request)
        await self._runner.roll_back_again(stack, scope, params.get("ClientRequestToken"))
        return {}
