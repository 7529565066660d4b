"""The two kinds of failure: one that AWS would answer, and one that the person at the keyboard can mend."""

from typing import Any, ClassVar


class AwsError(Exception):
    """An error that an AWS service answers. Each AWS error code is a subclass in the service that raises it.

    `code` is AWS's name of the error, `status` the HTTP status, `fields` further members of the error body
    (Lambda's `Type` and `Reason`, for example).
    """

    code: ClassVar[str] = "InternalFailure"
    status: ClassVar[int] = 500

    def __init__(self, message: str = "", **fields: Any) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields


class NotEmulated(AwsError):
    """An operation, or a variant of one, that dewstack does not offer: said by its name, never pretended."""

    code = "NotImplemented"
    status = 501


class ValidationError(AwsError):
    """Parameters that break the constraints of the service's model, as most AWS services word it."""

    code = "ValidationException"
    status = 400


class UserError(Exception):
    """A mistake in what the user gave: what, where, and what to do about it.

    `dew` prints `message` (and `hint` under it) and exits with `exit_code`; no stack trace.
    """

    def __init__(self, message: str, *, hint: str = "", exit_code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code
