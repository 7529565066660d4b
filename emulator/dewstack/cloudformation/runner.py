"""Runs operations on stacks in the background: one at a time per stack, to an end that is always recorded."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.cloudformation.deletion import delete_layers
from dewstack.cloudformation.deployment import Deployment
from dewstack.cloudformation.diff import Plan, plan
from dewstack.cloudformation.errors import ValidationError
from dewstack.cloudformation.journal import Journal
from dewstack.cloudformation.model import Request, Resource, Stack
from dewstack.cloudformation.notifications import publish
from dewstack.cloudformation.operation import StackOperation
from dewstack.cloudformation.outputs import check_unused
from dewstack.cloudformation.requests import Reading, understand
from dewstack.cloudformation.resources import Provider
from dewstack.cloudformation.restoring import restore
from dewstack.cloudformation.scope import Scope, parameter_values
from dewstack.cloudformation.state import GONE, State
from dewstack.cloudformation.worker import Worker
from dewstack.wire import Call

_log = logging.getLogger("dewstack.cloudformation")

UPDATABLE = frozenset(
    {
        "CREATE_COMPLETE",
        "CREATE_FAILED",
        "UPDATE_COMPLETE",
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_ROLLBACK_FAILED",
    }
)
"""AWS wants ContinueUpdateRollback after UPDATE_ROLLBACK_FAILED; here an update may go on from it."""

GRACE_SECONDS = 3.0
"""How long operations may go on when the emulator stops."""

_INTERRUPTED = {
    "CREATE_IN_PROGRESS": "CREATE_FAILED",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_FAILED",
    "UPDATE_IN_PROGRESS": "UPDATE_FAILED",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_IN_PROGRESS": "UPDATE_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
}
"""What a stack is after the emulator stopped in the middle of an operation."""


class Runner:
    """Starts operations and holds on to their tasks."""

    def __init__(self, state: State, clock: Clock, call: Call, providers: Mapping[str, Provider]) -> None:
        self.state = state
        self.clock = clock
        self.providers = providers
        self.reading = Reading(call, state)
        self._call = call
        self._running: dict[asyncio.Task[None], StackOperation] = {}
        self._busy: set[str] = set()
        self._cancelled: set[str] = set()
        self._understood: tuple[tuple[Any, ...], Scope] | None = None
        self._recover()

    def _recover(self) -> None:
        for stack in self.state.everything():
            if status := _INTERRUPTED.get(stack.status):
                reason = "The emulator stopped during the operation"
                self.state.put_stack(replace(stack, status=status, status_reason=reason))

    async def close(self) -> None:
        """Let what is under way come to its end, for a moment; after that the next start finds it interrupted."""
        running = dict(self._running)
        if running:
            await asyncio.wait(running, timeout=GRACE_SECONDS)
        for operation in running.values():
            operation.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def restore(self, service: str) -> None:
        """Make the resources of all stacks again that `service` holds; those it needs first, first."""
        stacks = await asyncio.to_thread(self.state.everything)
        for stack in (each for each in stacks if each.status != GONE):
            resources = await asyncio.to_thread(self.state.resources, stack)
            await restore(Worker(self._call, self.providers, stack), service, resources)

    def understand(self, stack: Stack, request: Request) -> Scope:
        """Everything about a request that can be known beforehand; raises what the operations answer.

        A change set is made and then executed, so the last answer is kept: it depends on what was asked alone.
        """
        asked = (
            stack.stack_id,
            stack.notification_arns,
            request.read_template,
            request.parameters,
            request.resolved,
            request.capabilities,
        )
        known = self._understood
        if known is None or known[0] != asked:
            self._understood = known = (asked, understand(stack, request, self.providers))
        return known[1]

    def plan(self, stack: Stack, scope: Scope, tags: Mapping[str, str]) -> Plan:
        """What deploying `scope` would change in the stack, which gets these tags."""
        return plan(scope, self.state, stack, self.state.resources(stack), self.providers, tags)

    async def create(
        self, stack: Stack, request: Request, scope: Scope, *, on_failure: str = "ROLLBACK"
    ) -> None:
        """Start to create a stack that is saved already; returns when the start is recorded."""
        asked = _asked(stack, request, scope)
        journal = await self._begin(stack, asked, "CREATE_IN_PROGRESS", request.token)

        async def work() -> None:
            worker = Worker(self._call, self.providers, journal.stack)
            await Deployment(journal, worker, scope, rollback=on_failure != "DO_NOTHING").create()
            if on_failure == "DELETE" and journal.stack.status == "ROLLBACK_COMPLETE":
                journal.stack_status(GONE, deleted=self.clock.time())

        self._start(journal, work, "CREATE_FAILED")

    async def update(self, previous: Stack, request: Request, scope: Scope, *, rollback: bool = True) -> None:
        """Start to update a stack; after a rollback it has its previous template and parameters again."""
        asked = replace(_asked(previous, request, scope), updated=self.clock.time())
        journal = await self._begin(previous, asked, "UPDATE_IN_PROGRESS", request.token)

        async def work() -> None:
            worker = Worker(self._call, self.providers, journal.stack)
            policy, identity = request.policy or previous.policy, previous.stack_id
            deployment = Deployment(
                journal,
                worker,
                scope,
                rollback=rollback,
                policy=policy,
                cancelled=lambda: identity in self._cancelled,
            )
            await deployment.update()
            now = journal.stack
            if now.status.startswith("UPDATE_ROLLBACK"):
                journal.stack = replace(
                    previous, status=now.status, status_reason=now.status_reason, updated=now.updated
                )

        self._start(journal, work, "UPDATE_FAILED")

    def cancel(self, stack: Stack) -> None:
        """Let an update go no further, and be rolled back."""
        self._cancelled.add(stack.stack_id)

    async def roll_back_again(self, stack: Stack, scope: Scope, token: str | None) -> None:
        """Start to go on with a rollback that failed."""
        journal = await self._begin(stack, stack, "UPDATE_ROLLBACK_IN_PROGRESS", token)

        async def work() -> None:
            worker = Worker(self._call, self.providers, journal.stack)
            await Deployment(journal, worker, scope).roll_back_again()

        self._start(journal, work, "UPDATE_ROLLBACK_FAILED")

    async def delete(self, stack: Stack, retain: list[str], token: str | None) -> None:
        """Start to delete a stack and its resources, except those in `retain`."""
        journal = await self._begin(stack, stack, "DELETE_IN_PROGRESS", token)
        self._start(journal, lambda: self._delete(journal, retain), "DELETE_FAILED")

    async def _delete(self, journal: Journal, retain: list[str]) -> None:
        stack = journal.stack
        try:
            self._check_exports(stack)
        except ValidationError as error:
            journal.stack_status("DELETE_FAILED", error.message)
            return
        for name in [n for n, each in journal.resources.items() if not each.exists or n in retain]:
            journal.forget(name)
        worker = Worker(self._call, self.providers, stack)
        doomed: dict[str, Resource] = dict(journal.resources)
        if left := await delete_layers(journal, worker, doomed):
            names = ", ".join(left)
            journal.stack_status("DELETE_FAILED", f"The following resource(s) failed to delete: [{names}]. ")
            return
        journal.stack_status(GONE, deleted=self.clock.time(), outputs=[], imports=[])

    def _check_exports(self, stack: Stack) -> None:
        for output in stack.outputs:
            if output.export_name:
                check_unused(self.state, stack, output.export_name, "deleted")

    async def _begin(self, before: Stack, asked: Stack, status: str, token: str | None) -> Journal:
        """Record that an operation starts. Raises ValidationError when another one came first."""
        if before.stack_id in self._busy:
            raise self._occupied(before)
        self._busy.add(before.stack_id)
        try:
            return await asyncio.to_thread(self._open, before, asked, status, token)
        except BaseException:
            self._busy.discard(before.stack_id)
            raise

    def _open(self, before: Stack, asked: Stack, status: str, token: str | None) -> Journal:
        now = self.state.find(before.caller, before.stack_id)
        if now is None or (now.status, now.updated) != (before.status, before.updated):
            raise self._occupied(before)
        journal = Journal(self.state, self.clock, asked, token)
        journal.stack_status(status, "User Initiated")
        journal.save()
        return journal

    def _occupied(self, stack: Stack) -> ValidationError:
        status = (self.state.find(stack.caller, stack.stack_id) or stack).status
        return ValidationError(f"Stack:{stack.stack_id} is in {status} state and can not be updated.")

    def _start(self, journal: Journal, work: Callable[[], Awaitable[None]], failed: str) -> None:
        operation = StackOperation(self.state.store, self._finish(journal, work, failed))
        task = asyncio.get_running_loop().create_task(asyncio.to_thread(operation.run))
        self._running[task] = operation
        task.add_done_callback(self._running.pop)

    async def _finish(self, journal: Journal, work: Callable[[], Awaitable[None]], failed: str) -> None:
        try:
            await work()
        except asyncio.CancelledError:
            journal.save()
            raise
        except Exception as error:
            _log.exception("operation on stack %s failed", journal.stack.name)
            journal.stack_status(failed, f"Internal failure: {type(error).__name__}: {error}")
        self._busy.discard(journal.stack.stack_id)
        self._cancelled.discard(journal.stack.stack_id)
        journal.save()
        self.state.tidy(journal.stack)
        if journal.told:
            await publish(self._call, journal.stack, journal.told)


def _asked(stack: Stack, request: Request, scope: Scope) -> Stack:
    return replace(
        stack,
        template=request.template,
        description=scope.template.description,
        parameters=parameter_values(scope.template, request.parameters),
        tags=request.tags,
        capabilities=request.capabilities,
        notification_arns=request.notification_arns,
        role_arn=request.role_arn,
        processed=request.processed,
        resolved=request.resolved,
        policy=request.lasting_policy or stack.policy,
    )
