"""The errors of API Gateway's control plane, as `apigateway` and `apigatewayv2` answer them."""

from dewstack.errors import AwsError


class NotFoundException(AwsError):
    """A resource that isn't there: `Invalid API identifier specified 000000000000:abc`."""

    code = "NotFoundException"
    status = 404


class BadRequestException(AwsError):
    """Input that is incomplete or wrong."""

    code = "BadRequestException"
    status = 400


class ConflictException(AwsError):
    """A request that contradicts what is already there: a second route with the same key."""

    code = "ConflictException"
    status = 409
