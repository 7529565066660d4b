"""The shelf of what was recorded: bounded, filtered, private."""

import time
from pathlib import Path
from typing import Any

import pytest

from dewstack.http import Request, Response
from dewstack.recording import Exchanged, Filter, Shelf
from dewstack.recording.model import Row
from dewstack.recording.rows import row_of


def row(path: str, status: int = 200, body: bytes = b"", refused: str | None = None) -> Row:
    request = Request("GET", path, "", [], body)
    response = Response(status, b"said")
    return row_of(
        Exchanged(time.time(), "http", "api", "dev", "GET /{all+}", request, None, response, refused, 1.0)
    )


def paths(found: tuple[list[dict[str, Any]], int | None]) -> list[str]:
    return [each["path"] for each in found[0]]


def test_the_oldest_go_when_there_are_too_many() -> None:
    shelf = Shelf(rows=3)
    shelf.add([row(f"/{number}") for number in range(5)])
    assert paths(shelf.newest(Filter(), 10)) == ["/4", "/3", "/2"]
    assert shelf.count == 3 and shelf.get(1) is None


def test_the_oldest_go_when_they_are_too_large() -> None:
    shelf = Shelf(size=5_000)
    for number in range(4):
        shelf.add([row(f"/{number}", body=b"x" * 2_000)])
    assert paths(shelf.newest(Filter(), 10)) == ["/3", "/2"]


def test_pages_follow_each_other() -> None:
    shelf = Shelf()
    shelf.add([row(f"/{number}") for number in range(5)])
    first = shelf.newest(Filter(), 2)
    assert (paths(first), first[1]) == (["/4", "/3"], 4)
    assert paths(shelf.newest(Filter(before=first[1]), 10)) == ["/2", "/1", "/0"]
    assert [each["path"] for each in shelf.since(3, 10)] == ["/3", "/4"]


def test_rows_are_found_by_what_is_in_them() -> None:
    shelf = Shelf()
    shelf.add([row("/good"), row("/bad", 404, refused="Not Found"), row("/worse", 500), row("/100%_sure")])
    assert paths(shelf.newest(Filter(status="error"), 10)) == ["/worse", "/bad"]
    assert paths(shelf.newest(Filter(status="4xx"), 10)) == ["/bad"]
    assert paths(shelf.newest(Filter(status="5xx"), 10)) == ["/worse"]
    assert paths(shelf.newest(Filter(status="ok"), 10)) == ["/100%_sure", "/good"]
    assert paths(shelf.newest(Filter(text="not found"), 10)) == ["/bad"]
    assert paths(shelf.newest(Filter(text="%_S"), 10)) == ["/100%_sure"]
    assert paths(shelf.newest(Filter(route="GET /{all+}", text="good"), 10)) == ["/good"]
    assert paths(shelf.newest(Filter(function="nobody"), 10)) == []


def test_what_is_too_large_is_cut_and_says_so() -> None:
    found = row("/large", body=b"x" * 300_000)
    assert found.detail["cut"] and len(found.detail["request"]["body"]) == 256 * 1024
    assert not row("/small").detail["cut"]
    assert row("/bytes", body=b"\xff").detail["request"] | {"headers": []} == {
        "method": "GET",
        "url": "/bytes",
        "headers": [],
        "body": "/w==",
        "base64": True,
    }


def test_a_file_is_its_owners_and_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "recorded.db"
    shelf = Shelf(path)
    shelf.add([row("/1"), row("/2")])
    shelf.clear()
    shelf.add([row("/3")])
    shelf.close()
    assert path.stat().st_mode & 0o777 == 0o600
    again = Shelf(path)
    again.add([row("/4")])
    assert [(each["id"], each["path"]) for each in again.newest(Filter(), 10)[0]] == [(4, "/4"), (3, "/3")]
    assert again.count == 2
    again.close()


def test_rows_that_could_not_be_kept_do_not_count() -> None:
    shelf = Shelf(rows=60)
    shelf.add([row("/first")])
    for _ in range(3):
        with pytest.raises(TypeError):
            shelf.add(
                [*(row(f"/{number}") for number in range(55)), row("/bad")._replace(detail={"bad": object()})]
            )
    assert shelf.count == 1 and paths(shelf.newest(Filter(), 10)) == ["/first"]
    shelf.add([row(f"/{number}") for number in range(59)])
    assert shelf.count == 60 and shelf.get(1) is not None
