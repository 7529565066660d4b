"""The errors EventBridge and EventBridge Scheduler answer, by AWS's names."""

from dewstack.errors import AwsError


class ResourceNotFoundException(AwsError):
    """The bus, rule, schedule or group does not exist."""

    code = "ResourceNotFoundException"
    status = 400


class ResourceAlreadyExistsException(AwsError):
    """A bus of this name exists."""

    code = "ResourceAlreadyExistsException"
    status = 400


class InvalidEventPatternException(AwsError):
    """The pattern isn't one."""

    code = "InvalidEventPatternException"
    status = 400


class ValidationException(AwsError):
    """A parameter breaks a rule that the model doesn't state."""

    code = "ValidationException"
    status = 400


class ConflictException(AwsError):
    """A schedule of this name exists."""

    code = "ConflictException"
    status = 409


class NoSuchSchedule(ResourceNotFoundException):
    """Scheduler speaks REST, and answers 404."""

    status = 404
