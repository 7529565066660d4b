"""Reading the live log now and then."""

import asyncio

from dewstack.clock import Clock
from dewstack.config import Config
from dewstack.logs import Logs


def test_take_gives_the_first_lines_and_counts_the_rest():
    async def work() -> None:
        logs = Logs(Clock(), Config())
        follower = logs.follow()
        stream = logs.stream("/aws/lambda/f", "s")
        for number in range(2500):
            stream.append(number, f"line {number}")
        events, skipped = follower.take(3)
        assert len(events) == 3 and skipped == 2497
        assert follower.take(3) == ([], 0)
        stream.append(1, "later")
        events, skipped = follower.take(3)
        assert [event.message for event in events] == ["later"] and skipped == 0

    asyncio.run(work())
