"""Creates or updates a stack: resources in dependency order, rolled back together when one fails.

What was replaced or removed is deleted only after everything else has worked, so the previous state can be
restored until then. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dewstack.cloudformation.deletion import delete_layers
from dewstack.cloudformation.diff import LiveReferences, Step, check_custom_name, step
from dewstack.cloudformation.errors import ResourceFailure, ValidationError
from dewstack.cloudformation.graph import layers
from dewstack.cloudformation.journal import Journal
from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.outputs import stack_outputs
from dewstack.cloudformation.policies import denied
from dewstack.cloudformation.rollback import Undo, roll_back
from dewstack.cloudformation.scope import Scope
from dewstack.cloudformation.template import ResourceSpec
from dewstack.cloudformation.worker import Failed, Worker
from dewstack.errors import NotEmulated

_log = logging.getLogger("dewstack.cloudformation")

REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."


class Work(Struct, frozen=True):
    """One resource and what is to be done to it."""

    step: Step
    spec: ResourceSpec
    properties: dict[str, Any]
    current: Resource | None


_ACTIONS = {"update": "Update:Modify", "replace": "Update:Replace"}


class StackFailed(Exception):
    """The deployment cannot go on; the message is the stack's status reason."""


class Deployment:
    """One run of CreateStack or UpdateStack."""

    def __init__(
        self,
        journal: Journal,
        worker: Worker,
        scope: Scope,
        *,
        rollback: bool = True,
        policy: str = "",
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """`policy` is the stack policy that holds; `cancelled`: whether somebody wants an update to go no further."""
        self._journal = journal
        self._worker = worker
        self._scope = scope
        self._rollback = rollback
        self._policy = policy
        self._cancelled = cancelled
        self._references = LiveReferences(journal.state, journal.stack, journal.resources)
        self._evaluator = scope.evaluator(self._references)
        self._undo: list[Undo] = []
        self._notes: dict[str, list[str]] = {}
        """What of the resources made is not emulated, and which ones it is said of."""

    async def create(self) -> None:
        """Make everything; on failure delete what was made."""
        try:
            await self._apply()
        except StackFailed as failed:
            if not self._rollback:
                self._journal.stack_status("CREATE_FAILED", str(failed))
                return
            self._journal.stack_status("ROLLBACK_IN_PROGRESS", f"{failed}Rollback requested by user.")
            made = {name: each for name, each in self._journal.resources.items() if each.exists}
            left = await delete_layers(self._journal, self._worker, made, creating=True)
            reason = f"The following resource(s) failed to delete: [{', '.join(left)}]. " if left else None
            self._journal.stack_status("ROLLBACK_FAILED" if left else "ROLLBACK_COMPLETE", reason)
            return
        self._journal.stack_status("CREATE_COMPLETE")

    async def update(self) -> None:
        """Make the stack what the scope says; on failure make it again what it was."""
        before = dict(self._journal.resources)
        try:
            await self._apply()
        except StackFailed as failed:
            if not self._rollback:
                self._journal.stack_status("UPDATE_FAILED", str(failed))
                return
            await roll_back(self._journal, self._worker, self._undo, str(failed))
            return
        self._journal.stack_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        await self._clean_up(before)
        self._journal.stack_status("UPDATE_COMPLETE")

    async def roll_back_again(self) -> None:
        """Go on with a rollback that failed: the scope is that of the template before."""
        before = dict(self._journal.resources)
        try:
            await self._apply()
        except StackFailed as failed:
            self._journal.stack_status("UPDATE_ROLLBACK_FAILED", str(failed))
            return
        self._journal.stack_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        await self._clean_up(before)
        self._journal.stack_status("UPDATE_ROLLBACK_COMPLETE")

    async def _apply(self) -> None:
        self._check_removals()
        for layer in layers(self._scope.needs):
            if self._cancelled():
                raise StackFailed("User Initiated. ")
            await self._layer(layer)
        for note, names in self._notes.items():
            _log.warning("%s: %s", note, ", ".join(sorted(names)))
        journal = self._journal
        try:
            outputs = stack_outputs(self._scope, self._evaluator, journal.state, journal.stack)
        except (ValidationError, NotEmulated) as error:
            raise StackFailed(f"{error.message} ") from error
        journal.stack = replace(journal.stack, outputs=outputs, imports=sorted(self._references.imports))

    def _check_removals(self) -> None:
        """Raise StackFailed where the stack policy forbids to delete what the template has no more."""
        removed = [n for n, each in self._journal.resources.items() if n not in self._scope.resources]
        for name in removed:
            current = self._journal.resources[name]
            reason = denied(self._policy, "Update:Delete", name, current.type)
            if current.exists and reason:
                self._journal.record(current, "UPDATE_FAILED", reason)
                self._undo_refused(current)
                raise StackFailed(f"The following resource(s) failed to update: [{name}]. ")

    async def _layer(self, layer: list[str]) -> None:
        """Work on resources that do not need each other. What came of it is saved with what comes next."""
        failures: dict[str, list[str]] = {"create": [], "update": []}
        planned = [self._plan(name, failures) for name in layer]
        works = [work for work in planned if work is not None]
        self._journal.save()
        if any(failures.values()):
            for work in works:
                self._cancel(work)
        else:
            results = await asyncio.gather(*(self._do(work) for work in works))
            for work, worked in zip(works, results, strict=True):
                if not worked:
                    failures["update" if work.step == "update" else "create"].append(work.spec.logical_id)
        if any(failures.values()):
            raise StackFailed(
                "".join(
                    f"The following resource(s) failed to {verb}: [{', '.join(names)}]. "
                    for verb, names in failures.items()
                    if names
                )
            )

    def _plan(self, name: str, failures: dict[str, list[str]]) -> Work | None:
        """What to do to a resource, announced; None when nothing is to be done or it failed already."""
        spec, current = self._scope.resources[name], self._journal.resources.get(name)
        exists = current is not None and current.exists
        verb = "UPDATE" if exists else "CREATE"
        try:
            what, properties = self._decide(spec, current)
        except (ValidationError, NotEmulated, ResourceFailure) as error:
            blank = current if exists and current else self._new(spec, {})
            self._journal.record(blank, f"{verb}_FAILED", str(error))
            self._undo_refused(current)
            failures[verb.lower()].append(name)
            return None
        if what == "keep" and current is not None:
            kept = self._policies(current, spec)
            if kept != current:
                self._journal.restore(kept)
            return None
        announced = current if exists and current else self._new(spec, properties)
        self._journal.record(announced, f"{verb}_IN_PROGRESS", REPLACING if what == "replace" else None)
        return Work(what, spec, properties, current)

    def _decide(self, spec: ResourceSpec, current: Resource | None) -> tuple[Step, dict[str, Any]]:
        """What has to happen to a resource, and what it is to be. Raises what may not be done."""
        provider, name = self._worker.providers[spec.type], spec.logical_id
        evaluated = self._evaluator.evaluate(spec.properties)
        properties = provider.accept(name, provider.tagged(evaluated, self._journal.stack.tags))
        what = step(spec.type, provider, current, properties)
        if current is not None and current.exists:
            if reason := denied(self._policy, _ACTIONS.get(what, ""), name, spec.type):
                raise ResourceFailure(reason)
            if what == "replace":
                check_custom_name(spec.type, provider, current, properties)
        return what, properties

    def _cancel(self, work: Work) -> None:
        current = work.current
        if current is not None and current.exists:
            self._journal.record(current, "UPDATE_FAILED", "Resource update cancelled")
            self._undo.append(Undo("keep", current, current))
        else:
            blank = self._new(work.spec, work.properties)
            self._journal.record(blank, "CREATE_FAILED", "Resource creation cancelled")

    def _undo_refused(self, current: Resource | None) -> None:
        if current is not None and current.exists:
            self._undo.append(Undo("keep", current, current))

    def _new(self, spec: ResourceSpec, properties: dict[str, Any]) -> Resource:
        return Resource(
            spec.logical_id,
            spec.type,
            "",
            0.0,
            properties=properties,
            depends_on=self._scope.needs[spec.logical_id],
            deletion_policy=spec.deletion_policy,
            update_replace_policy=spec.update_replace_policy,
        )

    def _policies(self, resource: Resource, spec: ResourceSpec) -> Resource:
        return replace(
            resource,
            depends_on=self._scope.needs[spec.logical_id],
            deletion_policy=spec.deletion_policy,
            update_replace_policy=spec.update_replace_policy,
        )

    async def _do(self, work: Work) -> bool:
        """Carry it out; whether it worked."""
        name, kind, current = work.spec.logical_id, work.spec.type, work.current
        verb = "UPDATE" if work.step in ("update", "replace") else "CREATE"
        intended = self._new(work.spec, work.properties)
        try:
            if work.step == "update" and current is not None:
                outcome = await self._worker.update(current, work.properties)
            else:
                if current is not None and current.status == "CREATE_IN_PROGRESS" and current.type == kind:
                    await self._worker.remove_leftover(current, work.properties)
                outcome = await self._worker.create(kind, name, work.properties)
        except Failed as failed:
            self._failed(work, intended, failed, verb)
            return False
        made = (outcome.physical_id, outcome.attributes)
        done = self._journal.record(intended, f"{verb}_COMPLETE", outcome.note, made)
        if outcome.note:
            self._notes.setdefault(outcome.note, []).append(f"{name} ({kind})")
        other = current is not None and outcome.physical_id != current.physical_id
        self._undo.append(Undo("replace" if work.step == "update" and other else work.step, current, done))
        return True

    def _failed(self, work: Work, intended: Resource, failed: Failed, verb: str) -> None:
        made, current = failed.made, work.current
        if made is not None:
            intended = replace(intended, physical_id=made.physical_id, attributes=made.attributes)
        elif current is not None and current.exists:
            intended = replace(intended, physical_id=current.physical_id, attributes=current.attributes)
        after = self._journal.record(intended, f"{verb}_FAILED", failed.reason)
        if work.step == "create":
            if made is not None:
                self._undo.append(Undo("create", None, after))
        elif work.step == "replace":
            self._undo.append(Undo("replace" if made is not None else "keep", current, after))
        else:
            self._undo.append(Undo("update" if failed.touched else "keep", current, after))

    async def _clean_up(self, before: dict[str, Resource]) -> None:
        now = self._journal.resources
        unwanted = {
            name: resource
            for name, resource in before.items()
            if resource.exists and (name not in self._scope.resources or self._replaced(resource))
        }
        for name, resource in before.items():
            if name not in self._scope.resources and not resource.exists and name in now:
                self._journal.forget(name)
        self._journal.save()
        await delete_layers(self._journal, self._worker, unwanted, kept=self._scope.resources.keys())

    def _replaced(self, resource: Resource) -> bool:
        return any(undo.step == "replace" and undo.before is resource for undo in self._undo)
