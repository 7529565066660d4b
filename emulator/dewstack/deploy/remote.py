"""Calls that leave the process: the same `call`, through boto3."""

from collections.abc import Callable, Mapping
from typing import Any

from dewstack.deploy.target import Call
from dewstack.errors import AwsError, UserError

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 120.0
LOCAL_ATTEMPTS, AWS_ATTEMPTS = 2, 8
"""AWS throttles whoever follows a deployment; an endpoint on this machine answers or is not there."""

_CHAIN = "name a profile with --profile or AWS_PROFILE, set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in"
_SIGN_IN = "sign in again (aws sso login), or take other credentials with --profile"
_NO_NETWORK = "is there a network, and is that a region of AWS? (--region)"
_NOT_THERE = "is it running, and is the address right? (--endpoint)"
_SAID: Mapping[str, tuple[str, str]] = {
    "NoCredentialsError": ("there are no AWS credentials", _CHAIN),
    "PartialCredentialsError": ("the AWS credentials are incomplete", _CHAIN),
    "CredentialRetrievalError": ("the AWS credentials can't be had", _SIGN_IN),
    "SSOError": ("the AWS session has ended", _SIGN_IN),
    "TokenRetrievalError": ("the AWS session has ended", _SIGN_IN),
    "ProfileNotFound": ("there is no such AWS profile", "'aws configure list-profiles' lists those there are"),
    "NoRegionError": ("no region is named", "name one with --region, or provider.region in the map"),
    "EndpointConnectionError": ("nothing answers", _NOT_THERE),
    "ConnectTimeoutError": ("no answer", _NOT_THERE),
    "ReadTimeoutError": ("no answer in time", "try again; what was begun there may go on"),
    "ConnectionClosedError": ("the connection was closed", "is that an AWS endpoint? (--endpoint)"),
    "HTTPClientError": ("the connection failed", _NOT_THERE),
    "ResponseParserError": ("it answers, but not as AWS does", "is that an AWS endpoint? (--endpoint)"),
    "UnknownServiceError": ("boto3 is too old for this service", "pip install --upgrade boto3"),
    "InvalidRegionError": ("that is no region's name", "name one with --region, or provider.region in the map"),
}  # fmt: skip
"""By the name of botocore's exception or of one it is made of: what it means, and the next step."""

_BAD_CREDENTIALS = frozenset(
    "AuthFailure ExpiredToken ExpiredTokenException IncompleteSignature InvalidAccessKeyId InvalidClientTokenId"
    " InvalidToken RequestExpired SignatureDoesNotMatch UnrecognizedClientException".split()
)


class RemoteError(AwsError):
    """An error that the other side answered; its subclasses carry the code. The field `operation` says to what."""


def remote_error(code: str, message: str, status: int = 400, operation: str = "") -> AwsError:
    """What the other side answered, as if it had been raised here."""
    kind = type(code, (RemoteError,), {"code": code, "status": status})
    error: AwsError = kind(message, operation=operation)
    return error


def boto3_call(
    *,
    endpoint: str | None,
    region: str,
    access_key: str | None = None,
    secret_key: str | None = None,
    profile: str | None = None,
    start: str = "",
) -> Call:
    """A `call` that goes to `endpoint`, or to AWS when it is None, with these credentials or those of boto3's chain.

    `start` is what to do where nothing answers at the endpoint.

    Raises UserError (the call too) when there is nobody to talk to, or no credentials that are taken.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    where = endpoint or f"AWS ({region})"
    try:
        session: Any = boto3.Session(
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            profile_name=profile,
        )
    except BotoCoreError as error:
        raise _unreached(where, error) from error
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=ANSWER_SECONDS,
        retries={"mode": "standard", "total_max_attempts": LOCAL_ATTEMPTS if endpoint else AWS_ATTEMPTS},
        s3={"addressing_style": "path"} if endpoint else None,
    )
    return client_call(
        lambda service: session.client(service, endpoint_url=endpoint, config=config), where, start
    )


def client_call(client_of: Callable[[str], Any], where: str, start: str = "") -> Call:
    """A `call` through boto3's clients. Errors name the other side `where`, and `start` as what to do if it is gone."""
    from botocore import xform_name
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    clients: dict[str, Any] = {}

    def call(service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        try:
            if service not in clients:
                clients[service] = client_of(service)
            answer: dict[str, Any] = getattr(clients[service], xform_name(operation))(**params)
        except ClientError as error:
            raise _answered(where, error.response, f"{service}:{operation}") from error
        except (BotoCoreError, ResponseParserError) as error:
            raise _unreached(where, error, start) from error
        answer.pop("ResponseMetadata", None)
        return answer

    return call


def _unreached(where: str, error: Exception, start: str = "") -> UserError:
    for kind in type(error).__mro__:
        if kind.__name__ in _SAID:
            said, step = _SAID[kind.__name__]
            if step != _NOT_THERE:
                return UserError(f"{where}: {said}: {str(error).splitlines()[0]}", hint=step)
            on_aws = where.startswith("AWS")
            return UserError(f"{where}: {said}", hint=_NO_NETWORK if on_aws else start or step)
    return UserError(f"{where}: {error}")


def _answered(where: str, response: Any, operation: str) -> Exception:
    code = str(response["Error"].get("Code", "Unknown"))
    message = str(response["Error"].get("Message", ""))
    if code in _BAD_CREDENTIALS:
        return UserError(f"{where}: the AWS credentials are not taken: {code}: {message}", hint=_SIGN_IN)
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
    return remote_error(code, message, status, operation)
