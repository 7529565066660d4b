"""Deploys a template by change set: describe what would change, let somebody look, carry it out, follow it.

The same steps for every target; only `call` and the row of the target differ.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from msgspec import Struct

from dewstack.deploy.changes import ResourceChange, read_changes
from dewstack.deploy.failures import Overtaken, busy, failure, refused, stuck
from dewstack.deploy.progress import OnEvent, follow, pauses
from dewstack.deploy.target import EMBEDDED, Call, Target
from dewstack.errors import AwsError, UserError
from dewstack.ids import uuid4

Outputs = dict[str, str]
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_UNCHANGED = ("didn't contain changes", "No updates are to be performed")
_FAILED_AT_FIRST = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")


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
    settings: Mapping[str, Any] | None = None,
    upload: Callable[[str], str] | None = None,
    target: Target = EMBEDDED,
) -> Prepared:
    """Make the change set that turns the stack into `template`. Raises UserError when it is refused.

    `settings` are further members of CreateChangeSet. `upload` puts a template that is too large to be sent along
    into S3 and gives its URL.
    """
    body = template if isinstance(template, str) else template_body(template)
    source = {"TemplateBody": body}
    if len(body.encode()) > target.template_bytes:
        if upload is None:
            raise UserError(
                f"{stack_name}: the template has {len(body.encode()):,} bytes, {target.name} takes"
                f" {target.template_bytes:,} of them"
            )
        source = {"TemplateURL": upload(body)}
    kind = change_set_kind(call, stack_name, target)
    request: dict[str, Any] = {
        "StackName": stack_name,
        "ChangeSetName": f"dew-{uuid4()}",
        "ChangeSetType": kind,
        **source,
        "Capabilities": _CAPABILITIES,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in (parameters or {}).items()
        ],
        **(settings or {}),
    }
    if tags is not None:
        request["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    try:
        change_set = call("cloudformation", "CreateChangeSet", request)["Id"]
    except AwsError as error:
        raise refused(stack_name, error) from error
    return _described(call, Prepared(stack_name, kind, change_set, ()), target)


def template_body(template: Mapping[str, Any]) -> str:
    """A template as it is sent: without a superfluous byte."""
    return json.dumps(template, separators=(",", ":"), ensure_ascii=False)


def change_set_kind(call: Call, stack_name: str, target: Target) -> str:
    """What kind of change set the stack needs; waits for what is under way, removes a failed first attempt.

    Raises UserError for a stack that nothing can be done to before somebody mends it.
    """

    def late() -> UserError:
        return busy(stack_name, stack_status(call, stack_name))

    for _ in pauses(target, late, target.busy_seconds):
        status = stack_status(call, stack_name)
        if status in (None, "REVIEW_IN_PROGRESS"):
            return "CREATE"
        if status in _FAILED_AT_FIRST:
            if status != "ROLLBACK_COMPLETE" and target.asks:
                raise stuck(stack_name, status)
            remove_stack(call, stack_name, target=target)
            return "CREATE"
        if status == "UPDATE_ROLLBACK_FAILED":
            raise stuck(stack_name, status)
        if not status.endswith("_IN_PROGRESS"):
            return "UPDATE"
    raise AssertionError("unreachable: the pauses end with an error")


def stack_status(call: Call, stack_name: str) -> str | None:
    """The stack's status, or None when there is no such stack."""
    stack = find_stack(call, stack_name)
    return str(stack["StackStatus"]) if stack else None


def find_stack(call: Call, stack_name: str) -> dict[str, Any] | None:
    """The stack as DescribeStacks gives it, or None when there is none."""
    try:
        [stack] = call("cloudformation", "DescribeStacks", {"StackName": stack_name})["Stacks"]
    except AwsError as error:
        if "does not exist" in error.message:
            return None
        raise
    found: dict[str, Any] = stack
    return found


def _described(call: Call, prepared: Prepared, target: Target) -> Prepared:
    name = prepared.stack_name
    request: dict[str, Any] = {"ChangeSetName": prepared.change_set, "StackName": name}
    for _ in pauses(target, lambda: UserError(f"{name}: the change set does not get ready")):
        try:
            described = call("cloudformation", "DescribeChangeSet", request)
        except AwsError as error:
            raise refused(name, error) from error
        if described["Status"] == "CREATE_COMPLETE":
            changes = list(described["Changes"])
            while token := described.get("NextToken"):
                described = call("cloudformation", "DescribeChangeSet", request | {"NextToken": token})
                changes += described["Changes"]
            return Prepared(name, prepared.kind, prepared.change_set, read_changes(changes))
        if described["Status"] == "FAILED":
            discard(call, prepared)
            reason = described.get("StatusReason", "")
            if any(text in reason for text in _UNCHANGED):
                return Prepared(name, prepared.kind, None, ())
            raise refused(name, reason)
    raise AssertionError("unreachable: the pauses end with an error")


def discard(call: Call, prepared: Prepared) -> None:
    """Drop a prepared deployment, and the empty stack that was made for a first one, unless another has begun on it."""
    stack = {"StackName": prepared.stack_name}
    _drop_change_set(call, prepared)
    if prepared.kind != "CREATE" or stack_status(call, prepared.stack_name) != "REVIEW_IN_PROGRESS":
        return
    if not call("cloudformation", "ListChangeSets", stack)["Summaries"]:
        call("cloudformation", "DeleteStack", stack)


def _drop_change_set(call: Call, prepared: Prepared) -> None:
    request = {"ChangeSetName": prepared.change_set, "StackName": prepared.stack_name}
    call("cloudformation", "DeleteChangeSet", request)


def execute(
    call: Call,
    prepared: Prepared,
    *,
    on_event: OnEvent | None = None,
    settings: Mapping[str, Any] | None = None,
    target: Target = EMBEDDED,
) -> None:
    """Carry it out and wait for its end; `settings` are further members of ExecuteChangeSet.

    Raises UserError when it fails or takes too long.
    """
    token = f"dew-{uuid4()}"
    name = prepared.stack_name
    request = {"ChangeSetName": prepared.change_set, "StackName": name, "ClientRequestToken": token}
    try:
        call("cloudformation", "ExecuteChangeSet", {**request, **(settings or {})})
    except AwsError as error:
        refusal = refused(name, error)
        of_another = isinstance(refusal, Overtaken)  # the stack is the other deployment's then
        with suppress(AwsError):  # it may be gone already
            (_drop_change_set if of_another else discard)(call, prepared)
        raise refusal from error
    status = follow(call, name, token, on_event, target)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise failure(call, name, name, token, status)


def remove_stack(
    call: Call, stack_name: str, *, on_event: OnEvent | None = None, target: Target = EMBEDDED
) -> bool:
    """Delete a stack with all it holds; False when there is none. Raises UserError when something resists."""
    stack = find_stack(call, stack_name)
    if stack is None:
        return False
    identity, token = stack["StackId"], f"dew-{uuid4()}"
    try:
        call("cloudformation", "DeleteStack", {"StackName": stack_name, "ClientRequestToken": token})
    except AwsError as error:
        raise refused(stack_name, error) from error
    status = follow(call, identity, token, on_event, target)
    if status != "DELETE_COMPLETE":
        raise failure(call, stack_name, identity, token, status)
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
    return outputs_of(stack)


def outputs_of(stack: Mapping[str, Any]) -> Outputs:
    """The outputs by key of a stack as DescribeStacks gives it."""
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs") or ()}
