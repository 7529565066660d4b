"""Calls that leave the process: the same `call`, through boto3."""

from typing import Any

from dewstack.deploy.target import Call
from dewstack.errors import AwsError, UserError


class RemoteError(AwsError):
    """An error that the other side answered; its subclasses carry the code."""


def boto3_call(
    *, endpoint: str | None, region: str, access_key: str | None = None, secret_key: str | None = None
) -> Call:
    """A `call` that goes to `endpoint`, or to AWS with the credentials of the environment when it is None."""
    import boto3
    from botocore import xform_name
    from botocore.exceptions import BotoCoreError, ClientError

    session: Any = boto3.Session(
        region_name=region, aws_access_key_id=access_key, aws_secret_access_key=secret_key
    )
    clients: dict[str, Any] = {}

    def call(service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        if service not in clients:
            clients[service] = session.client(service, endpoint_url=endpoint)
        method = getattr(clients[service], xform_name(operation))
        try:
            answer: dict[str, Any] = method(**params)
        except ClientError as error:
            raise _remote_error(error.response) from error
        except BotoCoreError as error:
            where = endpoint or f"AWS ({region})"
            raise UserError(
                f"{where}: {error}", hint="is it running, and are the credentials there?"
            ) from error
        answer.pop("ResponseMetadata", None)
        return answer

    return call


def _remote_error(response: Any) -> AwsError:
    code = str(response["Error"].get("Code", "Unknown"))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
    kind = type(code, (RemoteError,), {"code": code, "status": status})
    error: AwsError = kind(str(response["Error"].get("Message", "")))
    return error
