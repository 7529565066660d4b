"""What the handlers ask of Cognito, and how they answer what it says; Cognito's side is botocore's stub."""

import base64
import json
from types import ModuleType
from typing import Any

import pytest

EMAIL = "ada@example.com"
PASSWORD = "Difference-1"
BODIES: dict[str, dict[str, str]] = {
    "register": {"email": EMAIL, "password": PASSWORD},
    "confirm": {"email": EMAIL, "code": "123456"},
    "resend": {"email": EMAIL},
    "login": {"email": EMAIL, "password": PASSWORD},
    "refresh": {"refreshToken": "refresh"},
    "forgot_password": {"email": EMAIL},
    "reset_password": {"email": EMAIL, "code": "123456", "password": PASSWORD},
    "get_profile": {},
    "update_profile": {"name": "Ada"},
    "logout": {},
}
OPERATIONS = {
    "register": "sign_up",
    "confirm": "confirm_sign_up",
    "resend": "resend_confirmation_code",
    "login": "initiate_auth",
    "refresh": "initiate_auth",
    "forgot_password": "forgot_password",
    "reset_password": "confirm_forgot_password",
    "get_profile": "get_user",
    "update_profile": "update_user_attributes",
    "logout": "global_sign_out",
}
CLAIMS = {"sub": "1234", "exp": "1800000000", "scope": "aws.cognito.signin.user.admin"}


IDENTITIES: dict[str, dict[str, Any]] = {
    "HTTP API, payload 2.0": {"authorizer": {"jwt": {"claims": CLAIMS, "scopes": None}}},
    "HTTP API, payload 1.0": {"authorizer": {"claims": CLAIMS, "scopes": None}},
    "REST API": {"authorizer": {"claims": CLAIMS}},
}


def ask(module: ModuleType, body: dict[str, Any], /, **more: Any) -> tuple[int, dict[str, Any]]:
    event = {
        "headers": {"authorization": "Bearer token"},
        "requestContext": {"authorizer": {"jwt": {"claims": CLAIMS, "scopes": None}}},
        "body": json.dumps(body) if body else None,
        **more,
    }
    response = module.handler(event, None)
    assert response["headers"]["cache-control"] == "no-store"
    return response["statusCode"], json.loads(response["body"])


REFUSALS = [
    ("register", "UsernameExistsException", 409, "email"),
    ("register", "InvalidPasswordException", 400, "password"),
    ("confirm", "CodeMismatchException", 400, "code"),
    ("confirm", "ExpiredCodeException", 400, "code"),
    ("confirm", "NotAuthorizedException", 409, "email"),
    ("confirm", "UserNotFoundException", 404, "email"),
    ("resend", "InvalidParameterException", 409, "email"),
    ("resend", "LimitExceededException", 429, None),
    ("login", "NotAuthorizedException", 401, None),
    ("login", "UserNotConfirmedException", 403, "email"),
    ("login", "PasswordResetRequiredException", 403, "password"),
    ("refresh", "NotAuthorizedException", 401, "refreshToken"),
    ("forgot_password", "LimitExceededException", 429, None),
    ("forgot_password", "InvalidParameterException", 409, "email"),
    ("reset_password", "CodeMismatchException", 400, "code"),
    ("reset_password", "InvalidPasswordException", 400, "password"),
    ("get_profile", "NotAuthorizedException", 401, None),
    ("get_profile", "UserNotFoundException", 404, None),
    ("update_profile", "NotAuthorizedException", 401, None),
    ("logout", "NotAuthorizedException", 401, None),
]


@pytest.mark.parametrize(("name", "code", "status", "field"), REFUSALS)
def test_a_refusal_of_cognito_becomes_its_http_status(
    cognito: Any, name: str, code: str, status: int, field: str | None
) -> None:
    module, stub = cognito(name)
    stub.add_client_error(OPERATIONS[name], code, "What Cognito says.")
    expected = {"message": "What Cognito says.", "code": code} | ({"field": field} if field else {})
    assert ask(module, BODIES[name]) == (status, expected)


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_the_caller_cannot_help_is_a_500_that_tells_nothing_and_a_line_in_the_log(
    cognito: Any, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    module, stub = cognito(name)
    stub.add_client_error(
        OPERATIONS[name], "ResourceNotFoundException", "User pool client 42 does not exist."
    )
    assert ask(module, BODIES[name]) == (500, {"message": "Something went wrong on our side."})
    log = capsys.readouterr().out
    assert "ResourceNotFoundException" in log
    assert PASSWORD not in log and EMAIL not in log


@pytest.mark.parametrize("name", OPERATIONS)
def test_cognito_out_of_reach_is_a_503(load: Any, capsys: pytest.CaptureFixture[str], name: str) -> None:
    module = load(name)
    module.cognito.meta.config.retries["total_max_attempts"] = 1
    status, answer = ask(module, BODIES[name])
    assert (status, "reached" in answer["message"]) == (503, True)
    assert PASSWORD not in capsys.readouterr().out


def test_a_lockout_is_too_many_requests(cognito: Any) -> None:
    module, stub = cognito("login")
    stub.add_client_error("initiate_auth", "NotAuthorizedException", "Password attempts exceeded")
    assert ask(module, BODIES["login"])[0] == 429


def test_login_sends_the_password_and_gives_the_tokens(cognito: Any) -> None:
    module, stub = cognito("login")
    tokens = {
        "IdToken": "i",
        "AccessToken": "a",
        "RefreshToken": "r",
        "ExpiresIn": 3600,
        "TokenType": "Bearer",
    }
    sent = {
        "ClientId": "client",
        "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": EMAIL, "PASSWORD": PASSWORD},
    }
    for _ in range(2):
        stub.add_response("initiate_auth", {"AuthenticationResult": tokens}, sent)
    expected = (200, {"idToken": "i", "accessToken": "a", "refreshToken": "r", "expiresIn": 3600})
    assert ask(module, BODIES["login"]) == expected
    encoded = base64.b64encode(json.dumps(BODIES["login"]).encode()).decode()
    assert ask(module, {}, body=encoded, isBase64Encoded=True) == expected


def test_a_challenge_that_the_service_does_not_offer_is_named(cognito: Any) -> None:
    module, stub = cognito("login")
    stub.add_response("initiate_auth", {"ChallengeName": "NEW_PASSWORD_REQUIRED", "ChallengeParameters": {}})
    status, answer = ask(module, BODIES["login"])
    assert (status, answer["code"]) == (403, "NEW_PASSWORD_REQUIRED")


def test_refresh_gives_a_refresh_token_only_if_cognito_does(cognito: Any) -> None:
    module, stub = cognito("refresh")
    stub.add_response(
        "initiate_auth", {"AuthenticationResult": {"IdToken": "i", "AccessToken": "a", "ExpiresIn": 3600}}
    )
    assert ask(module, BODIES["refresh"]) == (200, {"idToken": "i", "accessToken": "a", "expiresIn": 3600})


def test_register_sends_the_attributes_and_says_where_the_code_went(cognito: Any) -> None:
    module, stub = cognito("register")
    stub.add_response(
        "sign_up",
        {
            "UserConfirmed": False,
            "UserSub": "1234",
            "CodeDeliveryDetails": {
                "Destination": "a***@e***",
                "DeliveryMedium": "EMAIL",
                "AttributeName": "email",
            },
        },
        {
            "ClientId": "client",
            "Username": EMAIL,
            "Password": PASSWORD,
            "UserAttributes": [
                {"Name": "email", "Value": EMAIL},
                {"Name": "name", "Value": "Ada"},
                {"Name": "custom:city", "Value": "London"},
            ],
        },
    )
    body = BODIES["register"] | {"email": f" {EMAIL} ", "name": "Ada", "city": "London"}
    delivery = {"medium": "EMAIL", "destination": "a***@e***"}
    assert ask(module, body) == (201, {"id": "1234", "confirmed": False, "delivery": delivery})


@pytest.mark.parametrize("identity", IDENTITIES.values(), ids=IDENTITIES)
def test_the_profile_joins_cognitos_attributes_with_the_authorizers_claims(
    cognito: Any, identity: dict[str, Any]
) -> None:
    module, stub = cognito("get_profile")
    user = {"sub": "1234", "email": EMAIL, "email_verified": "true", "custom:city": "London"}
    stub.add_response(
        "get_user",
        {
            "Username": "1234",
            "UserAttributes": [{"Name": name, "Value": value} for name, value in user.items()],
        },
        {"AccessToken": "token"},
    )
    expected = {
        "id": "1234",
        "email": EMAIL,
        "emailVerified": True,
        "name": "",
        "city": "London",
        "claims": CLAIMS,
    }
    assert ask(module, {}, requestContext=identity) == (200, expected)


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_browser_is_told_the_pages_origin_where_there_is_one(
    load: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def headers() -> dict[str, str]:
        module = load(name)
        told: dict[str, str] = module.reply(200, {})["headers"]
        return told

    monkeypatch.delenv("ALLOWED_ORIGIN", raising=False)
    assert "access-control-allow-origin" not in headers()
    monkeypatch.setenv("ALLOWED_ORIGIN", "https://page.example")
    assert headers()["access-control-allow-origin"] == "https://page.example"


@pytest.mark.parametrize("header", ["Authorization", "authorization", "AUTHORIZATION"])
@pytest.mark.parametrize("value", ["Bearer token", "bearer token", "token", "BEARER  token"])
def test_the_token_is_found_however_the_header_is_spelled(cognito: Any, header: str, value: str) -> None:
    module, stub = cognito("logout")
    stub.add_response("global_sign_out", {}, {"AccessToken": "token"})
    assert ask(module, {}, headers={"host": "x", header: value})[0] == 200


def test_logout_with_a_refresh_token_ends_that_session_only(cognito: Any) -> None:
    module, stub = cognito("logout")
    stub.add_response("revoke_token", {}, {"ClientId": "client", "Token": "refresh"})
    assert ask(module, {"refreshToken": "refresh"})[0] == 200


def test_an_empty_value_takes_an_attribute_away(cognito: Any) -> None:
    module, stub = cognito("update_profile")
    stub.add_response(
        "update_user_attributes",
        {},
        {
            "AccessToken": "token",
            "UserAttributes": [{"Name": "name", "Value": "Ada"}, {"Name": "custom:city", "Value": ""}],
        },
    )
    assert ask(module, {"name": " Ada ", "city": ""})[0] == 200
