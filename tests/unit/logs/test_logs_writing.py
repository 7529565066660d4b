"""Writing to CloudWatch Logs from inside: bounded, lazily formatted, live."""

import asyncio
import gc
import threading

import pytest

from dewstack.clock import Clock
from dewstack.config import Caller, Config
from dewstack.logs import LogEvent, Logs
from dewstack.logs.follow import QUEUE_SIZE
from dewstack.logs.model import MAX_BYTES, MAX_EVENTS

CALLER = Config().caller


@pytest.fixture
def logs() -> Logs:
    return Logs(Clock(), Config())


def messages(logs: Logs, group: str = "/g", **params: object) -> list[str]:
    answer = logs.operations["FilterLogEvents"](CALLER, {"logGroupName": group, **params})
    return [event["message"] for event in answer["events"]]


def test_a_stream_makes_its_group(logs):
    logs.stream("/aws/lambda/f", "2026/01/01/[$LATEST]abc").append(1, "hello")
    (group,) = logs.operations["DescribeLogGroups"](CALLER, {})["logGroups"]
    assert group["logGroupName"] == "/aws/lambda/f"
    assert group["arn"] == "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f:*"
    assert messages(logs, "/aws/lambda/f") == ["hello"]


def test_streams_keep_to_their_account_and_region(logs):
    logs.stream("/g", "s", Caller("111111111111", "eu-west-1")).append(1, "theirs")
    assert logs.operations["DescribeLogGroups"](CALLER, {})["logGroups"] == []


def test_a_message_is_formatted_only_when_it_is_read(logs):
    formatted = []
    stream = logs.stream("/g", "s")
    stream.append(1, lambda: formatted.append(1) or "late")
    assert formatted == []
    assert messages(logs) == ["late"]


def test_a_group_keeps_its_latest_events(logs):
    stream = logs.stream("/g", "s")
    for number in range(MAX_EVENTS + 5):
        stream.append(number, str(number))
    kept = messages(logs)
    assert len(kept) == MAX_EVENTS
    assert (kept[0], kept[-1]) == ("5", str(MAX_EVENTS + 4))


def test_a_group_keeps_a_bounded_amount_of_text(logs):
    stream = logs.stream("/g", "s")
    for number in range(5):
        stream.append(number, str(number) * (MAX_BYTES // 4))
    (group,) = logs.operations["DescribeLogGroups"](CALLER, {})["logGroups"]
    assert group["storedBytes"] == MAX_BYTES // 4 * 4


def test_writing_goes_on_after_the_group_was_deleted(logs):
    stream = logs.stream("/g", "s")
    stream.append(1, "before")
    logs.operations["DeleteLogGroup"](CALLER, {"logGroupName": "/g"})
    stream.append(2, "after")
    assert messages(logs) == ["after"]


def test_threads_may_write_at_once(logs):
    def write(name: str) -> None:
        stream = logs.stream("/g", name)
        for number in range(500):
            stream.append(number, name)

    threads = [threading.Thread(target=write, args=(f"s{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(messages(logs)) == 4000


def test_a_follower_sees_what_is_written_from_now_on(logs):
    async def follow() -> list[LogEvent]:
        logs.stream("/g", "s").append(1, "too early")
        follower = logs.follow({"/g"})
        logs.stream("/other", "s").append(2, "elsewhere")
        logs.stream("/g", "s").append(3, "first")
        writer = threading.Thread(target=lambda: logs.stream("/g", "t").append(4, lambda: "second"))
        seen = [await anext(follower)]
        writer.start()
        seen.append(await asyncio.wait_for(anext(follower), 5))
        writer.join()
        return seen

    assert asyncio.run(follow()) == [LogEvent("/g", "s", 3, "first"), LogEvent("/g", "t", 4, "second")]


def test_a_follower_ends_when_it_is_closed(logs):
    async def follow() -> list[str]:
        follower = logs.follow()
        logs.stream("/g", "s").append(1, "only")
        await follower.aclose()
        logs.stream("/g", "s").append(2, "unseen")
        return [event.message async for event in follower]

    assert asyncio.run(follow()) == ["only"]


def test_a_waiting_follower_wakes_up_when_it_is_closed(logs):
    async def follow() -> None:
        follower = logs.follow()
        waiting = asyncio.ensure_future(anext(follower, None))
        await asyncio.sleep(0)
        await follower.aclose()
        assert await asyncio.wait_for(waiting, 5) is None

    asyncio.run(follow())


def test_a_lagging_follower_misses_the_oldest_and_blocks_nobody(logs):
    async def follow() -> tuple[int, str]:
        follower = logs.follow()
        stream = logs.stream("/g", "s")
        for number in range(QUEUE_SIZE + 10):
            stream.append(number, str(number))
        await follower.aclose()
        seen = [event.message async for event in follower]
        return len(seen), seen[0]

    assert asyncio.run(follow()) == (QUEUE_SIZE, "10")


def test_a_forgotten_follower_is_dropped(logs):
    async def follow() -> None:
        follower = logs.follow()
        del follower
        gc.collect()
        assert logs._registry.broadcast._followers == ()

    asyncio.run(follow())
    logs.stream("/g", "s").append(1, "goes on")


def test_only_the_messages_of_a_page_are_formatted(logs):
    formatted = []
    stream = logs.stream("/g", "s")
    for number in range(100):
        stream.append(number, lambda number=number: formatted.append(number) or str(number))
    read = {"logGroupName": "/g", "logStreamName": "s", "limit": 3}
    logs.operations["GetLogEvents"](CALLER, read)
    assert len(formatted) <= 4
