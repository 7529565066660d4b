"""Deletes resources: what needs others goes first, what has `DeletionPolicy: Retain` stays behind."""

import asyncio
from collections.abc import Collection, Mapping

from dewstack.cloudformation.graph import reversed_layers
from dewstack.cloudformation.journal import Journal
from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.worker import Failed, Worker


async def delete_layers(
    journal: Journal,
    worker: Worker,
    unwanted: Mapping[str, Resource],
    *,
    kept: Collection[str] = (),
    creating: bool = False,
) -> list[str]:
    """Delete `unwanted` and give the logical ids of those that could not be deleted.

    `kept` are logical ids that stay part of the stack: under them, `unwanted` has what was replaced. `creating`: the
    operation that is taken back made them, so `RetainExceptOnCreate` does not hold them.
    """
    retained = {name for name, each in unwanted.items() if _retained(each, kept, creating=creating)}
    needs = {name: [need for need in each.depends_on if need in unwanted] for name, each in unwanted.items()}
    left: list[str] = []
    for layer in reversed_layers(needs):
        doomed = [unwanted[name] for name in layer]
        for resource in doomed:
            if resource.logical_id not in retained:
                _note(journal, resource, "DELETE_IN_PROGRESS", kept)
        journal.save()
        results = await asyncio.gather(*(_delete(journal, worker, each, kept, retained) for each in doomed))
        left += [each.logical_id for each, gone in zip(doomed, results, strict=True) if not gone]
        journal.save()
    return left


def _retained(resource: Resource, kept: Collection[str], *, creating: bool) -> bool:
    if resource.logical_id in kept:
        return resource.update_replace_policy == "Retain"
    return resource.deletion_policy == "Retain" or (
        resource.deletion_policy == "RetainExceptOnCreate" and not creating
    )


def _note(
    journal: Journal, resource: Resource, status: str, kept: Collection[str], reason: str | None = None
) -> None:
    if resource.logical_id in kept:
        journal.announce(resource, status, reason)
    else:
        journal.record(resource, status, reason)


async def _delete(
    journal: Journal, worker: Worker, resource: Resource, kept: Collection[str], retained: Collection[str]
) -> bool:
    status = "DELETE_SKIPPED"
    if resource.logical_id not in retained:
        try:
            await worker.delete(resource)
        except Failed as failed:
            _note(journal, resource, "DELETE_FAILED", kept, failed.reason)
            return False
        status = "DELETE_COMPLETE"
    _note(journal, resource, status, kept)
    if resource.logical_id not in kept:
        journal.forget(resource.logical_id)
    return True
