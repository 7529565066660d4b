"""The errors that CloudFormation answers, under the codes of its service model."""

from dewstack.errors import AwsError


class ValidationError(AwsError):
    """A request or a template that CloudFormation refuses."""

    code = "ValidationError"
    status = 400


class AlreadyExistsException(AwsError):
    """A stack or change set of this name exists."""

    code = "AlreadyExistsException"
    status = 400


class ChangeSetNotFoundException(AwsError):
    """No such change set. The wire code has no `Exception` at its end."""

    code = "ChangeSetNotFound"
    status = 404


class InvalidChangeSetStatusException(AwsError):
    """The change set cannot be executed or deleted in its state."""

    code = "InvalidChangeSetStatus"
    status = 400


class InsufficientCapabilitiesException(AwsError):
    """The template holds IAM resources and the caller did not acknowledge them."""

    code = "InsufficientCapabilitiesException"
    status = 400


class ResourceFailure(Exception):
    """A resource could not be created, updated or deleted; `reason` is its `ResourceStatusReason`."""

    def __init__(self, reason: str, *, touched: bool = False) -> None:
        """`touched`: something may have changed before it failed."""
        super().__init__(reason)
        self.reason = reason
        self.touched = touched
