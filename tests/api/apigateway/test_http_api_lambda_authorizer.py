"""Lambda authorizers of HTTP APIs."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from dewstack.apigateway.errors import NotFoundException
from tests.api.apigateway.http_api_client import HOST, Gateway, Result

AUTHORIZER = "arn:aws:lambda:us-east-1:000000000000:function:authorizer"


class Door:
    """A gateway whose routes are behind a Lambda authorizer. `answer` is what that function says to an event."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway.create()
        self.answer: Callable[[dict[str, Any]], Any] = lambda event: {"isAuthorized": True}
        self.asked: list[dict[str, Any]] = []
        gateway.invoke = self._invoke

    async def _invoke(self, function: str, event: bytes) -> Result:
        decoded = json.loads(event)
        if function == AUTHORIZER:
            self.asked.append(decoded)
            output = self.answer(decoded)
        else:
            output = {"statusCode": 200, "body": json.dumps(decoded["requestContext"].get("authorizer"))}
        return output if isinstance(output, Result) else Result(json.dumps(output).encode())

    def guard(self, *route_keys: str, payload: str = "2.0", **authorizer: Any) -> "Door":
        settings = {
            "Name": "door",
            "AuthorizerType": "REQUEST",
            "AuthorizerUri": AUTHORIZER,
            "AuthorizerPayloadFormatVersion": "2.0",
            "AuthorizerResultTtlInSeconds": 0,
            "EnableSimpleResponses": True,
            "IdentitySource": ["$request.header.Authorization"],
        }
        created = self.gateway.call("CreateAuthorizer", **(settings | authorizer))
        for route_key in route_keys:
            self.gateway.call(
                "CreateRoute",
                RouteKey=route_key,
                Target=self.gateway.integration(payload),
                AuthorizationType="CUSTOM",
                AuthorizerId=created["AuthorizerId"],
            )
        return self

    def status(self, path: str = "/me", token: str | None = "secret") -> int:
        headers = {} if token is None else {"Authorization": token}
        return self.gateway.request("GET", path, headers).status


@pytest.fixture
def door(gateway: Gateway) -> Door:
    return Door(gateway)


def policy(effect: str, resource: str) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def test_a_simple_response_decides(door: Door) -> None:
    door.guard("GET /me").answer = lambda event: {"isAuthorized": event["identitySource"] == ["secret"]}
    assert (door.status(token="secret"), door.status(token="wrong")) == (200, 403)
    assert door.gateway.get("/me", Authorization="wrong").body == b'{"message":"Forbidden"}'


@pytest.mark.parametrize("token", [None, ""])
def test_without_an_identity_the_function_is_not_asked(door: Door, token: str | None) -> None:
    assert door.guard("GET /me").status(token=token) == 401
    assert door.gateway.get("/me").body == b'{"message":"Unauthorized"}'
    assert door.asked == []


def test_the_event_of_format_2_0(door: Door) -> None:
    source = ["$request.header.Authorization", "$request.querystring.q", "$context.routeKey"]
    door.guard("GET /me/{id}", IdentitySource=source)
    door.gateway.request("GET", "/me/5?q=1", {"Authorization": "secret", "Cookie": "a=1", "Host": HOST})
    (event,) = door.asked
    assert event["version"] == "2.0"
    assert event["type"] == "REQUEST"
    arn = f"arn:aws:execute-api:us-east-1:000000000000:{door.gateway.api_id}/$default/GET/me/5"
    assert event["routeArn"] == arn
    assert event["identitySource"] == ["secret", "1", "GET /me/{id}"]
    assert event["routeKey"] == "GET /me/{id}"
    assert event["pathParameters"] == {"id": "5"}
    assert event["queryStringParameters"] == {"q": "1"}
    assert event["cookies"] == ["a=1"]
    assert event["headers"]["authorization"] == "secret"
    assert event["requestContext"]["http"]["path"] == "/me/5"
    assert not {"body", "isBase64Encoded"} & set(event)


def test_the_event_of_format_1_0(door: Door) -> None:
    door.answer = lambda event: policy("Allow", event["methodArn"])
    door.guard("GET /me", AuthorizerPayloadFormatVersion="1.0", EnableSimpleResponses=False)
    assert door.status() == 200
    (event,) = door.asked
    assert set(event) == {
        "version",
        "type",
        "methodArn",
        "identitySource",
        "authorizationToken",
        "resource",
        "path",
        "httpMethod",
        "headers",
        "queryStringParameters",
        "pathParameters",
        "stageVariables",
        "requestContext",
    }
    assert (event["version"], event["type"], event["resource"]) == ("1.0", "REQUEST", "/me")
    assert event["identitySource"] == event["authorizationToken"] == "secret"


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("2.0", {"lambda": {"user": "me", "n": 1, "list": ["a"]}}),
        ("1.0", {"user": "me", "n": 1, "list": ["a"]}),
    ],
)
def test_the_context_reaches_the_function(door: Door, payload: str, expected: object) -> None:
    context = {"user": "me", "n": 1, "list": ["a"]}
    door.guard("GET /me", payload=payload).answer = lambda event: {"isAuthorized": True, "context": context}
    response = door.gateway.get("/me", Authorization="secret")
    assert json.loads(response.body) == expected


def test_a_verdict_holds_for_its_time(door: Door) -> None:
    door.guard("GET /me", "GET /you", AuthorizerResultTtlInSeconds=60)
    assert [door.status(), door.status(), door.status("/you")] == [200, 200, 200]
    assert len(door.asked) == 1
    door.status(token="another")
    assert len(door.asked) == 2
    door.gateway.clock.advance(61)
    door.answer = lambda event: {"isAuthorized": False}
    assert door.status() == 403
    assert [door.status(), len(door.asked)] == [403, 3]


def test_what_is_remembered_can_be_reset(door: Door) -> None:
    door.guard("GET /me", AuthorizerResultTtlInSeconds=60)
    assert [door.status(), door.status(), len(door.asked)] == [200, 200, 1]
    door.gateway.call("ResetAuthorizersCache", StageName="$default")
    assert [door.status(), len(door.asked)] == [200, 2]
    with pytest.raises(NotFoundException):
        door.gateway.call("ResetAuthorizersCache", StageName="nowhere")


def test_without_a_time_to_live_it_is_asked_each_time(door: Door) -> None:
    door.guard("GET /me")
    assert [door.status(), door.status(), len(door.asked)] == [200, 200, 2]


def test_a_kept_policy_is_applied_to_each_route(door: Door) -> None:
    door.answer = lambda event: policy("Allow", event["routeArn"])
    door.guard("GET /me", "GET /you", AuthorizerResultTtlInSeconds=60, EnableSimpleResponses=False)
    assert [door.status("/me"), door.status("/you"), len(door.asked)] == [200, 403, 1]


@pytest.mark.parametrize(("effect", "status"), [("Allow", 200), ("Deny", 403)])
def test_policies(door: Door, effect: str, status: int) -> None:
    door.answer = lambda event: policy(effect, "*")
    assert door.guard("GET /me", EnableSimpleResponses=False).status() == status


@pytest.mark.parametrize("path", ["/admin", "/admin/", "/%61dmin", "//admin", "/admin?x=1"])
def test_no_spelling_of_a_path_escapes_a_policy(door: Door, path: str) -> None:
    allow, deny = policy("Allow", "*"), policy("Deny", "arn:aws:execute-api:*:*:*/*/GET/admin")
    allow["policyDocument"]["Statement"] += deny["policyDocument"]["Statement"]
    door.answer = lambda event: allow
    door.guard("GET /admin", "GET /{id}", EnableSimpleResponses=False)
    assert (door.status(path), door.status("/other")) == (403, 200)


def test_an_encoded_slash_does_not_lend_a_path_another_s_policy(door: Door) -> None:
    door.answer = lambda event: policy("Allow", "arn:aws:execute-api:*:*:*/*/GET/public/*")
    door.guard("GET /public/{id}", "GET /{id}", EnableSimpleResponses=False)
    assert (door.status("/public/1"), door.status("/public%2F1")) == (200, 403)


def test_unauthorized_is_the_function_s_word_for_401(door: Door) -> None:
    door.guard("GET /me").answer = lambda event: Result(b'{"errorMessage": "Unauthorized"}', "Unhandled")
    assert door.status() == 401


@pytest.mark.parametrize(
    "answer",
    [
        Result(b'{"errorMessage": "boom"}', "Unhandled"),
        Result(b"not json"),
        None,
        "yes",
        {},
        {"isAuthorized": "true"},
        {"isAuthorized": True, "context": "me"},
    ],
)
def test_a_broken_simple_authorizer_lets_nobody_in(door: Door, answer: object) -> None:
    door.guard("GET /me").answer = lambda event: answer
    assert door.status() == 500


@pytest.mark.parametrize("answer", [{}, {"isAuthorized": True}, {"policyDocument": "allow"}])
def test_a_broken_policy_lets_nobody_in(door: Door, answer: object) -> None:
    door.guard("GET /me", EnableSimpleResponses=False, AuthorizerResultTtlInSeconds=60).answer = (
        lambda event: answer
    )
    assert [door.status(), door.status()] == [500, 500]
