"""The errors of Lambda's operations for event source mappings."""

from dewstack.errors import AwsError


class InvalidParameterValueException(AwsError):
    """A parameter has a value that it may not have."""

    code = "InvalidParameterValueException"
    status = 400


class ResourceConflictException(AwsError):
    """A mapping of this source to this function is there."""

    code = "ResourceConflictException"
    status = 409


class ResourceNotFoundException(AwsError):
    """No such mapping."""

    code = "ResourceNotFoundException"
    status = 404
