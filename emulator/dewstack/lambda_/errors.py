"""The errors Lambda answers, by AWS's names."""

from dewstack.errors import AwsError


class LambdaError(AwsError):
    """Lambda's error bodies carry `Type` (User or Service) beside the message."""

    type = "User"

    def __init__(self, message: str = "", **fields: str) -> None:
        super().__init__(message, **{"Type": self.type, **fields})


class ResourceNotFoundException(LambdaError):
    """The function, version, alias or statement does not exist."""

    code = "ResourceNotFoundException"
    status = 404


class ProvisionedConcurrencyConfigNotFoundException(LambdaError):
    """Nothing is provisioned for this version or alias."""

    code = "ProvisionedConcurrencyConfigNotFoundException"
    status = 404


class CodeSigningConfigNotFoundException(LambdaError):
    """There is no such code-signing configuration."""

    code = "CodeSigningConfigNotFoundException"
    status = 404


class ResourceConflictException(LambdaError):
    """It exists already, or is being changed."""

    code = "ResourceConflictException"
    status = 409


class InvalidParameterValueException(LambdaError):
    """A parameter that the model allows and Lambda does not."""

    code = "InvalidParameterValueException"
    status = 400


class InvalidRequestContentException(LambdaError):
    """The payload is not JSON."""

    code = "InvalidRequestContentException"
    status = 400


class RequestTooLargeException(LambdaError):
    """The payload of an invocation is over 6 MB (1 MB for an asynchronous one)."""

    code = "RequestTooLargeException"
    status = 413


class RequestEntityTooLargeException(LambdaError):
    """The request to make or change a function is over 70 MB."""

    code = "RequestEntityTooLargeException"
    status = 413


class TooManyRequestsException(LambdaError):
    """No environment may be added: a concurrency limit is reached."""

    code = "TooManyRequestsException"
    status = 429


class RecursiveInvocationException(LambdaError):
    """A function has been invoked too often in one chain of events."""

    code = "RecursiveInvocationException"
    status = 400


class PreconditionFailedException(LambdaError):
    """The revision id does not match."""

    code = "PreconditionFailedException"
    status = 412
