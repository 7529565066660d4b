"""Takes an update back: every resource becomes what it was, and what was made is deleted."""

from msgspec import Struct

from dewstack.cloudformation.deletion import delete_layers
from dewstack.cloudformation.diff import Step
from dewstack.cloudformation.journal import Journal
from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.worker import Failed, Worker


class Undo(Struct, frozen=True):
    """How to take one step back: `before` is what the resource was, `after` what became of it."""

    step: Step
    before: Resource | None
    after: Resource


async def roll_back(journal: Journal, worker: Worker, undone: list[Undo], reason: str) -> None:
    """Undo the steps, the last one first; the stack says how it went."""
    journal.stack_status("UPDATE_ROLLBACK_IN_PROGRESS", reason)
    journal.save()
    stuck = [undo.after.logical_id for undo in reversed(undone) if not await _revert(journal, worker, undo)]
    if stuck:
        names = ", ".join(stuck)
        journal.stack_status(
            "UPDATE_ROLLBACK_FAILED", f"The following resource(s) failed to update: [{names}]. "
        )
        return
    journal.stack_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    made = {u.after.logical_id: u.after for u in undone if u.step in ("create", "replace")}
    kept = {u.after.logical_id for u in undone if u.before is not None and u.before.exists}
    await delete_layers(journal, worker, made, kept=kept, creating=True)
    for name in [n for n, each in journal.resources.items() if not each.exists]:
        journal.forget(name)
    journal.stack_status("UPDATE_ROLLBACK_COMPLETE")


async def _revert(journal: Journal, worker: Worker, undo: Undo) -> bool:
    """Put an existing resource back to what it was; whether that worked."""
    before = undo.before
    if before is None or not before.exists:
        return True
    if undo.step == "update":
        journal.record(undo.after, "UPDATE_IN_PROGRESS")
        try:
            await worker.update(undo.after, before.properties)
        except Failed as failed:
            if failed.touched:
                journal.record(undo.after, "UPDATE_FAILED", failed.reason)
                return False
    journal.record(before, "UPDATE_COMPLETE")
    return True
