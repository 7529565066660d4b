"""WebSocket APIs: handshakes, routes, events, answers, farewells."""

import asyncio
import json
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.api.apigateway.http_api_client import Result
from tests.api.apigateway.websocket_client import DOMAIN, Desk, play, received

ALL = ("$connect", "$disconnect", "$default")


def test_a_connection_is_told_of_from_its_beginning_to_its_end() -> None:
    async def scene(desk: Desk) -> None:
        async with desk.connect("/dev?room=1&room=2", headers={"X-Who": "me"}) as client:
            await client.send("hello")
            await desk.until(lambda: desk.told("MESSAGE"))
            await client.close(1000, "bye")
        await desk.until(lambda: desk.told("DISCONNECT"))
        connect, message, disconnect = desk.events
        context = connect["requestContext"]
        assert context["routeKey"] == "$connect"
        assert context["messageDirection"] == "IN"
        assert context["apiId"] == desk.api_id and context["stage"] == "dev"
        assert context["domainName"] == f"{desk.api_id}.{DOMAIN}"
        assert context["identity"]["sourceIp"] == "127.0.0.1"
        assert context["requestId"] == context["extendedRequestId"]
        assert connect["queryStringParameters"] == {"room": "2"}
        assert connect["multiValueQueryStringParameters"] == {"room": ["1", "2"]}
        assert connect["headers"]["X-Who"] == "me"
        assert connect["multiValueHeaders"]["X-Who"] == ["me"]
        assert not {"Connection", "Upgrade"} & connect["headers"].keys()
        assert connect["isBase64Encoded"] is False and "body" not in connect
        of_message = message["requestContext"]
        assert message.keys() == {"requestContext", "body", "isBase64Encoded"}
        assert message["body"] == "hello"
        assert of_message["routeKey"] == "$default" and of_message["messageId"]
        assert of_message["connectionId"] == context["connectionId"]
        assert of_message["connectedAt"] == context["connectedAt"]
        farewell = disconnect["requestContext"]
        assert farewell["routeKey"] == "$disconnect"
        assert (farewell["disconnectStatusCode"], farewell["disconnectReason"]) == (1000, "bye")
        assert disconnect["headers"]["Host"] == f"{desk.api_id}.{DOMAIN}"

    play(scene, *ALL)


@pytest.mark.parametrize(
    ("message", "route"),
    [
        ('{"action": "join"}', "join"),
        ('{"action": "leave"}', "$default"),
        ('{"action": "$connect"}', "$default"),
        ('{"action": 7}', "7"),
        ('{"other": "join"}', "$default"),
        ('"join"', "$default"),
        ("join", "$default"),
        ("", "$default"),
    ],
)
def test_a_message_goes_where_its_body_says(message: str, route: str) -> None:
    async def scene(desk: Desk) -> None:
        async with desk.connect() as client:
            await client.send(message)
            (event,) = await desk.until(lambda: desk.told("MESSAGE"))
        assert event["requestContext"]["routeKey"] == route

    play(scene, "join", "7", "$default")


def test_a_selection_may_have_several_variables() -> None:
    async def scene(desk: Desk) -> None:
        await desk.route("chat/send", two_way=True)
        async with desk.connect() as client:
            await client.send('{"kind": "chat", "what": [{"do": "send"}]}')
            assert (await received(client))["requestContext"]["routeKey"] == "chat/send"

    play(scene, RouteSelectionExpression="${request.body.kind}/${request.body.what[0].do}")


def test_a_message_that_no_route_takes_is_forbidden() -> None:
    async def scene(desk: Desk) -> None:
        async with desk.connect() as client:
            await client.send("{}")
            answer = await received(client)
        context = desk.told("CONNECT")[0]["requestContext"]
        assert answer.keys() == {"message", "connectionId", "requestId"}
        assert (answer["message"], answer["connectionId"]) == ("Forbidden", context["connectionId"])

    play(scene, "$connect")


def test_only_a_route_with_a_response_answers() -> None:
    async def scene(desk: Desk) -> None:
        desk.function = lambda event: {"statusCode": 200, "body": event.get("body", "")}
        await desk.route("loud", two_way=True)
        async with desk.connect() as client:
            await client.send('{"action": "quiet"}')
            await desk.until(lambda: desk.told("MESSAGE"))
            await client.send('{"action": "loud"}')
            assert await received(client) == {"action": "loud"}

    play(scene, "quiet")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"statusCode": "no"},
        {"statusCode": 200, "body": {}},
        Result(b"{}", "Unhandled"),
        Result(b"<"),
    ],
)
def test_a_function_that_fails_is_an_internal_server_error(answer: Any) -> None:
    async def scene(desk: Desk) -> None:
        desk.function = lambda event: answer
        async with desk.connect() as client:
            await client.send("{}")
            assert (await received(client))["message"] == "Internal server error"

    play(scene, "$default")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_connect_decides_by_its_status(status: int) -> None:
    async def scene(desk: Desk) -> None:
        desk.function = lambda event: {"statusCode": status, "body": "told to nobody"}
        with pytest.raises(InvalidStatus) as refused:
            async with desk.connect():
                raise AssertionError("connected")
        assert refused.value.response.status_code == status
        assert not refused.value.response.body
        assert not len(desk.gateway.connections)

    play(scene, *ALL)


def test_a_connect_function_that_fails_is_a_bad_gateway() -> None:
    async def scene(desk: Desk) -> None:
        desk.function = lambda event: Result(b'{"errorMessage": "no"}', "Unhandled")
        with pytest.raises(InvalidStatus) as refused:
            async with desk.connect():
                raise AssertionError("connected")
        assert refused.value.response.status_code == 502
        body = json.loads(refused.value.response.body or b"")
        assert body["message"] == "Internal server error" and body["connectionId"] and body["requestId"]

    play(scene, *ALL)


def test_the_function_chooses_the_subprotocol() -> None:
    async def scene(desk: Desk) -> None:
        desk.function = lambda event: {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "chat.v2"}}
        async with desk.connect(subprotocols=["chat.v1", "chat.v2"]) as client:
            assert client.subprotocol == "chat.v2"
        assert desk.told("CONNECT")[0]["headers"]["Sec-WebSocket-Protocol"] == "chat.v1, chat.v2"

    play(scene, *ALL)


@pytest.mark.parametrize("path", ["/", "/prod", "/dev/deeper"])
def test_nothing_is_at_other_paths(path: str) -> None:
    async def scene(desk: Desk) -> None:
        with pytest.raises(InvalidStatus) as refused:
            async with desk.connect(path):
                raise AssertionError("connected")
        assert refused.value.response.status_code == 403

    play(scene, *ALL)


def test_a_stage_without_autodeploy_serves_its_deployment() -> None:
    async def scene(desk: Desk) -> None:
        await desk.call("CreateDeployment")
        deployment = (await desk.call("CreateDeployment"))["DeploymentId"]
        await desk.call(
            "CreateStage", StageName="prod", DeploymentId=deployment, StageVariables={"table": "t"}
        )
        await desk.route("later", two_way=True)
        async with desk.connect("/prod") as client:
            await client.send('{"action": "later"}')
            (event,) = await desk.until(lambda: desk.told("MESSAGE"))
            assert event["requestContext"]["routeKey"] == "$default"
            assert event["stageVariables"] == {"table": "t"}
            await desk.call("CreateDeployment", StageName="prod")
            await client.send('{"action": "later"}')
            assert (await received(client))["requestContext"]["routeKey"] == "later"

    play(scene, *ALL)


def test_messages_of_one_client_are_worked_on_together() -> None:
    async def scene(desk: Desk) -> None:
        second = asyncio.Event()

        async def function(event: dict[str, Any]) -> Any:
            if event["body"] == "first":
                await second.wait()
            else:
                second.set()
            return {"statusCode": 200, "body": json.dumps(event["body"])}

        desk.function = function
        await desk.route("$default", two_way=True)
        async with desk.connect() as client:
            await client.send("first")
            await client.send("second")
            assert await received(client) == "second"
            assert await received(client) == "first"

    play(scene)


def test_a_throttled_route_says_so() -> None:
    async def scene(desk: Desk) -> None:
        settings = {"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 0.001}
        await desk.call("UpdateStage", StageName="dev", RouteSettings={"$default": settings})
        async with desk.connect() as client:
            await client.send("1")
            await client.send("2")
            assert (await received(client))["message"] == "Too Many Requests"

    play(scene, *ALL)


def test_the_end_of_an_api_is_the_end_of_its_connections() -> None:
    async def scene(desk: Desk) -> None:
        async with desk.connect() as client:
            await desk.call("DeleteApi")
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(client.recv(), 5)
            assert closed.value.rcvd and closed.value.rcvd.code == 1001

    play(scene, *ALL)


def test_the_end_of_a_stage_is_noticed_by_who_speaks() -> None:
    async def scene(desk: Desk) -> None:
        async with desk.connect() as client:
            await desk.call("DeleteStage", StageName="dev")
            await client.send("anybody?")
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(client.recv(), 5)
            assert closed.value.rcvd and closed.value.rcvd.code == 1001
        assert not desk.told("DISCONNECT")

    play(scene, *ALL)
