"""What an operation on a stack has done so far: kept in memory while it works, saved in batches.

Each batch is one transaction, so a deployment of a hundred resources costs a handful of disk syncs. What was
about to be done is saved before it is done.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.cloudformation.model import STACK, Resource, Stack, StackEvent
from dewstack.cloudformation.state import State
from dewstack.ids import uuid4


class Journal:
    """The stack and its resources as they are now, and the events since the last save."""

    def __init__(self, state: State, clock: Clock, stack: Stack, token: str | None = None) -> None:
        self.state = state
        self.stack = stack
        self.resources = state.resources(stack)
        self._clock = clock
        self._token = token
        self._dirty: set[str] = set()
        self._events: list[tuple[str, StackEvent]] = []
        self.told: list[StackEvent] = []
        """All events, where the stack has topics to be told of them."""
        self._sequence = 0

    def stack_status(self, status: str, reason: str | None = None, **changes: Any) -> None:
        """The stack has another status."""
        self.stack = replace(self.stack, status=status, status_reason=reason, **changes)
        self._event(uuid4(), self.stack.name, self.stack.stack_id, STACK, status, reason)

    def record(
        self,
        resource: Resource,
        status: str,
        reason: str | None = None,
        made: tuple[str, dict[str, Any]] | None = None,
    ) -> Resource:
        """A resource of the stack has another status, and with `made` another id and other attributes; it is the
        stack's from now on."""
        noted = resource.noted(status, reason, self._clock.time(), made)
        self.resources[resource.logical_id] = noted
        self._dirty.add(resource.logical_id)
        self.announce(noted, status, reason)
        return noted

    def announce(self, resource: Resource, status: str, reason: str | None = None) -> None:
        """An event of a resource that is not the stack's any more: what was replaced or removed."""
        moment = datetime.fromtimestamp(self._clock.time(), UTC).isoformat(timespec="milliseconds")
        identity = f"{resource.logical_id}-{status}-{moment[:-6]}Z"
        properties = msgspec.json.encode(resource.properties).decode()
        self._event(
            identity, resource.logical_id, resource.physical_id, resource.type, status, reason, properties
        )

    def restore(self, resource: Resource) -> None:
        """The resource is again what it was, without an event."""
        self.resources[resource.logical_id] = resource
        self._dirty.add(resource.logical_id)

    def forget(self, logical_id: str) -> None:
        """The resource is not part of the stack any more."""
        self.resources.pop(logical_id, None)
        self._dirty.add(logical_id)

    def _event(
        self,
        identity: str,
        logical_id: str,
        physical_id: str,
        kind: str,
        status: str,
        reason: str | None,
        properties: str | None = None,
    ) -> None:
        now = self._clock.time()
        event = StackEvent(
            identity, logical_id, physical_id, kind, status, now, reason, properties, self._token
        )
        self._sequence += 1
        if self.stack.notification_arns:
            self.told.append(event)
        self._events.append((f"{int(now * 1e6):020d}-{self._sequence:06d}", event))

    def save(self) -> None:
        """Write everything since the last save, and all that the operation's thread wrote, to disk."""
        self.state.write(self.stack, *self._unsaved())
        self.state.store.flush()

    def _unsaved(self) -> tuple[list[Resource], list[str], list[tuple[str, StackEvent]]]:
        dirty, events = self._dirty, self._events
        self._dirty, self._events = set(), []
        changed = [self.resources[name] for name in dirty if name in self.resources]
        removed = [name for name in dirty if name not in self.resources]
        return changed, removed, events
