"""Follows what happens to a stack: its events as they come, and the end of it."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from dewstack.deploy.target import Call, Target
from dewstack.errors import UserError


class Event(Struct, frozen=True):
    """A line of a stack's history. `time` is what the target gives: a datetime or seconds since the epoch."""

    id: str
    logical_id: str
    type: str
    status: str
    reason: str
    physical_id: str
    time: Any


OnEvent = Callable[[Event], None]


def follow(call: Call, name: str, token: str, on_event: OnEvent | None, target: Target) -> str:
    """Wait until nothing is in progress any more, telling the events of this operation; the last status."""
    told: set[str] = set()
    seconds = target.timeout_seconds

    def late() -> UserError:
        return UserError(
            f"{name}: not done after {seconds:.0f} seconds; it goes on at {target.name}",
            hint="look at the stack's events there; deploy again once it has ended",
        )

    for _ in pauses(target, late):
        [stack] = call("cloudformation", "DescribeStacks", {"StackName": name})["Stacks"]
        status = str(stack["StackStatus"])
        ended = not status.endswith("_IN_PROGRESS")
        if on_event is not None:
            for event in reversed(list(events_of(call, name, token))):
                if event.id not in told:
                    told.add(event.id)
                    on_event(event)
        if ended:
            return status
    raise AssertionError("unreachable: the pauses end with an error")


def events_of(call: Call, name: str, token: str) -> Iterator[Event]:
    """The events of one operation, the newest first."""
    request: dict[str, Any] = {"StackName": name}
    while True:
        page = call("cloudformation", "DescribeStackEvents", request)
        for event in page["StackEvents"]:
            if event.get("ClientRequestToken") != token:
                return
            yield Event(
                id=event["EventId"],
                logical_id=event["LogicalResourceId"],
                type=event["ResourceType"],
                status=event["ResourceStatus"],
                reason=event.get("ResourceStatusReason", ""),
                physical_id=event.get("PhysicalResourceId", ""),
                time=event["Timestamp"],
            )
        if "NextToken" not in page:
            return
        request = {"StackName": name, "NextToken": page["NextToken"]}


def pauses(target: Target, late: Callable[[], UserError], seconds: float | None = None) -> Iterator[None]:
    """Yields at once and then after ever longer pauses. Raises late() when the time is up, the target's if `seconds`
    says nothing else."""
    deadline = time.monotonic() + (target.timeout_seconds if seconds is None else seconds)
    pause = target.poll_seconds / 25
    while True:
        yield
        if time.monotonic() > deadline:
            raise late()
        time.sleep(pause)
        pause = min(pause * 1.4, target.poll_seconds)
