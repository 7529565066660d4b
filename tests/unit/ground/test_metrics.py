"""Figures by the minute: how many of them are kept, and what is said when there are too many."""

import logging

import pytest

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.metrics import Metrics
from dewstack.metrics import meters as limits


def test_series_beyond_the_bound_are_dropped_and_told_of_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(limits, "MOST_SERIES", 3)
    metrics, owner, other = Metrics(Clock()), Caller(), Caller(region="eu-central-1")
    with caplog.at_level(logging.WARNING, logger="dewstack.metrics"):
        kept = [metrics.one(owner, "Shop", "Orders", (("User", str(number)),)) for number in range(3)]
        assert caplog.messages == []
        assert [metrics.one(owner, "Shop", "Late", ()) for _ in range(2)] == [None, None]
        assert metrics.one(owner, "Shop", "Orders", (("User", "0"),)) is kept[0]
        assert metrics.one(other, "Shop", "Late", ()) is not None
    [message] = caplog.messages
    assert "us-east-1 has 3 metrics" in message and "such as Shop Late" in message
    assert "Most are Shop Orders, with 3 combinations of dimensions: give it fewer" in message
