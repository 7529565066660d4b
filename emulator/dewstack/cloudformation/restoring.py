"""Makes again what a stack has in services that keep nothing when the emulator stops."""

import logging
from collections.abc import Mapping

from dewstack.cloudformation.graph import layers
from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources import Restored
from dewstack.cloudformation.worker import Failed, Worker

_log = logging.getLogger("dewstack.cloudformation")


async def restore(worker: Worker, service: str, resources: Mapping[str, Resource]) -> None:
    """Make the resources that `service` holds again, each after those it needs. Failures are logged by name."""
    held: dict[str, Resource] = {}
    for name, resource in resources.items():
        provider = worker.providers.get(resource.type)
        if isinstance(provider, Restored) and provider.service == service and resource.exists:
            held[name] = resource
    for layer in layers({name: resource.depends_on for name, resource in held.items()}):
        for name in layer:
            try:
                await worker.restore(held[name])
            except Failed as failed:
                _log.warning("%s (%s) could not be made again: %s", name, held[name].type, failed.reason)
