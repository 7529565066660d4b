"""What backends say to clients (`@connections`), how long connections last, and what is too much."""

import asyncio
import json

import pytest
from websockets.exceptions import ConnectionClosed

from tests.api.apigateway.websocket_client import DOMAIN, Desk, play, received

ALL = ("$connect", "$disconnect", "$default")
GONE = "AAAAAAAAAAAAAAA="


def connection_of(desk: Desk) -> str:
    return str(desk.told("CONNECT")[-1]["requestContext"]["connectionId"])


@pytest.mark.parametrize("form", ["host", "path", "port", "stage"])
def test_a_backend_talks_to_a_client(form: str) -> None:
    async def scene(desk: Desk) -> None:
        async with desk.connect(user_agent_header="me/1") as client:
            name = connection_of(desk)
            encoded = name.replace("=", "%3D")
            own = f"localhost:{desk.port}"
            path, host = {
                "host": (f"/dev/@connections/{encoded}", f"{desk.api_id}.execute-api.localhost"),
                "path": (f"/_aws/execute-api/{desk.api_id}/dev/@connections/{encoded}", own),
                "port": (f"/@connections/{encoded}", own),
                "stage": (f"/dev/@connections/{encoded}", own),
            }[form]
            status, _, body = await desk.manage("POST", name, b'{"hello":"you"}', path=path, host=host)
            assert (status, body) == (200, b"")
            assert await received(client) == {"hello": "you"}
            status, _, body = await desk.manage("GET", name, path=path, host=host)
            said = json.loads(body)
            assert said["identity"] == {"sourceIp": "127.0.0.1", "userAgent": "me/1"}
            assert said["connectedAt"].endswith("Z") and said["lastActiveAt"] >= said["connectedAt"]
            assert (await desk.manage("DELETE", name, path=path, host=host))[0] == 204
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(client.recv(), 5)
            assert closed.value.rcvd and closed.value.rcvd.code == 1000
        (event,) = await desk.until(lambda: desk.told("DISCONNECT"))
        assert event["requestContext"]["disconnectStatusCode"] == 1000
        assert (await desk.manage("POST", name, b"x", path=path, host=host))[0] == 410

    play(scene, *ALL)


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_who_is_gone_is_gone(method: str) -> None:
    async def scene(desk: Desk) -> None:
        status, headers, _ = await desk.manage(method, GONE, b"x" if method == "POST" else b"")
        assert (status, headers["x-amzn-errortype"]) == (410, "GoneException")
        status, headers, body = await desk.manage(method, "nobody", b"x" if method == "POST" else b"")
        assert (status, headers["x-amzn-errortype"]) == (400, "BadRequestException")
        assert json.loads(body)["message"] == "Invalid connectionId: nobody"

    play(scene, *ALL)


def test_another_stage_has_none_of_it() -> None:
    async def scene(desk: Desk) -> None:
        status, headers, _ = await desk.manage("GET", GONE, path=f"/prod/@connections/{GONE}")
        assert (status, headers["x-amzn-errortype"]) == (403, "ForbiddenException")

    play(scene, *ALL)


def test_a_stage_does_not_reach_the_connections_of_another() -> None:
    async def scene(desk: Desk) -> None:
        await desk.call("CreateStage", StageName="prod", AutoDeploy=True)
        async with desk.connect():
            name = connection_of(desk)
            assert (await desk.manage("GET", name))[0] == 200
            path = f"/prod/@connections/{name.replace('=', '%3D')}"
            assert (await desk.manage("GET", name, path=path))[0] == 410

    play(scene, *ALL)


def test_a_connection_is_there_for_its_connect_function_only_afterwards() -> None:
    async def scene(desk: Desk) -> None:
        async def connect(event: dict[str, object]) -> object:
            context = event["requestContext"]
            assert isinstance(context, dict)
            status, _, _ = await desk.manage("POST", context["connectionId"], b"too early")
            assert status == 410
            return {"statusCode": 200}

        desk.function = connect
        async with desk.connect():
            assert len(desk.gateway.connections) == 1

    play(scene, "$connect")


def test_a_message_of_more_than_128_kb_is_too_large() -> None:
    async def scene(desk: Desk) -> None:
        async with desk.connect(max_size=None) as client:
            name = connection_of(desk)
            limit = 128 * 1024
            assert (await desk.manage("POST", name, b"x" * limit))[0] == 200
            assert len(await client.recv()) == limit
            status, headers, _ = await desk.manage("POST", name, b"x" * (limit + 1))
            assert (status, headers["x-amzn-errortype"]) == (413, "PayloadTooLargeException")

    play(scene, *ALL)


@pytest.mark.parametrize(
    ("fragments", "fits"),
    [
        (["x" * 32 * 1024], True),
        (["x" * (32 * 1024 + 1)], False),
        (["x" * 32 * 1024] * 4, True),
        ([*["x" * 32 * 1024] * 4, "x"], False),
    ],
)
def test_what_a_client_sends_has_limits_too(fragments: list[str], fits: bool) -> None:
    async def scene(desk: Desk) -> None:
        async with desk.connect(compression=None) as client:
            await client.send(fragments if len(fragments) > 1 else fragments[0])
            if fits:
                (event,) = await desk.until(lambda: desk.told("MESSAGE"))
                assert event["body"] == "".join(fragments)
                return
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(client.recv(), 5)
            assert closed.value.rcvd and closed.value.rcvd.code == 1009
        (event,) = await desk.until(lambda: desk.told("DISCONNECT"))
        assert event["requestContext"]["disconnectStatusCode"] == 1009

    play(scene, *ALL)


def test_binary_messages_are_not_taken() -> None:
    async def scene(desk: Desk) -> None:
        async with desk.connect() as client:
            await client.send(b"\x00\x01")
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(client.recv(), 5)
            assert closed.value.rcvd and closed.value.rcvd.code == 1003

    play(scene, *ALL)


def test_pings_are_answered_and_are_no_messages() -> None:
    async def scene(desk: Desk) -> None:
        async with desk.connect() as client:
            await asyncio.wait_for(await client.ping(), 5)
        assert not desk.told("MESSAGE")

    play(scene, *ALL)


def test_ten_idle_minutes_end_a_connection() -> None:
    async def scene(desk: Desk) -> None:
        async with desk.connect() as client:
            desk.clock.advance(500)
            await client.send("still here")
            await desk.until(lambda: desk.told("MESSAGE"))
            desk.clock.advance(500)
            await asyncio.wait_for(await client.ping(), 5)
            desk.clock.advance(101)
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(client.recv(), 5)
            assert closed.value.rcvd and closed.value.rcvd.code == 1001
        (event,) = await desk.until(lambda: desk.told("DISCONNECT"))
        context = event["requestContext"]
        assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1001, "Going away")

    play(scene, *ALL)


def test_two_hours_end_a_busy_connection() -> None:
    async def scene(desk: Desk) -> None:
        async with desk.connect() as client:
            for minute in range(24):
                assert (await desk.manage("POST", connection_of(desk), b"tick"))[0] == 200
                assert await client.recv() == "tick", minute
                desk.clock.advance(300)
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(client.recv(), 5)

    play(scene, *ALL)


def test_a_close_frame_without_a_status_is_told_as_1005() -> None:
    async def scene(desk: Desk) -> None:
        async with desk.connect() as client:
            client.protocol.send_close()
            client.send_data()
            (event,) = await desk.until(lambda: desk.told("DISCONNECT"))
        context = event["requestContext"]
        assert context["disconnectStatusCode"] == 1005
        assert context["disconnectReason"] == "Client-side close frame status not set"

    play(scene, *ALL)


def test_a_client_that_vanishes_is_told_as_1006() -> None:
    async def scene(desk: Desk) -> None:
        async with desk.connect() as client:
            client.transport.abort()
            (event,) = await desk.until(lambda: desk.told("DISCONNECT"))
            assert event["requestContext"]["disconnectStatusCode"] == 1006
        assert not len(desk.gateway.connections)

    play(scene, *ALL)


def test_a_client_that_leaves_during_its_handshake_is_disconnected_too() -> None:
    async def scene(desk: Desk) -> None:
        asked, answer = asyncio.Event(), asyncio.Event()

        async def function(event: dict[str, object]) -> object:
            asked.set()
            await answer.wait()
            return {"statusCode": 200}

        desk.function = function
        _, writer = await asyncio.open_connection("127.0.0.1", desk.port)
        writer.write(
            f"GET /dev HTTP/1.1\r\nHost: {desk.api_id}.{DOMAIN}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        await asked.wait()
        writer.transport.abort()
        answer.set()
        await desk.until(lambda: desk.told("DISCONNECT"))
        assert not len(desk.gateway.connections)

    play(scene, *ALL)


def test_a_client_that_reads_nothing_is_sent_a_megabyte_and_no_more() -> None:
    async def scene(desk: Desk) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", desk.port, limit=1024)
        writer.write(
            f"GET /dev HTTP/1.1\r\nHost: {desk.api_id}.{DOMAIN}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ") and b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
        statuses = set()
        for _ in range(400):
            status, headers, _ = await desk.manage("POST", connection_of(desk), b"x" * 100_000)
            statuses.add(status)
            if status != 200:
                assert headers["x-amzn-errortype"] == "LimitExceededException"
                break
        assert statuses == {200, 429}
        writer.transport.abort()
        await desk.until(lambda: desk.told("DISCONNECT"))

    play(scene, *ALL)


def test_the_end_of_the_server_tells_everybody() -> None:
    heard: list[Desk] = []

    async def scene(desk: Desk) -> None:
        heard.append(desk)
        client = await desk.connect()
        asyncio.get_running_loop().call_soon(lambda: None)
        await desk.stop()
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(client.recv(), 5)
        assert closed.value.rcvd and closed.value.rcvd.code == 1001
        await client.close()
        await desk.until(lambda: desk.told("DISCONNECT"))

    play(scene, *ALL)
