"""POST /auth/login: exchange an e-mail address and a password for tokens (Cognito's InitiateAuth)."""

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
    "NotAuthorizedException": (401, None),
    "UserNotFoundException": (401, None),
    "UserNotConfirmedException": (403, "email"),
    "PasswordResetRequiredException": (403, "password"),
    "UserLambdaValidationException": (403, None),
    "InvalidParameterException": (400, None),
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
        body = read_json(event)
        email = email_address(body)
        password = text(body, "password", 256)
        answer = cognito.initiate_auth(
            ClientId=CLIENT_ID,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )
    except BadRequest as bad:
        return reply(400, {"message": bad.message, "field": bad.field})
    except ClientError as error:
        return refused(error)
    except BotoCoreError as error:
        print(f"Cognito can't be reached: {type(error).__name__}")
        return reply(503, {"message": "The user directory can't be reached. Please try again."})
    if "AuthenticationResult" not in answer:
        message = f"This account needs a step that is not offered here: {answer.get('ChallengeName')}."
        return reply(403, {"message": message, "code": answer.get("ChallengeName")})
    tokens = answer["AuthenticationResult"]
    return reply(
        200,
        {
            "idToken": tokens["IdToken"],
            "accessToken": tokens["AccessToken"],
            "refreshToken": tokens.get("RefreshToken"),
            "expiresIn": tokens["ExpiresIn"],
        },
    )


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


def email_address(body: dict[str, Any]) -> str:
    """The body's e-mail address; whether it exists is for the confirmation code to find out."""
    value = text(body, "email", 128).strip()
    name, _, domain = value.rpartition("@")
    if not name or not domain or not value.isprintable() or " " in value:
        raise BadRequest("email must be an e-mail address, such as ada@example.com.", "email")
    return value


def refused(error: ClientError) -> dict[str, Any]:
    """Cognito's refusal as an HTTP response; `code` is Cognito's own name for it."""
    code = error.response["Error"]["Code"]
    if code not in REFUSALS:
        print(f"Cognito refused {error.operation_name} with {code}")
        return reply(500, {"message": "Something went wrong on our side."})
    status, field = REFUSALS[code]
    if error.response["Error"]["Message"] == "Password attempts exceeded":
        status = 429  # a lockout; Cognito has no code of its own for it
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
