"""The chat of the examples, by a map: two people, a table, `@connections` from inside a function."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from dewstack.testing import Dew, start

EXAMPLE = Path(__file__).parents[3] / "examples" / "websocket-chat"


@pytest.fixture(scope="module")
def dew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dew]:
    """The example, running."""
    copy = tmp_path_factory.mktemp("chat") / "chat"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns(".dew", "__pycache__"))
    with start(copy) as running:
        yield running


def socket_url(dew: Dew, path: str) -> str:
    return dew.url.replace("http://", "ws://") + path


@pytest.mark.parametrize("base", ["/dev", ""])
def test_what_one_says_everybody_hears(dew: Dew, base: str) -> None:
    async def chat() -> None:
        ann_at, bob_at = (socket_url(dew, f"{base}/?name={name}") for name in ("ann", "bob"))
        async with asyncio.timeout(30), connect(ann_at) as ann, connect(bob_at) as bob:
            await ann.send(json.dumps({"action": "say", "text": "hello"}))
            for each in (ann, bob):
                assert json.loads(await each.recv()) == {"from": "ann", "text": "hello"}
            await bob.send("what?")
            assert "usage" in json.loads(await bob.recv())

    asyncio.run(chat())


def test_who_has_no_name_stays_out(dew: Dew) -> None:
    async def chat() -> None:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(socket_url(dew, "/dev")):
                raise AssertionError("connected")
        assert refused.value.response.status_code == 400

    asyncio.run(chat())


def test_boto3_asks_about_connections_from_outside(dew: Dew) -> None:
    client = dew.client("apigatewaymanagementapi")
    with pytest.raises(client.exceptions.GoneException):
        client.post_to_connection(ConnectionId="AAAAAAAAAAAAAAA=", Data=b"x")
    with pytest.raises(ClientError, match="Invalid connectionId: nobody"):
        client.get_connection(ConnectionId="nobody")
