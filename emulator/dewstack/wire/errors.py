"""The errors that stand before a service: unreadable requests, missing signatures, broken constraints."""

from dewstack.errors import AwsError, NotEmulated, ValidationError


class SerializationException(AwsError):
    """A body that cannot be read as the operation's input."""

    code = "SerializationException"
    status = 400


class MissingAuthenticationToken(AwsError):
    """No signature where one is needed, as the json services word it."""

    code = "MissingAuthenticationTokenException"
    status = 400


class RestMissingAuthenticationToken(MissingAuthenticationToken):
    """The same from a rest-json service."""

    status = 403


class QueryMissingAuthenticationToken(MissingAuthenticationToken):
    """The same from a query service."""

    code = "MissingAuthenticationToken"
    status = 403


class IncompleteSignature(AwsError):
    """A signature that lacks a part, as the json services word it."""

    code = "IncompleteSignatureException"
    status = 400


class RestIncompleteSignature(IncompleteSignature):
    """The same from a rest-json service."""

    status = 403


class QueryIncompleteSignature(IncompleteSignature):
    """The same from a query service."""

    code = "IncompleteSignature"
    status = 403


class ForeignOrigin(AwsError):
    """A page from elsewhere in the user's browser that calls an operation which needs a signature.

    Signatures are not verified here, so the browser's own `Origin` is what keeps a web site's hands off.
    """

    code = "AccessDeniedException"
    status = 403


class InvalidParameter(AwsError):
    """Broken constraints, as Cognito and CloudWatch Logs word them."""

    code = "InvalidParameterException"
    status = 400


class BadRequest(AwsError):
    """Broken constraints, as API Gateway words them."""

    code = "BadRequestException"
    status = 400


class QueryValidationError(AwsError):
    """Broken constraints, as CloudFormation, IAM and STS word them."""

    code = "ValidationError"
    status = 400


VALIDATION_ERRORS: dict[str, type[AwsError]] = {
    "cognito-idp": InvalidParameter,
    "logs": InvalidParameter,
    "apigateway": BadRequest,
    "apigatewayv2": BadRequest,
    "cloudformation": QueryValidationError,
    "iam": QueryValidationError,
    "sts": QueryValidationError,
}


def validation_error(service: str, message: str) -> AwsError:
    """The error that `service` answers to broken constraints."""
    return VALIDATION_ERRORS.get(service, ValidationError)(message)


def not_emulated(service: str, action: str) -> NotEmulated:
    """The answer to an action that dewstack does not offer, naming it."""
    return NotEmulated(f"API action {action} of service {service} is not emulated by dewstack")
