"""POST /auth/logout: end this session (Cognito's RevokeToken) or all of them (GlobalSignOut).

With the body {"refreshToken": "..."} it ends the session that the token belongs to, without a body
every session of the user. A JWT can't be called back: until it expires, API Gateway goes on accepting
the access token. It is Cognito that refuses it from now on, and refreshing has come to an end.
"""

import base64
import json
import os
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

CLIENT_ID = os.environ["USER_POOL_CLIENT_ID"]

# The page's origin. A REST API leaves it to the function to tell browsers who may read the answer; an HTTP API
# does so itself, and replaces what is said here.
ALLOWED_ORIGIN = os.environ.get("ALLOWED_ORIGIN")

# Made once, while the environment starts, and kept for every request that it serves.
cognito = boto3.client(
    "cognito-idp",
    config=Config(connect_timeout=1, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2}),
)

# What Cognito may refuse: the HTTP status, and the field of the request at fault.
# Anything else is our own mistake: 500 for the caller, its name in the log.
REFUSALS: dict[str, tuple[int, str | None]] = {
    "InvalidParameterException": (400, "refreshToken"),
    "UnsupportedTokenTypeException": (400, "refreshToken"),
    "NotAuthorizedException": (401, None),
    "UserNotFoundException": (404, None),
    "UserNotConfirmedException": (403, None),
    "PasswordResetRequiredException": (403, None),
    "LimitExceededException": (429, None),
    "TooManyRequestsException": (429, None),
}


class BadRequest(Exception):
    """What the caller sent can't be used; answered with 400."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    try:
        body = read_json(event) if event.get("body") else {}
        if "refreshToken" in body:
            cognito.revoke_token(ClientId=CLIENT_ID, Token=text(body, "refreshToken", 8192))
        else:
            cognito.global_sign_out(AccessToken=access_token(event))
    except BadRequest as bad:
        return reply(400, {"message": bad.message, "field": bad.field})
    except ClientError as error:
        return refused(error)
    except BotoCoreError as error:
        print(f"Cognito can't be reached: {type(error).__name__}")
        return reply(503, {"message": "The user directory can't be reached. Please try again."})
    return reply(200, {"message": "You are logged out."})


def read_json(event: dict[str, Any]) -> dict[str, Any]:
    """The request's body, which must be a JSON object."""
    raw = event.get("body") or ""
    try:
        body = json.loads(base64.b64decode(raw) if event.get("isBase64Encoded") else raw)
        json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError):
        raise BadRequest("The request body must be JSON.") from None
    if not isinstance(body, dict):
        raise BadRequest("The request body must be a JSON object.")
    return body


def text(body: dict[str, Any], field: str, longest: int) -> str:
    """One required string of the body."""
    value = body.get(field)
    if value is None or value == "":
        raise BadRequest(f"{field} is required.", field)
    if not isinstance(value, str):
        raise BadRequest(f"{field} must be a string.", field)
    if len(value) > longest:
        raise BadRequest(f"{field} must not be longer than {longest} characters.", field)
    return value


def access_token(event: dict[str, Any]) -> str:
    """The token of the Authorization header, in whatever case the gateway spells the header's name."""
    for name, value in (event.get("headers") or {}).items():
        if name.lower() == "authorization":
            return str(value).split(" ")[-1]  # "Bearer <token>", or the token alone
    return ""


def refused(error: ClientError) -> dict[str, Any]:
    """Cognito's refusal as an HTTP response; `code` is Cognito's own name for it."""
    code = error.response["Error"]["Code"]
    if code not in REFUSALS:
        print(f"Cognito refused {error.operation_name} with {code}")
        return reply(500, {"message": "Something went wrong on our side."})
    status, field = REFUSALS[code]
    return reply(status, {"message": error.response["Error"]["Message"], "field": field, "code": code})


def reply(status: int, body: dict[str, Any]) -> dict[str, Any]:
    """An HTTP response, in the shape that API Gateway expects of a function."""
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    if ALLOWED_ORIGIN:
        headers["access-control-allow-origin"] = ALLOWED_ORIGIN
        headers["access-control-expose-headers"] = "x-amzn-requestid"
    return {
        "statusCode": status,
        "headers": headers,
        "body": json.dumps({key: value for key, value in body.items() if value is not None}),
    }
