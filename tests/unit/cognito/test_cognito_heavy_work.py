"""Work for the processor: done in its turn, by few threads, never on the loop."""

import asyncio
import threading

import pytest

from dewstack.cognito.secrets import heavy
from dewstack.cognito.secrets.heavy import HeavyWork


@pytest.fixture
def work():
    made = HeavyWork()
    yield made
    made.close()


@pytest.mark.parametrize(("processors", "threads"), [(None, 1), (1, 1), (2, 1), (4, 2), (8, 4), (64, 4)])
def test_it_leaves_processors_to_others(monkeypatch, processors, threads):
    monkeypatch.setattr(heavy.os, "cpu_count", lambda: processors)
    work = HeavyWork()
    seen, all_there = set(), threading.Barrier(threads)

    def meet() -> None:
        all_there.wait(10)
        seen.add(threading.get_ident())

    async def crowd() -> None:
        await asyncio.gather(*(work.run(meet) for _ in range(8 * threads)))
        assert threading.get_ident() not in seen

    asyncio.run(crowd())
    work.close()
    assert len(seen) == threads


def test_the_loop_goes_on_meanwhile(work):
    async def both() -> str:
        let_go = threading.Event()
        working = asyncio.create_task(work.run(let_go.wait, 10))
        await asyncio.sleep(0)
        let_go.set()
        return "worked" if await working else "waited"

    assert asyncio.run(both()) == "worked"


def test_what_it_raises_is_raised(work):
    with pytest.raises(ValueError, match="invalid literal"):
        asyncio.run(work.run(int, "x"))


def test_it_takes_nothing_once_it_is_closed(work):
    work.close()
    with pytest.raises(RuntimeError):
        asyncio.run(work.run(int, "1"))
