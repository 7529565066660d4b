"""Events on their way: kept until they are delivered, each for itself, and never too many."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dewstack.clock import Clock
from dewstack.config import Caller, Config
from dewstack.errors import AwsError
from dewstack.events import Events, LogSource
from dewstack.events import outbox as limits
from dewstack.events.delivery import Delivery, Shipment
from dewstack.events.outbox import Outbox, TooMuch
from dewstack.logs import Logs
from dewstack.store import Store
from dewstack.store.ledger import Ledger

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:"
ME = Caller()


class Target:
    """Where deliveries arrive: an AWS API that answers as it is told to."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def call(self, service: str, operation: str, params: dict[str, Any], caller: Caller) -> Any:
        await self.open.wait()
        name = params["FunctionName"].rpartition(":")[2]
        if name == "broken":
            raise KeyError("no such thing")
        if name == "refusing":
            raise AwsError("not today")
        self.got.append(params["Payload"].decode())
        return {}


def outbox(store: Store, target: Target, *, durable: bool = True) -> Outbox:
    delivery = Delivery(target.call, lambda *named: True)
    return Outbox(delivery, Ledger(store, "shipments", Shipment, durable=durable))


def shipment(name: str, body: str) -> Shipment:
    return Shipment(FUNCTION + name, body, "arn:aws:s3:::bucket", ME)


async def until(probe: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not probe():
            await asyncio.sleep(0.001)


def test_what_was_taken_is_delivered_by_the_next_emulator(tmp_path: Path) -> None:
    async def taken() -> None:
        store, target = Store(tmp_path / "state.db"), Target()
        target.open.clear()
        first = outbox(store, target)
        await first.post([shipment("f", "1"), shipment("f", "2")])
        first.close()
        store.close()

    async def resumed() -> tuple[list[str], int]:
        store, target = Store(tmp_path / "state.db"), Target()
        second = outbox(store, target)
        second.resume()
        await until(lambda: len(target.got) == 2)
        second.close()
        left = store.collection("shipments", Shipment).count()
        store.close()
        return target.got, left

    asyncio.run(taken())
    got, left = asyncio.run(resumed())
    assert sorted(got) == ["1", "2"]
    assert left == 0
    assert asyncio.run(nothing_left(tmp_path)) == []


async def nothing_left(directory: Path) -> list[str]:
    """What a third emulator still delivers."""
    store, target = Store(directory / "state.db"), Target()
    third = outbox(store, target)
    third.resume()
    await asyncio.sleep(0)
    third.close()
    store.close()
    return target.got


def test_it_is_on_disk_before_it_is_acknowledged(tmp_path: Path) -> None:
    async def posted() -> int:
        store, target = Store(tmp_path / "state.db"), Target()
        target.open.clear()
        box = outbox(store, target)
        await box.post([shipment("f", "1")])
        kept = Store(tmp_path / "state.db")
        found = kept.collection("shipments", Shipment).count()
        kept.close()
        box.close()
        store.close()
        return found

    assert asyncio.run(posted()) == 1


@pytest.mark.parametrize("name", ["broken", "refusing"])
def test_a_delivery_that_fails_holds_up_no_other(name: str, caplog: pytest.LogCaptureFixture) -> None:
    async def delivered() -> list[str]:
        target = Target()
        box = outbox(Store(), target, durable=False)
        await box.post([shipment(name, "lost"), shipment("f", "1"), shipment("f", "2")])
        await until(lambda: len(target.got) == 2)
        box.close()
        return target.got

    with caplog.at_level(logging.WARNING, logger="dewstack.events"):
        assert asyncio.run(delivered()) == ["1", "2"]
    assert f"{FUNCTION}{name}" in caplog.text


def test_more_than_may_wait_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_WAITING", 2)

    async def refused() -> list[str]:
        target = Target()
        target.open.clear()
        box = outbox(Store(), target, durable=False)
        await box.post([shipment("f", "1"), shipment("f", "2")])
        with pytest.raises(TooMuch):
            await box.post([shipment("f", "3")])
        target.open.set()
        await until(lambda: len(target.got) == 2)
        await box.post([shipment("f", "4")])
        await until(lambda: len(target.got) == 3)
        box.close()
        return target.got

    assert asyncio.run(refused()) == ["1", "2", "4"]


def notice(topic: str, message: str, **others: Any) -> dict[str, Any]:
    arn = f"arn:aws:sns:us-east-1:000000000000:{topic}"
    told = {"account_id": ME.account_id, "topic": arn, "subscription": f"{arn}:1", "function": f"{FUNCTION}f"}
    more = {"message": message, "message_id": "1", "subject": None, "attributes": {}, "redrive_policy": None}
    return {"kind": "topic", **told, **more, **others}


def events(store: Store, target: Target, *, durable: bool) -> Events:
    clock = Clock()
    logs = Logs(clock, Config())
    source = LogSource(logs.follow, logs.compile_filter)
    return Events(store, clock, target.call, lambda *named: True, source, durable=durable)


def test_a_notice_that_cannot_be_sent_takes_no_other_with_it(caplog: pytest.LogCaptureFixture) -> None:
    async def told() -> list[str]:
        target = Target()
        made = events(Store(), target, durable=False)
        faulty = notice("a", "1", redrive_policy="{")
        await asyncio.to_thread(
            made.notices.take, [faulty, notice("b", "2"), {"kind": "odd"}, notice("c", "3")]
        )
        await until(lambda: len(target.got) == 2)
        made.close()
        made.notices.take([notice("d", "4")])  # nobody listens any more
        await asyncio.sleep(0)
        return target.got

    got = asyncio.run(told())
    assert ['"Message": "2"' in got[0], '"Message": "3"' in got[1]] == [True, True] and len(got) == 2
    assert "what arn:aws:sns:us-east-1:000000000000:a told is lost" in caplog.text


def test_a_notice_is_on_disk_before_its_request_is_answered(tmp_path: Path) -> None:
    async def told() -> None:
        store, target = Store(tmp_path / "state.db"), Target()
        target.open.clear()
        made = events(store, target, durable=True)
        await asyncio.to_thread(made.notices.take, [notice("a", "1")])
        made.close()
        store.close()

    async def resumed() -> list[str]:
        store, target = Store(tmp_path / "state.db"), Target()
        made = events(store, target, durable=True)
        made.resume()
        await until(lambda: bool(target.got))
        made.close()
        store.close()
        return target.got

    asyncio.run(told())
    [got] = asyncio.run(resumed())
    assert '"Message": "1"' in got
