"""Lambda authorizers of REST APIs, and what signatures are told."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from dewstack.http import Response
from tests.api.apigateway.http_api_client import Result, header
from tests.api.apigateway.rest_api_client import AUTHORIZER, AUTHORIZER_URI, RestGateway

DENIED = b'{"Message":"User is not authorized to access this resource%b"}'


def policy(effect: str, resource: str, **others: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    return {"principalId": "me", "policyDocument": {"Statement": [statement]}} | others


class Door:
    """An API whose methods are behind a Lambda authorizer. `answer` is what that function says to an event."""

    def __init__(self, rest: RestGateway) -> None:
        self.rest = rest.create_rest()
        self.answer: Callable[[dict[str, Any]], Any] = lambda event: policy("Allow", event["methodArn"])
        self.asked: list[dict[str, Any]] = []
        rest.invoke = self._invoke

    async def _invoke(self, function: str, event: bytes) -> Result:
        decoded = json.loads(event)
        if function == AUTHORIZER:
            self.asked.append(decoded)
            output = self.answer(decoded)
        else:
            output = {"statusCode": 200, "body": json.dumps(decoded["requestContext"])}
        return output if isinstance(output, Result) else Result(json.dumps(output).encode())

    def guard(self, *routes: str, **authorizer: Any) -> "Door":
        settings = {
            "name": "door",
            "type": "TOKEN",
            "authorizerUri": AUTHORIZER_URI,
            "authorizerResultTtlInSeconds": 0,
            "identitySource": "method.request.header.Authorization",
        }
        created = self.rest.call("CreateAuthorizer", **(settings | authorizer))
        for route in routes:
            self.rest.method(route, authorizationType="CUSTOM", authorizerId=created["id"])
        self.rest.deploy(variables={"colour": "blue"})
        return self

    def get(self, path: str = "/me", token: str | None = "secret") -> Response:
        return self.rest.request("GET", path, {} if token is None else {"Authorization": token})


@pytest.fixture
def door(rest: RestGateway) -> Door:
    return Door(rest)


def test_the_event_of_a_token_authorizer(door: Door) -> None:
    assert door.guard("GET /me/{id}").get("/me/5").status == 200
    arn = f"arn:aws:execute-api:us-east-1:000000000000:{door.rest.api_id}/dev/GET/me/5"
    assert door.asked == [{"type": "TOKEN", "methodArn": arn, "authorizationToken": "secret"}]


def test_the_event_of_a_request_authorizer(door: Door) -> None:
    source = "method.request.header.Authorization, stageVariables.colour, context.httpMethod"
    door.guard("GET /me/{id}", type="REQUEST", identitySource=source)
    assert door.get("/me/5?a=1&a=2").status == 200
    (event,) = door.asked
    assert event["headers"]["Authorization"] == "secret"
    assert event["multiValueHeaders"]["Authorization"] == ["secret"]
    assert event["requestContext"]["resourcePath"] == "/me/{id}"
    assert "authorizer" not in event["requestContext"]
    assert {
        name: event[name] for name in event if name not in ("headers", "multiValueHeaders", "requestContext")
    } == {
        "type": "REQUEST",
        "methodArn": f"arn:aws:execute-api:us-east-1:000000000000:{door.rest.api_id}/dev/GET/me/5",
        "resource": "/me/{id}",
        "path": "/me/5",
        "httpMethod": "GET",
        "queryStringParameters": {"a": "2"},
        "multiValueQueryStringParameters": {"a": ["1", "2"]},
        "pathParameters": {"id": "5"},
        "stageVariables": {"colour": "blue"},
    }


@pytest.mark.parametrize("kind", ["TOKEN", "REQUEST"])
@pytest.mark.parametrize("token", [None, ""])
def test_without_an_identity_the_function_is_not_asked(door: Door, kind: str, token: str | None) -> None:
    response = door.guard("GET /me", type=kind).get(token=token)
    assert (response.status, response.body) == (401, b'{"message":"Unauthorized"}')
    assert header(response, "x-amzn-ErrorType") == ["UnauthorizedException"]
    assert door.asked == []


def test_a_token_may_have_to_fit_an_expression(door: Door) -> None:
    door.guard("GET /me", identityValidationExpression="Bearer [a-z]+")
    assert [door.get(token=token).status for token in ("Bearer abc", "Bearer abc1", "abc")] == [200, 401, 401]
    assert len(door.asked) == 1


@pytest.mark.parametrize(
    ("effect", "resource", "tail"),
    [("Deny", "*", b" with an explicit deny"), ("Allow", "arn:aws:execute-api:*:*:other/*", b"")],
)
def test_denials(door: Door, effect: str, resource: str, tail: bytes) -> None:
    door.answer = lambda event: policy(effect, resource)
    response = door.guard("GET /me").get()
    assert (response.status, response.body) == (403, DENIED % tail)
    assert header(response, "x-amzn-ErrorType") == ["AccessDeniedException"]


def test_the_context_reaches_the_function_as_text(door: Door) -> None:
    context = {"user": "me", "number": 1, "share": 0.5, "admin": True, "nothing": None}
    door.answer = lambda event: policy("Allow", "*", context=context)
    response = door.guard("GET /me").get()
    assert json.loads(response.body)["authorizer"] == {
        "principalId": "me",
        "integrationLatency": 0,
        "user": "me",
        "number": "1",
        "share": "0.5",
        "admin": "true",
    }


@pytest.mark.parametrize(
    "answer",
    [
        Result(b'{"errorMessage": "boom"}', "Unhandled"),
        Result(b"not json"),
        None,
        "yes",
        {},
        {"principalId": "me"},
        {"principalId": "me", "policyDocument": "allow"},
        {"policyDocument": {"Statement": []}},
        policy("Allow", "*", context={"list": []}),
        policy("Allow", "*", context="me"),
    ],
)
def test_a_broken_authorizer_lets_nobody_in(door: Door, answer: object) -> None:
    door.guard("GET /me", authorizerResultTtlInSeconds=60).answer = lambda event: answer
    for _ in range(2):
        response = door.get()
        assert (response.status, response.body) == (500, b'{"message":null}')
        assert header(response, "x-amzn-ErrorType") == ["AuthorizerConfigurationException"]


def test_unauthorized_is_the_function_s_word_for_401(door: Door) -> None:
    door.guard("GET /me").answer = lambda event: Result(b'{"errorMessage": "Unauthorized"}', "Unhandled")
    assert door.get().status == 401


def test_a_verdict_holds_five_minutes_unless_told_otherwise(door: Door) -> None:
    door.guard("GET /me", authorizerResultTtlInSeconds=None)
    assert [door.get().status, door.get().status, len(door.asked)] == [200, 200, 1]
    door.get(token="another")
    assert len(door.asked) == 2
    door.rest.clock.advance(301)
    door.answer = lambda event: policy("Deny", "*")
    assert [door.get().status, len(door.asked)] == [403, 3]


def test_a_kept_policy_is_applied_to_each_method(door: Door) -> None:
    door.guard("GET /me", "GET /you", authorizerResultTtlInSeconds=60)
    assert [door.get("/me").status, door.get("/you").status, len(door.asked)] == [200, 403, 1]


@pytest.mark.parametrize("path", ["/admin", "/admin/", "//dev//admin", "//dev/admin?x=1"])
def test_no_spelling_of_a_path_escapes_a_policy(door: Door, path: str) -> None:
    allow, deny = policy("Allow", "*"), policy("Deny", "arn:aws:execute-api:*:*:*/*/GET/admin")
    allow["policyDocument"]["Statement"] += deny["policyDocument"]["Statement"]
    door.answer = lambda event: allow
    door.guard("GET /admin", "GET /{id}")
    assert (door.get(path).status, door.get("/other").status) == (403, 200)


def test_an_encoded_spelling_of_a_path_is_another_path(door: Door) -> None:
    door.answer = lambda event: policy("Allow", "arn:aws:execute-api:*:*:*/*/GET/admin")
    door.guard("GET /admin", "GET /{id}")
    assert [door.get(path).status for path in ("/admin", "/%61dmin")] == [200, 403]


@pytest.mark.parametrize(
    ("authorization", "error_type", "begins"),
    [
        (None, "MissingAuthenticationTokenException", "Missing Authentication Token"),
        ("Bearer abc", "IncompleteSignatureException", "Invalid key=value pair (missing equal-sign) in"),
        ("abc", "IncompleteSignatureException", "Authorization header requires 'Credential' parameter."),
        (
            "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host,"
            " Signature=abc",
            "InvalidSignatureException",
            "The request signature we calculated does not match",
        ),
    ],
)
@pytest.mark.parametrize("path", ["/nowhere", "/signed"])
def test_signatures_open_nothing(
    rest: RestGateway, path: str, authorization: str | None, error_type: str, begins: str
) -> None:
    rest.create_rest().method("GET /signed", authorizationType="AWS_IAM")
    headers = {"Authorization": authorization, "X-Amz-Date": "20260101T000000Z"} if authorization else {}
    response = rest.deploy().request("GET", path, headers)
    assert response.status == 403
    assert json.loads(response.body)["message"].startswith(begins)
    assert header(response, "x-amzn-ErrorType") == [error_type]
    assert rest.invoked == []
