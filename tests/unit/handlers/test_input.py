"""What the handlers make of input that they can't use: 400, with the field at fault, before Cognito is asked."""

import base64
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

WITH_BODY = [
    "register",
    "confirm",
    "resend",
    "login",
    "refresh",
    "forgot_password",
    "reset_password",
    "update_profile",
]
EMAIL = "ada@example.com"
PASSWORD = "Difference-1"


def ask(module: ModuleType, body: Any, **more: Any) -> tuple[int, dict[str, Any]]:
    response = module.handler({"body": body if isinstance(body, str) else json.dumps(body), **more}, None)
    assert response["headers"]["content-type"] == "application/json"
    return response["statusCode"], json.loads(response["body"])


@pytest.mark.parametrize("name", WITH_BODY)
@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "nonsense",
        "[]",
        '"text"',
        "null",
        "7",
        "NaN",
        "[" * 20_000,
        '{"email": "\\ud800@example.com"}',
        "9" * 5000,
    ],
    ids=[
        "empty",
        "cut",
        "no json",
        "array",
        "string",
        "null",
        "number",
        "nan",
        "deep",
        "surrogate",
        "huge number",
    ],
)
def test_a_body_that_is_no_json_object_is_refused(load: Any, name: str, body: str) -> None:
    status, answer = ask(load(name), body)
    assert status == 400
    assert "JSON" in answer["message"]
    assert set(answer) == {"message"}


@pytest.mark.parametrize("name", WITH_BODY)
def test_an_event_without_a_body_is_refused(load: Any, name: str) -> None:
    assert load(name).handler({"headers": {}}, None)["statusCode"] == 400


@pytest.mark.parametrize("body", ["%%%", base64.b64encode(b"\xff\xfe").decode(), "A"])
def test_a_base64_body_that_holds_no_text_is_refused(load: Any, body: str) -> None:
    status, _ = ask(load("login"), body, isBase64Encoded=True)
    assert status == 400


REQUIRED = [
    ("register", "email", {"password": PASSWORD}),
    ("register", "password", {"email": EMAIL}),
    ("confirm", "email", {"code": "123456"}),
    ("confirm", "code", {"email": EMAIL}),
    ("resend", "email", {}),
    ("login", "email", {"password": PASSWORD}),
    ("login", "password", {"email": EMAIL}),
    ("refresh", "refreshToken", {}),
    ("forgot_password", "email", {}),
    ("reset_password", "email", {"code": "123456", "password": PASSWORD}),
    ("reset_password", "code", {"email": EMAIL, "password": PASSWORD}),
    ("reset_password", "password", {"email": EMAIL, "code": "123456"}),
]


@pytest.mark.parametrize(("name", "field", "rest"), REQUIRED)
def test_every_required_field_is_named_when_it_is_missing_or_of_another_type(
    load: Any, name: str, field: str, rest: dict[str, str]
) -> None:
    module = load(name)
    for body in (rest, rest | {field: None}, rest | {field: ""}):
        assert ask(module, body) == (400, {"message": f"{field} is required.", "field": field})
    wrong: Any
    for wrong in (7, True, 0, [], {}, ["a@example.com"]):
        assert ask(module, rest | {field: wrong}) == (
            400,
            {"message": f"{field} must be a string.", "field": field},
        )
    status, answer = ask(module, rest | {field: "x" * 10_000})
    assert (status, answer["field"]) == (400, field)
    assert "longer" in answer["message"]


@pytest.mark.parametrize(
    "email", ["ada", "@", "ada@", "@example.com", "a da@example.com", "ada@exam\nple.com", " "]
)
def test_an_address_must_look_like_one(load: Any, email: str) -> None:
    status, answer = ask(load("register"), {"email": email, "password": PASSWORD})
    assert (status, answer["field"]) == (400, "email")


@pytest.mark.parametrize("name", ["register", "reset_password"])
def test_a_new_password_is_as_long_as_the_pools_policy_wants_it(load: Any, name: str) -> None:
    module = load(name)
    template = yaml.load(
        (Path(module.__file__ or "").parents[1] / "stack/cognito.yml").read_text(), Loader=WithTags
    )
    policy = template["Resources"]["UserPool"]["Properties"]["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] == module.SHORTEST_PASSWORD
    body = {"email": EMAIL, "code": "123456", "password": "Aa1" + "x" * (module.SHORTEST_PASSWORD - 4)}
    status, answer = ask(module, body)
    assert (status, answer["field"]) == (400, "password")


@pytest.mark.parametrize("value", [7, [], False, {"a": 1}, "x" * 61])
@pytest.mark.parametrize("field", ["name", "city"])
def test_a_name_or_city_is_a_short_string(load: Any, field: str, value: Any) -> None:
    for name, rest in (("register", {"email": EMAIL, "password": PASSWORD}), ("update_profile", {})):
        status, answer = ask(load(name), rest | {field: value})
        assert (status, answer["field"]) == (400, field)


def test_a_profile_changes_only_in_the_fields_that_are_its_owners(load: Any) -> None:
    module = load("update_profile")
    status, answer = ask(module, {"name": "Ada", "email": "eve@example.com"})
    assert (status, answer["field"]) == (400, "email")
    status, answer = ask(module, {})
    assert status == 400 and "Nothing to change" in answer["message"]


def test_a_wrong_refresh_token_field_is_refused_on_logout(load: Any) -> None:
    assert ask(load("logout"), {"refreshToken": 7}) == (
        400,
        {"message": "refreshToken must be a string.", "field": "refreshToken"},
    )


class WithTags(yaml.SafeLoader):
    """YAML with CloudFormation's short intrinsics, as plain text."""


WithTags.add_multi_constructor("!", lambda loader, suffix, node: f"{suffix} {node.value}")
