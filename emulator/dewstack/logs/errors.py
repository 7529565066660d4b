"""The errors of CloudWatch Logs."""

from dewstack.errors import AwsError


class InvalidParameterException(AwsError):
    """A parameter is not what it should be."""

    code = "InvalidParameterException"
    status = 400


class ResourceAlreadyExistsException(AwsError):
    """A log group or stream of that name is there."""

    code = "ResourceAlreadyExistsException"
    status = 400


class ResourceNotFoundException(AwsError):
    """No such log group or stream."""

    code = "ResourceNotFoundException"
    status = 400


class InvalidOperationException(AwsError):
    """An operation on a log group that is protected from it."""

    code = "InvalidOperationException"
    status = 400
