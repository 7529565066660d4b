"""The recorder: what belongs together is one row, and everything is counted once."""

import asyncio
import time

from msgspec import Struct

from dewstack.http import Request, Response
from dewstack.lambda_.report import Report
from dewstack.recording import Exchanged, Filter, Invoked, Recorder, Shelf
from dewstack.recording.charges import Tally
from dewstack.recording.recorder import BURST, FAILED, LOOK


class Function(Struct, frozen=True):
    """A function that was invoked."""

    name: str = "hello"
    qualified_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:hello"
    log_group_name: str = "/aws/lambda/hello"
    architectures: tuple[str, ...] = ("x86_64",)


FUNCTION = Function()


def invoked(payload: bytes, error: str | None = None) -> Invoked:
    return Invoked(time.time(), FUNCTION, Report("id", 1.5, 128, 40), payload, b"{}", error, "stream")


def exchanged(event: bytes | None, status: int = 200) -> Exchanged:
    request, response = Request("GET", "/", "", [], b""), Response(status, b"said")
    return Exchanged(time.time(), "http", "api", "$default", "GET /", request, event, response, None, 2.0)


def counts(tally: Tally) -> tuple[int, int, int]:
    """Requests, the invocations behind them, and all invocations."""
    behind = (each for requests in tally.routes.values() for each in requests.invocations.values())
    return (
        sum(requests.count for requests in tally.routes.values()),
        sum(each.count for each in behind),
        sum(each.count for each in tally.functions.values()),
    )


def test_a_request_and_the_invocation_behind_it_are_one_row_and_counted_once() -> None:
    async def run() -> None:
        recorder, payload = Recorder(Shelf()), b'{"routeKey": "GET /"}'
        mark = recorder.mark()
        recorder.invoked(invoked(payload))
        assert counts(recorder.after(mark)) == (0, 0, 1)
        recorder.exchanged(exchanged(payload))
        assert counts(recorder.after(mark)) == (1, 1, 1)
        rows, _ = await recorder.read(lambda shelf: shelf.newest(Filter(), 10))
        assert [(row["kind"], row["function"], row["duration_ms"]) for row in rows] == [
            ("http", "hello", 1.5)
        ]
        await recorder.close()

    asyncio.run(run())


def test_a_request_that_ends_while_somebody_reads_is_still_one_row() -> None:
    async def run() -> None:
        recorder, payload = Recorder(Shelf()), b'{"routeKey": "GET /"}'
        recorder.invoked(invoked(payload))
        asyncio.get_running_loop().call_soon(recorder.exchanged, exchanged(payload))
        rows, _ = await recorder.read(lambda shelf: shelf.newest(Filter(), 10))
        assert [(row["kind"], row["function"]) for row in rows] == [("http", "hello")]
        await recorder.close()

    asyncio.run(run())


def test_an_event_that_is_tried_again_is_two_rows() -> None:
    async def run() -> None:
        recorder, payload = Recorder(Shelf()), b'{"detail-type": "x", "source": "y"}'
        recorder.invoked(invoked(payload, "Unhandled"))
        recorder.invoked(invoked(payload))
        rows, _ = await recorder.read(lambda shelf: shelf.newest(Filter(), 10))
        assert [bool(row["error"]) for row in rows] == [False, True]
        assert counts(recorder.mark()) == (0, 0, 2)
        await recorder.close()

    asyncio.run(run())


def test_of_a_flood_some_are_kept_failed_ones_longer_and_all_are_counted() -> None:
    async def run() -> None:
        recorder, many = Recorder(Shelf()), BURST + LOOK + 17
        for number in range(many):
            payload = b'{"number": %d}' % number
            recorder.invoked(invoked(payload))
            recorder.exchanged(exchanged(payload))
        for _ in range(FAILED + 50):
            recorder.exchanged(exchanged(None, 500))
        assert counts(recorder.mark()) == (many + FAILED + 50, many, many)
        kept = await recorder.read(lambda shelf: shelf.count)
        assert BURST + FAILED <= kept < many
        assert kept + recorder.dropped == many + FAILED + 50
        failed = await recorder.read(lambda shelf: len(shelf.newest(Filter(status="5xx"), BURST)[0]))
        assert failed >= FAILED
        await recorder.close()

    asyncio.run(run())
