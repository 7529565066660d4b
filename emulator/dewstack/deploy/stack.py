"""Deploys a template by change set: describe what would change, let somebody look, carry it out, follow it.

The same steps for every target; only `call` and the row of the target differ.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from dewstack.deploy.changes import ResourceChange, read_changes
from dewstack.deploy.target import EMBEDDED, Call, Target
from dewstack.errors import AwsError, UserError
from dewstack.ids import uuid4

Outputs = dict[str, str]
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_UNCHANGED = ("didn't contain changes", "No updates are to be performed")
_HANDLER = re.compile(r'Resource handler returned message: "(.*)" \(RequestToken: .*\)', re.DOTALL)
_STACK = "AWS::CloudFormation::Stack"

_AFTERWARDS = {
    "ROLLBACK_COMPLETE": "what had been made was removed again",
    "UPDATE_ROLLBACK_COMPLETE": "everything is again as it was before",
}


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


class Prepared(Struct, frozen=True):
    """A deployment that is ready to be carried out, or to be dropped."""

    stack_name: str
    kind: str
    """`CREATE` or `UPDATE`."""
    change_set: str | None
    """Its id; None when there is nothing to do."""
    changes: tuple[ResourceChange, ...]


def deploy_template(
    call: Call,
    stack_name: str,
    template: Mapping[str, Any] | str,
    *,
    parameters: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    on_event: OnEvent | None = None,
    approve: Callable[[Prepared], None] | None = None,
    target: Target = EMBEDDED,
) -> Outputs:
    """Create or update a stack and give its outputs.

    `approve` sees the changes before they are made; what it raises stops the deployment, which leaves no trace.
    Raises UserError naming the resource that failed and why.
    """
    prepared = prepare(call, stack_name, template, parameters=parameters, tags=tags, target=target)
    if prepared.change_set is not None:
        if approve is not None:
            try:
                approve(prepared)
            except BaseException:
                discard(call, prepared)
                raise
        execute(call, prepared, on_event=on_event, target=target)
    return outputs(call, stack_name)


def prepare(
    call: Call,
    stack_name: str,
    template: Mapping[str, Any] | str,
    *,
    parameters: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    target: Target = EMBEDDED,
) -> Prepared:
    """Make the change set that turns the stack into `template`. Raises UserError when it is refused."""
    body = template if isinstance(template, str) else json.dumps(template, separators=(",", ":"))
    if len(body.encode()) > target.template_bytes:
        raise UserError(
            f"{stack_name}: the template has {len(body.encode()):,} bytes, {target.name} takes"
            f" {target.template_bytes:,} of them"
        )
    kind = _kind(call, stack_name, target)
    request: dict[str, Any] = {
        "StackName": stack_name,
        "ChangeSetName": f"dew-{uuid4()}",
        "ChangeSetType": kind,
        "TemplateBody": body,
        "Capabilities": _CAPABILITIES,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in (parameters or {}).items()
        ],
    }
    if tags is not None:
        request["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    try:
        change_set = call("cloudformation", "CreateChangeSet", request)["Id"]
    except AwsError as error:
        raise UserError(f"{stack_name}: {error.message}") from error
    return _described(call, Prepared(stack_name, kind, change_set, ()), target)


def _kind(call: Call, stack_name: str, target: Target) -> str:
    """What kind of change set the stack needs; waits for what is under way, removes a failed first attempt."""
    for _ in _pauses(target, f"{stack_name}: another operation on the stack does not end"):
        status = stack_status(call, stack_name)
        if status in (None, "REVIEW_IN_PROGRESS"):
            return "CREATE"
        if status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"):
            remove_stack(call, stack_name, target=target)
            return "CREATE"
        if not status.endswith("_IN_PROGRESS"):
            return "UPDATE"
    raise AssertionError("unreachable: the pauses end with an error")


def stack_status(call: Call, stack_name: str) -> str | None:
    """The stack's status, or None when there is no such stack."""
    try:
        [stack] = call("cloudformation", "DescribeStacks", {"StackName": stack_name})["Stacks"]
    except AwsError as error:
        if "does not exist" in error.message:
            return None
        raise
    return str(stack["StackStatus"])


def _described(call: Call, prepared: Prepared, target: Target) -> Prepared:
    request: dict[str, Any] = {"ChangeSetName": prepared.change_set, "StackName": prepared.stack_name}
    for _ in _pauses(target, f"{prepared.stack_name}: the change set does not get ready"):
        described = call("cloudformation", "DescribeChangeSet", request)
        if described["Status"] == "CREATE_COMPLETE":
            changes = list(described["Changes"])
            while token := described.get("NextToken"):
                described = call("cloudformation", "DescribeChangeSet", request | {"NextToken": token})
                changes += described["Changes"]
            return Prepared(prepared.stack_name, prepared.kind, prepared.change_set, read_changes(changes))
        if described["Status"] == "FAILED":
            discard(call, prepared)
            reason = described.get("StatusReason", "")
            if any(text in reason for text in _UNCHANGED):
                return Prepared(prepared.stack_name, prepared.kind, None, ())
            raise UserError(f"{prepared.stack_name}: {reason}")
    raise AssertionError("unreachable: the pauses end with an error")


def discard(call: Call, prepared: Prepared) -> None:
    """Drop a prepared deployment, and the empty stack that was made for a first one."""
    request = {"ChangeSetName": prepared.change_set, "StackName": prepared.stack_name}
    call("cloudformation", "DeleteChangeSet", request)
    if prepared.kind == "CREATE":
        call("cloudformation", "DeleteStack", {"StackName": prepared.stack_name})


def execute(
    call: Call, prepared: Prepared, *, on_event: OnEvent | None = None, target: Target = EMBEDDED
) -> None:
    """Carry it out and wait for its end. Raises UserError when it fails or takes too long."""
    token = f"dew-{uuid4()}"
    name = prepared.stack_name
    request = {"ChangeSetName": prepared.change_set, "StackName": name, "ClientRequestToken": token}
    try:
        call("cloudformation", "ExecuteChangeSet", request)
    except AwsError as error:
        raise UserError(f"{name}: {error.message}") from error
    status = _follow(call, name, token, on_event, target)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise _failure(call, name, name, token, status)


def remove_stack(
    call: Call, stack_name: str, *, on_event: OnEvent | None = None, target: Target = EMBEDDED
) -> bool:
    """Delete a stack with all it holds; False when there is none. Raises UserError when something resists."""
    try:
        [stack] = call("cloudformation", "DescribeStacks", {"StackName": stack_name})["Stacks"]
    except AwsError as error:
        if "does not exist" in error.message:
            return False
        raise
    identity, token = stack["StackId"], f"dew-{uuid4()}"
    try:
        call("cloudformation", "DeleteStack", {"StackName": stack_name, "ClientRequestToken": token})
    except AwsError as error:
        raise UserError(f"{stack_name}: {error.message}") from error
    status = _follow(call, identity, token, on_event, target)
    if status != "DELETE_COMPLETE":
        raise _failure(call, stack_name, identity, token, status)
    return True


def diff(
    call: Call,
    stack_name: str,
    template: Mapping[str, Any] | str,
    *,
    parameters: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
    target: Target = EMBEDDED,
) -> tuple[ResourceChange, ...]:
    """What deploying `template` would change; nothing is changed and no change set stays behind."""
    prepared = prepare(call, stack_name, template, parameters=parameters, tags=tags, target=target)
    if prepared.change_set is not None:
        discard(call, prepared)
    return prepared.changes


def outputs(call: Call, stack_name: str) -> Outputs:
    """A stack's outputs by key."""
    [stack] = call("cloudformation", "DescribeStacks", {"StackName": stack_name})["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())}


def _follow(call: Call, name: str, token: str, on_event: OnEvent | None, target: Target) -> str:
    """Wait until nothing is in progress any more, telling the events of this operation; the last status."""
    told: set[str] = set()
    for _ in _pauses(target, f"{name}: not done after {target.timeout_seconds:.0f} seconds"):
        [stack] = call("cloudformation", "DescribeStacks", {"StackName": name})["Stacks"]
        status = str(stack["StackStatus"])
        ended = not status.endswith("_IN_PROGRESS")
        if on_event is not None:
            for event in reversed(list(_events(call, name, token))):
                if event.id not in told:
                    told.add(event.id)
                    on_event(event)
        if ended:
            return status
    raise AssertionError("unreachable: the pauses end with an error")


def _events(call: Call, name: str, token: str) -> Iterator[Event]:
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


def _failure(call: Call, stack_name: str, identity: str, token: str, status: str) -> UserError:
    """The error that names what failed first."""
    failed = [
        event
        for event in _events(call, identity, token)
        if event.status.endswith("_FAILED") and event.type != _STACK and "cancelled" not in event.reason
    ]
    if not failed:
        [stack] = call("cloudformation", "DescribeStacks", {"StackName": identity})["Stacks"]
        return UserError(f"{stack_name}: {status}: {stack.get('StackStatusReason', 'no reason given')}")
    first = failed[-1]
    reason = _HANDLER.sub(r"\1", first.reason)
    hint = _AFTERWARDS.get(status, f"the stack is in {status}")
    return UserError(f"{stack_name}: {first.logical_id} ({first.type}): {reason}", hint=hint)


def _pauses(target: Target, late: str) -> Iterator[None]:
    """Yields at once and then after ever longer pauses. Raises UserError(late) when the target's time is up."""
    deadline = time.monotonic() + target.timeout_seconds
    pause = target.poll_seconds / 25
    while True:
        yield
        if time.monotonic() > deadline:
            raise UserError(late)
        time.sleep(pause)
        pause = min(pause * 1.4, target.poll_seconds)
