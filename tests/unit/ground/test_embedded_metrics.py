"""Metrics in log lines that are not what they should be."""

import pytest

from dewstack.clock import Clock
from dewstack.cloudwatch.embedded import extract
from dewstack.config import Caller
from dewstack.metrics import Metrics

LINE = '{"_aws":{"Timestamp":%s,"CloudWatchMetrics":[{"Namespace":"n","Metrics":[{"Name":"x"}]}]},"x":%s}'


@pytest.mark.parametrize("value", ["1e307", "-1e308", '"inf"', '"nan"', "[]", "null", "{}"])
def test_a_value_that_cannot_be_counted_is_a_line_like_others(value: str) -> None:
    metrics = Metrics(Clock())
    extract(LINE % (1000, value), Caller(), metrics)
    assert not any(series.minutes for series in metrics.every(Caller()) if value != "[]")


def test_a_moment_that_never_comes_is_a_line_like_others() -> None:
    metrics = Metrics(Clock())
    extract(LINE % ('"inf"', 1), Caller(), metrics)
    assert not any(series.minutes for series in metrics.every(Caller()))


def test_others_are_counted() -> None:
    metrics = Metrics(Clock())
    extract(LINE % (1000, 2), Caller(), metrics)
    [series] = metrics.every(Caller())
    assert [(one.count, one.sum) for one in series.minutes.values()] == [(1.0, 2.0)]
