"""Waiting for a moment of the domain's time."""

import asyncio
import threading

import pytest

from dewstack.clock import Clock


def test_waiting_ends_when_the_clock_is_moved_there():
    async def main() -> None:
        clock = Clock()
        waiting = asyncio.create_task(clock.wait_until(clock.time() + 3600))
        await asyncio.sleep(0)
        mover = threading.Thread(target=clock.advance, args=(1800,))
        mover.start()
        await asyncio.to_thread(mover.join)
        assert not waiting.done()
        clock.advance(1801)
        await asyncio.wait_for(waiting, 2)

    asyncio.run(main())


def test_waiting_ends_when_the_moment_passes_by_itself():
    async def main() -> None:
        clock = Clock()
        await asyncio.wait_for(clock.wait_until(clock.time() + 0.01), 2)
        await asyncio.wait_for(clock.wait_until(clock.time() - 1), 2)

    asyncio.run(main())


def test_a_wait_that_is_given_up_leaves_nothing_behind():
    async def main() -> None:
        clock = Clock()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(clock.wait_until(clock.time() + 60), 0.01)
        assert not clock._waiting

    asyncio.run(main())
