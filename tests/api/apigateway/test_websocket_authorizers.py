"""Who may connect to a WebSocket API: REQUEST authorizers, AWS_IAM; and what its control plane refuses."""

import json
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from dewstack.access import Principal, Refusal
from dewstack.errors import AwsError
from dewstack.http import Request
from tests.api.apigateway.http_api_client import Result
from tests.api.apigateway.websocket_client import Desk, play, received

GUARD = "arn:aws:lambda:us-east-1:000000000000:function:guard"


def policy(effect: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    return {"principalId": "ann", "policyDocument": {"Statement": [statement]}, **more}


async def guarded(desk: Desk, *sources: str) -> None:
    made = await desk.call(
        "CreateAuthorizer",
        Name="guard",
        AuthorizerType="REQUEST",
        AuthorizerUri=GUARD,
        IdentitySource=list(sources or ("route.request.querystring.token",)),
    )
    await desk.route("$connect", AuthorizationType="CUSTOM", AuthorizerId=made["AuthorizerId"])
    await desk.route("$default")


async def refused(desk: Desk, path: str = "/dev?token=t") -> tuple[int, dict[str, Any]]:
    with pytest.raises(InvalidStatus) as refusal:
        async with desk.connect(path):
            raise AssertionError("connected")
    return refusal.value.response.status_code, json.loads(refusal.value.response.body or b"{}")


def test_what_an_authorizer_says_goes_with_every_event() -> None:
    async def scene(desk: Desk) -> None:
        desk.functions["guard"] = lambda event: policy(
            "Allow", context={"role": "admin", "level": 3, "on": True}
        )
        await guarded(desk)
        async with desk.connect("/dev?token=t") as client:
            await client.send("hello")
            await desk.until(lambda: desk.told("MESSAGE"))
        asked, connect, message = desk.events[:3]
        assert asked["type"] == "REQUEST"
        assert asked["methodArn"] == f"arn:aws:execute-api:us-east-1:000000000000:{desk.api_id}/dev/$connect"
        assert asked["headers"]["Upgrade"] == "websocket" and asked["queryStringParameters"] == {"token": "t"}
        assert asked["requestContext"]["connectionId"] == connect["requestContext"]["connectionId"]
        assert "authorizer" not in asked["requestContext"]
        for event in (connect, message):
            said = event["requestContext"]["authorizer"]
            assert said == {
                "principalId": "ann",
                "role": "admin",
                "level": "3",
                "on": "true",
                "integrationLatency": 0,
            }
        assert len([event for event in desk.events if event.get("type") == "REQUEST"]) == 1

    play(scene)


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        (policy("Deny"), 403, "User is not authorized to access this resource with an explicit deny"),
        (
            policy("Allow", "arn:aws:execute-api:*:*:other/*"),
            403,
            "User is not authorized to access this resource",
        ),
        (Result(b'{"errorMessage": "Unauthorized"}', "Unhandled"), 401, "Unauthorized"),
        (Result(b'{"errorMessage": "oh no"}', "Unhandled"), 500, "Internal server error"),
        ({"policyDocument": policy("Allow")["policyDocument"]}, 500, "Internal server error"),
        ({**policy("Allow"), "context": {"a": []}}, 500, "Internal server error"),
    ],
)
def test_an_authorizer_refuses(answer: Any, status: int, message: str) -> None:
    async def scene(desk: Desk) -> None:
        desk.functions["guard"] = lambda event: answer
        await guarded(desk)
        found, body = await refused(desk)
        assert (found, body["message"]) == (status, message)
        assert not desk.told("MESSAGE") and len(desk.events) == 1

    play(scene)


def test_without_an_identity_nobody_is_asked() -> None:
    async def scene(desk: Desk) -> None:
        await guarded(desk, "route.request.header.Auth", "route.request.querystring.token")
        assert (await refused(desk))[0] == 401
        assert not desk.events

    play(scene)


def test_iam_lets_in_whom_it_allows() -> None:
    asked: list[tuple[str, str]] = []

    async def scene(desk: Desk) -> None:
        async def authorize(request: Request, action: str, resource: str, **_: Any) -> Principal | Refusal:
            asked.append((action, resource))
            if request.query == "who=ann":
                return Principal("000000000000", "arn:aws:iam::000000000000:user/ann", "AIDA", "AKIA", "user")
            return Refusal("AccessDeniedException", "no")

        desk.guard(authorize)
        await desk.route("$connect", AuthorizationType="AWS_IAM")
        async with desk.connect("/dev?who=ann"):
            pass
        identity = desk.told("CONNECT")[0]["requestContext"]["identity"]
        assert identity["userArn"] == "arn:aws:iam::000000000000:user/ann"
        assert (await refused(desk, "/dev"))[0] == 403
        arn = f"arn:aws:execute-api:us-east-1:000000000000:{desk.api_id}/dev/$connect"
        assert asked == [("execute-api:Invoke", arn)] * 2

    play(scene)


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("CreateApi", {"Name": "x", "ProtocolType": "WEBSOCKET"}, "BadRequestException"),
        (
            "CreateApi",
            {"Name": "x", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.header.x"},
            "NotImplemented",
        ),
        ("CreateRoute", {"RouteKey": "$disconnect", "AuthorizationType": "AWS_IAM"}, "BadRequestException"),
        ("CreateRoute", {"RouteKey": "$other"}, "BadRequestException"),
        ("CreateRoute", {"RouteKey": "$connect", "ApiKeyRequired": True}, "NotImplemented"),
        ("CreateIntegration", {"IntegrationType": "NONE"}, "BadRequestException"),
        ("CreateIntegration", {"IntegrationType": "AWS_PROXY"}, "BadRequestException"),
        (
            "CreateIntegration",
            {"IntegrationType": "AWS_PROXY", "IntegrationUri": GUARD, "PayloadFormatVersion": "2.0"},
            "BadRequestException",
        ),
        ("CreateAuthorizer", {"Name": "x", "AuthorizerType": "JWT"}, "BadRequestException"),
        (
            "CreateAuthorizer",
            {
                "Name": "x",
                "AuthorizerType": "REQUEST",
                "AuthorizerUri": GUARD,
                "IdentitySource": ["$request.header.Auth"],
            },
            "BadRequestException",
        ),
    ],
)
def test_refusals(operation: str, params: dict[str, Any], code: str) -> None:
    async def scene(desk: Desk) -> None:
        with pytest.raises(AwsError) as refusal:
            await desk.call(operation, **params)
        assert refusal.value.code == code

    play(scene)


def test_responses_of_routes_and_integrations_are_kept() -> None:
    async def scene(desk: Desk) -> None:
        route_id = await desk.route("$default", two_way=True)
        (response,) = (await desk.call("GetRouteResponses", RouteId=route_id))["Items"]
        assert response["RouteResponseKey"] == "$default"
        with pytest.raises(AwsError, match="already exists"):
            await desk.call("CreateRouteResponse", RouteId=route_id, RouteResponseKey="$default")
        named = {"RouteId": route_id, "RouteResponseId": response["RouteResponseId"]}
        assert await desk.call("GetRouteResponse", **named) == response
        assert await desk.call("DeleteRouteResponse", **named) == {}
        assert (await desk.call("GetRouteResponses", RouteId=route_id))["Items"] == []
        integration = (await desk.call("GetIntegrations"))["Items"][0]["IntegrationId"]
        made = await desk.call(
            "CreateIntegrationResponse", IntegrationId=integration, IntegrationResponseKey="/200/"
        )
        of = {"IntegrationId": integration, "IntegrationResponseId": made["IntegrationResponseId"]}
        changed = await desk.call("UpdateIntegrationResponse", **of, IntegrationResponseKey="$default")
        assert (await desk.call("GetIntegrationResponse", **of)) == changed
        assert (await desk.call("GetIntegrationResponses", IntegrationId=integration))["Items"] == [changed]
        await desk.call("DeleteIntegrationResponse", **of)
        with pytest.raises(AwsError):
            await desk.call("GetIntegrationResponse", **of)

    play(scene)


def test_a_mock_answers_by_itself() -> None:
    async def scene(desk: Desk) -> None:
        templates = {"200": '{"statusCode": 200}', "403": '{"statusCode": 403}'}
        mock = {"IntegrationType": "MOCK", "RequestTemplates": templates}
        made = await desk.call("CreateIntegration", **mock, TemplateSelectionExpression="200")
        of = {"IntegrationId": made["IntegrationId"]}
        target = {"Target": f"integrations/{made['IntegrationId']}"}
        said = {"ResponseTemplates": {"$default": '{"fine": true}'}}
        await desk.call("CreateIntegrationResponse", **of, IntegrationResponseKey="/2../", **said)
        await desk.route("$connect", **target)
        await desk.route("$default", two_way=True, **target)
        async with desk.connect() as client:
            await client.send("x")
            assert await received(client) == {"fine": True}
        await desk.call("UpdateIntegration", **of, TemplateSelectionExpression="403")
        assert (await refused(desk, "/dev"))[0] == 403
        assert not desk.events

    play(scene)
