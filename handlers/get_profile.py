"""GET /auth/profile: who is logged in (Cognito's GetUser).

API Gateway has verified the token's signature, issuer, audience, times and scope before this runs.
What it can't know is whether the user has logged out since: Cognito can, and GetUser then refuses.
"""

import json
import os
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

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
    "UserNotFoundException": (404, None),
    "UserNotConfirmedException": (403, None),
    "PasswordResetRequiredException": (403, None),
    "LimitExceededException": (429, None),
    "TooManyRequestsException": (429, None),
}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    try:
        user = cognito.get_user(AccessToken=access_token(event))
    except ClientError as error:
        return refused(error)
    except BotoCoreError as error:
        print(f"Cognito can't be reached: {type(error).__name__}")
        return reply(503, {"message": "The user directory can't be reached. Please try again."})

    attributes = {attribute["Name"]: attribute["Value"] for attribute in user["UserAttributes"]}
    return reply(
        200,
        {
            "id": attributes["sub"],
            "email": attributes.get("email", ""),
            "emailVerified": attributes.get("email_verified") == "true",
            "name": attributes.get("name", ""),
            "city": attributes.get("custom:city", ""),
            "claims": verified_claims(event),
        },
    )


def verified_claims(event: dict[str, Any]) -> dict[str, str]:
    """What the token says, from where the gateway puts it once it has verified it."""
    authorizer = event["requestContext"]["authorizer"]
    claims: dict[str, str] = (authorizer.get("jwt") or authorizer)["claims"]  # HTTP API, or REST API
    return claims


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
