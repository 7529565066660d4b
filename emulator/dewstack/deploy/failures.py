"""What went wrong with a stack, in one sentence, and what to do about it."""

import re
from collections.abc import Sequence

from dewstack.deploy.progress import events_of
from dewstack.deploy.target import Call
from dewstack.errors import AwsError, UserError

_HANDLER = re.compile(r'Resource handler returned message: "(.*)" \(RequestToken: .*\)', re.DOTALL)
_STACK = "AWS::CloudFormation::Stack"
_AFTERWARDS = {
    "ROLLBACK_COMPLETE": "what had been made was removed again",
    "UPDATE_ROLLBACK_COMPLETE": "everything is again as it was before",
    "UPDATE_ROLLBACK_FAILED": "the way back failed too: mend what the stack's events name, then run"
    " 'aws cloudformation continue-update-rollback --stack-name {stack}'",
    "ROLLBACK_FAILED": "what had been made could not all be removed: 'dew remove' tries again",
    "DELETE_FAILED": "mend that and run 'dew remove' again; what is gone by now stays gone",
}
_STUCK = {
    "ROLLBACK_FAILED": "its first deployment failed and could not be removed: run 'dew remove', then deploy again",
    "DELETE_FAILED": "it could not be removed the last time: run 'dew remove' again, then deploy",
    "UPDATE_ROLLBACK_FAILED": "an update failed and so did the way back: mend what the stack's events name, run"
    " 'aws cloudformation continue-update-rollback --stack-name {stack}', then deploy again",
}
_STEPS: Sequence[tuple[str, str]] = (
    (r"already exists|AlreadyExists|already in use|ResourceConflict|OperationAborted", "give it another name in"
     " the map, or remove what has the name now: it is not this stack's"),
    (r"not authorized|AccessDenied|Access Denied|is not authorized to perform", "the credentials, or the"
     " deployment's role, lack this permission: docs/deploy.md has the list"),
    (r"(?i)circular dependency", "let one of them go without the other: a policy or permission of its own often"
     " breaks the circle"),
    (r"(?i)bucket you tried to delete is not empty|BucketNotEmpty", "empty the bucket first, or keep it with"
     " DeletionPolicy: Retain"),
    (r"(?i)limit ?exceeded|quota|Too many", "ask AWS for a higher quota, or remove what is no longer used"),
    (r"(?i)unzipped size must be smaller|RequestEntityTooLarge|RequestTooLarge", "leave files out with"
     " package.patterns, or put packages into a layer"),
    (r"The runtime \S+ is not emulated", "write one of these at 'runtime', under provider or at the function"),
    (r"Unresolved resource dependencies|unresolved resource dependency", "look for the name in the map's !Ref, !GetAtt"
     " and !Sub: no resource under resources.Resources is called so"),
    (r"(?i)not yet implemented|not emulated|NotImplemented|not included in your", "the target lacks this service: take"
     " it out of the map, or deploy to another target"),
    (r"(?i)no resource provider found|unrecognized resource type|Template format error: Unrecognized", "the target"
     " has no such type: take it out of the map, or deploy elsewhere"),
)  # fmt: skip


class Overtaken(UserError):
    """Another deployment of the stack came first: what was prepared is void, and nothing came of it."""


_OVERTAKEN_CODES = ("AlreadyExistsException", "ChangeSetNotFound", "InvalidChangeSetStatus")
_OVERTAKEN = re.compile(
    r"Stack \[.*\] already exists|cannot be created again|is in \w+_IN_PROGRESS state|ChangeSet \[.*\] does not exist"
)


def refused(stack_name: str, error: AwsError | str) -> UserError:
    """CloudFormation did not take a template, or did not carry out a change set."""
    reason = error.message if isinstance(error, AwsError) else error
    if isinstance(error, AwsError) and (error.code in _OVERTAKEN_CODES or _OVERTAKEN.search(reason)):
        return overtaken(stack_name, reason)
    return UserError(f"{stack_name}: {reason}", hint=next_step(reason))


def overtaken(stack_name: str, reason: str) -> Overtaken:
    """Another deployment has done something to the stack since this one looked at it."""
    return Overtaken(
        f"{stack_name}: another deployment of it came first: {reason}",
        hint="run this again: it deploys what is left to deploy",
    )


def as_user_error(error: AwsError) -> UserError:
    """What an operation answered that nobody had reckoned with."""
    operation = error.fields.get("operation")
    said = f"{error.code}: {error.message}" if error.message else error.code
    return UserError(f"{operation}: {said}" if operation else said, hint=next_step(said))


def busy(stack_name: str, status: str | None) -> UserError:
    """Somebody else is at it."""
    return UserError(
        f"{stack_name} is {status}: another deployment or removal of it is under way",
        hint="wait until it has ended, then run this again",
    )


def stuck(stack_name: str, status: str) -> UserError:
    """The stack takes no change until somebody mends it."""
    return UserError(f"{stack_name} is {status}", hint=_STUCK[status].format(stack=stack_name))


def next_step(reason: str) -> str:
    """What to do about a reason that AWS gave; empty where the reason says it all."""
    return next((step for pattern, step in _STEPS if re.search(pattern, reason)), "")


def failure(call: Call, stack_name: str, identity: str, token: str, status: str) -> UserError:
    """The error that names what failed first."""
    failed = [
        event
        for event in events_of(call, identity, token)
        if event.status.endswith("_FAILED") and event.type != _STACK and "cancelled" not in event.reason
    ]
    afterwards = _AFTERWARDS.get(status, f"the stack is in {status}").format(stack=stack_name)
    if not failed:
        [stack] = call("cloudformation", "DescribeStacks", {"StackName": identity})["Stacks"]
        reason = stack.get("StackStatusReason", "no reason given")
        return UserError(f"{stack_name}: {status}: {reason}", hint=next_step(reason))
    first = failed[-1]
    reason = _HANDLER.sub(r"\1", first.reason)
    hint = "; ".join(each for each in (afterwards, next_step(reason)) if each)
    return UserError(f"{stack_name}: {first.logical_id} ({first.type}): {reason}", hint=hint)
