"""Deployment: a template to a target, code to a package. Knows AWS, the emulated one too, only by `call`."""

from dewstack.deploy.changes import ResourceChange, losses
from dewstack.deploy.progress import Event
from dewstack.deploy.stack import (
    Outputs,
    Prepared,
    deploy_template,
    diff,
    discard,
    execute,
    outputs,
    prepare,
    remove_stack,
    stack_status,
)
from dewstack.deploy.target import AWS, EMBEDDED, LOCALSTACK, TARGETS, Call, Target, find_target

__all__ = [
    "AWS",
    "EMBEDDED",
    "LOCALSTACK",
    "TARGETS",
    "Call",
    "Event",
    "Outputs",
    "Prepared",
    "ResourceChange",
    "Target",
    "deploy_template",
    "diff",
    "discard",
    "execute",
    "find_target",
    "losses",
    "outputs",
    "prepare",
    "remove_stack",
    "stack_status",
]
