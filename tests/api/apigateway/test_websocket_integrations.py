"""Integrations of WebSocket APIs with mappings: functions, addresses, services and mocks; models and parameters."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from dewstack.errors import AwsError
from dewstack.testing import start
from tests.api.apigateway.http_api_client import FUNCTION, Result
from tests.api.apigateway.websocket_client import Desk, play, received


class Backend(BaseHTTPRequestHandler):
    """Answers with what it was told; `/teapot` with 418."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        headers = {name.lower(): text for name, text in self.headers.items()}
        told = json.dumps({"path": self.path, "body": body, "headers": headers}).encode()
        self.send_response(418 if self.path.startswith("/teapot") else 200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def backend() -> Iterator[str]:
    """Where a backend listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Backend) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


async def integration(desk: Desk, kind: str, *responses: dict[str, Any], **params: Any) -> str:
    """An integration with its responses; its name as a route's target."""
    made = await desk.call("CreateIntegration", IntegrationType=kind, **params)
    for response in responses:
        await desk.call("CreateIntegrationResponse", IntegrationId=made["IntegrationId"], **response)
    return f"integrations/{made['IntegrationId']}"


async def said(client: ClientConnection, message: Any) -> Any:
    """What comes back for a message."""
    await client.send(message if isinstance(message, str) else json.dumps(message))
    return await received(client)


def test_a_function_gets_what_the_template_makes_and_its_answer_is_mapped() -> None:
    async def scene(desk: Desk) -> None:
        desk.function = lambda event: {"seen": event, "kind": "loud"}
        request = (
            '{"text": "$input.path(\'$.text\')", "from": "$context.connectionId",'
            ' "route": "$context.routeKey", "all": $input.json(\'$\')}'
        )
        by_kind = {
            "IntegrationResponseKey": "$default",
            "TemplateSelectionExpression": "${integration.response.body.kind}",
            "ResponseTemplates": {
                "loud": '{"LOUD": $input.json("$.seen.text")}',
                "$default": "nothing",
            },
        }
        await desk.create()
        target = await integration(
            desk, "AWS", by_kind, IntegrationUri=FUNCTION, RequestTemplates={"$default": request}
        )
        await desk.route("shout", two_way=True, Target=target)
        async with desk.connect() as client:
            message = {"action": "shout", "text": "hey"}
            assert await said(client, message) == {"LOUD": "hey"}
        event = desk.events[-1]
        assert (event["route"], event["all"]) == ("shout", message)
        assert event["from"]

    play(scene)


def test_templates_are_selected_by_the_message() -> None:
    async def scene(desk: Desk) -> None:
        desk.function = lambda event: event
        templates = {"a": '{"is": "a"}', "b": '{"is": "b"}', "$default": '{"is": "other"}'}
        await desk.create()
        target = await integration(
            desk,
            "AWS",
            IntegrationUri=FUNCTION,
            RequestTemplates=templates,
            TemplateSelectionExpression="$request.body.kind",
        )
        await desk.route("$default", two_way=True, Target=target)
        async with desk.connect() as client:
            assert [await said(client, {"kind": kind}) for kind in "abz"] == [
                {"is": "a"},
                {"is": "b"},
                {"is": "other"},
            ]

    play(scene)


def test_without_a_template_the_message_passes_unless_it_must_not() -> None:
    async def scene(desk: Desk) -> None:
        desk.function = lambda event: {"got": event}
        await desk.create()
        passing = await integration(desk, "AWS", IntegrationUri=FUNCTION)
        never = await integration(desk, "AWS", IntegrationUri=FUNCTION, PassthroughBehavior="NEVER")
        await desk.route("$default", two_way=True, Target=passing)
        await desk.route("never", two_way=True, Target=never)
        async with desk.connect() as client:
            assert await said(client, {"x": 1}) == {"got": {"x": 1}}
            assert (await said(client, {"action": "never"}))["message"] == "Unsupported Media Type"

    play(scene)


def test_a_mock_answers_with_what_it_is_told() -> None:
    async def scene(desk: Desk) -> None:
        fine = {
            "IntegrationResponseKey": "/200/",
            "ResponseTemplates": {"$default": '{"id": "$context.connectionId"}'},
        }
        other = {"IntegrationResponseKey": "$default", "ResponseTemplates": {"$default": '{"no": true}'}}
        status = '#if($input.path("$.please")){"statusCode": 200}#else{"statusCode": 400}#end'
        await desk.create()
        target = await integration(desk, "MOCK", fine, other, RequestTemplates={"$default": status})
        await desk.route("$default", two_way=True, Target=target)
        async with desk.connect() as client:
            assert (await said(client, {"please": "yes"}))["id"]
            assert await said(client, {"x": 1}) == {"no": True}

    play(scene)


def test_an_address_gets_the_message_or_what_is_mapped(backend: str) -> None:
    async def scene(desk: Desk) -> None:
        await desk.create()
        mapped = {
            "IntegrationUri": backend + "/rooms/{room}",
            "RequestParameters": {
                "integration.request.path.room": "route.request.body.room",
                "integration.request.querystring.who": "context.connectionId",
                "integration.request.header.X-Kind": "'chat'",
            },
            "RequestTemplates": {"$default": '{"only": $input.json("$.text")}'},
        }
        told = {
            "IntegrationResponseKey": "/200/",
            "ResponseTemplates": {"$default": '{"asked": $input.json("$")}'},
        }
        await desk.route("map", two_way=True, Target=await integration(desk, "HTTP", told, **mapped))
        passed = await integration(desk, "HTTP_PROXY", IntegrationUri=backend + "/all")
        await desk.route("$default", two_way=True, Target=passed)
        async with desk.connect() as client:
            asked = (await said(client, {"action": "map", "room": "blue", "text": "hi"}))["asked"]
            assert asked["path"].startswith("/rooms/blue?who=")
            assert (asked["body"], asked["headers"]["x-kind"]) == ('{"only": "hi"}', "chat")
            raw = await said(client, "not json")
            assert (raw["path"], raw["body"]) == ("/all", "not json")

    play(scene)


def test_an_address_decides_who_connects(backend: str) -> None:
    async def scene(desk: Desk) -> None:
        await desk.create("$default")
        target = await integration(desk, "HTTP_PROXY", IntegrationUri=backend + "/teapot")
        await desk.route("$connect", Target=target)
        with pytest.raises(InvalidStatus) as refused:
            async with desk.connect():
                pass
        assert refused.value.response.status_code == 418

    play(scene)


def test_a_function_that_fails_and_an_address_that_is_not_there() -> None:
    async def scene(desk: Desk) -> None:
        desk.function = lambda event: Result(b'{"errorMessage": "no"}', "Unhandled")
        await desk.create()
        failing = await integration(desk, "AWS", IntegrationUri=FUNCTION)
        gone = await integration(desk, "HTTP_PROXY", IntegrationUri="http://127.0.0.1:9/")
        await desk.route("fail", two_way=True, Target=failing)
        await desk.route("gone", two_way=True, Target=gone)
        async with desk.connect() as client:
            assert await said(client, {"action": "fail"}) == {"errorMessage": "no"}
            assert (await said(client, {"action": "gone"}))["message"] == "Endpoint request timed out"

    play(scene)


def test_messages_that_do_not_fit_their_model_are_refused() -> None:
    async def scene(desk: Desk) -> None:
        schema = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
        await desk.create("$connect")
        model = await desk.call(
            "CreateModel", Name="Text", ContentType="application/json", Schema=json.dumps(schema)
        )
        name = await desk.route("say", two_way=True, RequestModels={"$default": "Text"})
        async with desk.connect() as client:
            assert (await said(client, {"action": "say"}))["message"] == "Invalid request body"
            assert (await said(client, {"action": "say", "text": "x"}))["requestContext"]
            with pytest.raises(AwsError, match="used by Route"):
                await desk.call("DeleteModel", ModelId=model["ModelId"])
            await desk.call("UpdateModel", ModelId=model["ModelId"], Schema="{}")
            assert (await said(client, {"action": "say"}))["requestContext"]
        assert (await desk.call("GetModel", ModelId=model["ModelId"]))["Schema"] == "{}"
        assert [one["Name"] for one in (await desk.call("GetModels"))["Items"]] == ["Text"]
        assert "$inputRoot" in (await desk.call("GetModelTemplate", ModelId=model["ModelId"]))["Value"]
        await desk.call("DeleteRoute", RouteId=name)
        await desk.call("DeleteModel", ModelId=model["ModelId"])
        assert (await desk.call("GetModels"))["Items"] == []

    play(scene)


def test_a_handshake_has_to_bring_required_parameters() -> None:
    async def scene(desk: Desk) -> None:
        await desk.create()
        token = "route.request.querystring.token"
        parameters = {token: {"Required": True}, "route.request.header.X-Maybe": {"Required": False}}
        name = await desk.route("$connect", RequestParameters=parameters)
        with pytest.raises(InvalidStatus) as refused:
            async with desk.connect():
                pass
        assert refused.value.response.status_code == 400
        async with desk.connect("/dev?token=x"):
            pass
        await desk.call("DeleteRouteRequestParameter", RouteId=name, RequestParameterKey=token)
        async with desk.connect():
            pass
        left = (await desk.call("GetRoute", RouteId=name))["RequestParameters"]
        assert list(left) == ["route.request.header.X-Maybe"]
        with pytest.raises(AwsError, match="Unable to find request parameter"):
            await desk.call("DeleteRouteRequestParameter", RouteId=name, RequestParameterKey=token)

    play(scene)


def test_a_subprotocol_cannot_break_the_head_of_a_handshake() -> None:
    async def scene(desk: Desk) -> None:
        chosen = "chat\r\nSet-Cookie: a=b"
        desk.function = lambda event: {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": chosen}}
        await desk.create("$connect")
        lines = (
            f"GET /dev HTTP/1.1\r\nHost: {desk.api_id}.execute-api.us-east-1.amazonaws.com\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
        writer.write(lines.encode())
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
        writer.close()
        assert head.startswith(b"HTTP/1.1 101")
        assert b"\r\nSec-WebSocket-Protocol: chat  Set-Cookie: a=b\r\n" in head

    play(scene)


Made = Callable[[Desk], Awaitable[Any]]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"IntegrationType": "AWS", "IntegrationUri": "http://x"}, "BadRequestException"),
        ({"IntegrationType": "HTTP", "IntegrationUri": "arn:aws:x"}, "BadRequestException"),
        (
            {
                "IntegrationType": "HTTP",
                "IntegrationUri": "http://x",
                "RequestParameters": {"integration.request.header.A": "route.request.cookie.a"},
            },
            "BadRequestException",
        ),
        ({"IntegrationType": "MOCK", "RequestTemplates": {"$default": "#if("}}, "BadRequestException"),
        (
            {
                "IntegrationType": "AWS",
                "IntegrationUri": "arn:aws:apigateway:us-east-1:states:action/StartExecution",
            },
            "NotImplemented",
        ),
    ],
)
def test_what_cannot_work_is_refused(params: dict[str, Any], code: str) -> None:
    async def scene(desk: Desk) -> None:
        await desk.create()
        with pytest.raises(AwsError) as refused:
            await desk.call("CreateIntegration", **params)
        assert refused.value.code == code

    play(scene)


@pytest.mark.xdist_group("moto")
def test_a_service_is_called_by_a_route() -> None:
    pytest.importorskip("moto", reason="needs the extra aws")
    from websockets.asyncio.client import connect

    with start() as aws:
        url = aws.client("sqs").create_queue(QueueName="said")["QueueUrl"]
        client = aws.client("apigatewayv2")
        selection = "$request.body.action"
        api_id = client.create_api(Name="x", ProtocolType="WEBSOCKET", RouteSelectionExpression=selection)[
            "ApiId"
        ]
        template = (
            "Action=SendMessage&MessageBody=$util.urlEncode($input.body)&QueueUrl=$util.urlEncode('URL')"
        )
        form = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}
        made = client.create_integration(
            ApiId=api_id,
            IntegrationType="AWS",
            IntegrationMethod="POST",
            IntegrationUri="arn:aws:apigateway:us-east-1:sqs:path/000000000000/said",
            RequestParameters=form,
            RequestTemplates={"$default": template.replace("URL", url)},
        )
        client.create_route(ApiId=api_id, RouteKey="$default", Target=f"integrations/{made['IntegrationId']}")
        client.create_stage(ApiId=api_id, StageName="dev", AutoDeploy=True)

        async def talk() -> None:
            where = aws.aws_url.replace("http", "ws", 1)
            async with connect(f"{where}/_aws/execute-api/{api_id}/dev", proxy=None) as socket:
                await socket.send('{"n": 1}')

        asyncio.run(talk())
        message = aws.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"][0]
        assert json.loads(message["Body"]) == {"n": 1}
