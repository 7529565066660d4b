"""The REPORT line, and what an invocation is billed: the rule, and the lines recorded on AWS."""

import json
import os
import re
from pathlib import Path

import pytest

from dewstack.lambda_.report import Report

RECORDED = Path(__file__).parents[4] / "shared/contract/recorded.jsonl"


def recorded(kind: str) -> list[dict]:
    if not RECORDED.exists():
        assert not os.environ.get("CI"), "CI needs the recorded cases beside the checkout"
        return []
    return [case for case in map(json.loads, RECORDED.read_text().splitlines()) if case["kind"] == kind]


def test_the_line_reads_as_on_aws():
    report = Report("id", 2.456, 1024, 95, 413.61)
    assert report.line() == (
        "REPORT RequestId: id\tDuration: 2.46 ms\tBilled Duration: 417 ms\tMemory Size: 1024 MB"
        "\tMax Memory Used: 95 MB\tInit Duration: 413.61 ms\t"
    )


def test_status_and_error_type_end_the_line():
    assert (
        Report("id", 1, 128, 1, None, "timeout").line().endswith("\tMax Memory Used: 1 MB\tStatus: timeout\t")
    )
    line = Report("id", 1, 128, 1, None, "error", "Runtime.OutOfMemory").line()
    assert line.endswith("\tStatus: error\tError Type: Runtime.OutOfMemory\t")


@pytest.mark.parametrize(
    ("duration", "init", "billed"),
    [(0.01, None, 1), (3.0, None, 3), (3.01, None, 4), (2.46, 413.61, 417), (1, 1, 2)],
)
def test_billed_is_duration_and_init_rounded_up(duration, init, billed):
    assert Report("id", duration, 128, 1, init).billed_ms == billed


@pytest.mark.parametrize("case", recorded("billing"), ids=lambda case: case["id"])
def test_recorded_reports_are_billed_alike(case):
    expect = case["expect"]
    report = Report(
        "id",
        float(expect["duration_ms"]),
        int(expect["memory_mb"]),
        int(expect["max_used_mb"]),
        float(expect["init_ms"]) if expect["init_ms"] else None,
        expect["status"],
        expect["error_type"],
    )
    billed = re.search(r"Billed Duration: (\d+) ms", report.line())
    assert billed and billed[1] == expect["billed_ms"]
