"""The queue of asynchronous events: what it keeps while events are served, and afterwards."""

import asyncio
import gc
from pathlib import Path

import pytest

from dewstack.clock import Clock
from dewstack.config import Config
from dewstack.lambda_ import LambdaService
from dewstack.lambda_.asynchronous import queue as limits
from dewstack.lambda_.asynchronous.model import Event
from dewstack.lambda_.errors import TooManyRequestsException
from dewstack.logs import Logs
from dewstack.store import Store

NOBODY = "arn:aws:lambda:us-east-1:000000000000:function:nobody"


def service(directory: Path) -> LambdaService:
    """Lambda with its state in a directory."""
    config, clock = Config(state_dir=directory), Clock()
    logs = Logs(clock, config)
    return LambdaService(
        Store(directory / "state.db"),
        clock,
        config,
        lambda function, stream: logs.stream(function.log_group_name, stream),
    )


def test_what_a_gateway_hands_over_is_on_disk_when_it_answers(tmp_path: Path) -> None:
    async def handed_over() -> list[bytes]:
        lambda_ = service(tmp_path)
        await lambda_.send(NOBODY, b'{"n": 1}')
        lambda_.events.close()  # as a crash would: nothing has been served
        other = Store(tmp_path / "state.db")
        kept = other.collection("lambda.events", Event).scan()
        other.close()
        lambda_.close()
        return [event.payload for event in kept]

    assert asyncio.run(handed_over()) == [b'{"n": 1}']


def test_events_that_are_being_written_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_EVENTS", 2)

    async def refused() -> int:
        lambda_ = service(tmp_path)
        answers = await asyncio.gather(
            *(lambda_.send(NOBODY, b"{}") for _ in range(5)), return_exceptions=True
        )
        lambda_.close()
        return sum(isinstance(each, TooManyRequestsException) for each in answers)

    assert asyncio.run(refused()) == 3


def test_a_gate_goes_with_the_last_event_that_needs_it(tmp_path: Path) -> None:
    async def left() -> tuple[int, int]:
        lambda_ = service(tmp_path)
        gates = lambda_.events._gates
        held = [lambda_.events._gate(f"{NOBODY}-{number}", 10) for number in range(100)]
        assert lambda_.events._gate(f"{NOBODY}-0", 10) is held[0]
        before = len(gates)
        held.clear()
        gc.collect()
        lambda_.close()
        return before, len(gates)

    assert asyncio.run(left()) == (100, 0)
