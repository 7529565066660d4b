"""The simulation against what others measured on AWS and calculated, and against what it has to be."""

import csv
from pathlib import Path
from random import Random

import pytest

from dewstack.simulate import Halving, IdleExpiry, Limits, Report, Service, poisson, simulate, steady

MEASURED = Path(__file__).parent / "aws_lambda_experiments.csv"
"""Experiments on AWS Lambda, from SimFaaS (https://github.com/pacslab/simfaas, MIT; arXiv 2102.08904)."""


def simulated(rate: float, service: Service, seconds: float, **options: float) -> Report:
    """A load of so many seconds, without its first 3,000."""
    return simulate(poisson(rate, seconds, Random(1)), service, seconds, Random(2), after=3000, **options)  # type: ignore[arg-type]


def experiments() -> list[dict[str, float]]:
    """What was measured, a row an experiment."""
    with MEASURED.open() as file:
        return [
            {name: float(value) for name, value in row.items() if name != "experiment"}
            for row in csv.DictReader(file)
        ]


@pytest.fixture(scope="module")
def compared() -> list[tuple[dict[str, float], Report]]:
    """Each experiment with its simulation: 20,000 requests, at the lowest rates fewer and a month long."""
    found = []
    for row in experiments():
        service = Service(row["ServiceTimeWarm"] / 1000, row["ServiceTimeCold"] / 1000)
        seconds = min(20_000 / row["ArrivalRate"], 3e6)
        found.append((row, simulated(row["ArrivalRate"], service, seconds)))
    return found


def test_environments_are_as_many_as_were_measured_on_aws(
    compared: list[tuple[dict[str, float], Report]],
) -> None:
    """SimFaaS itself is 3.05% off on average. An experiment ran for a day: at few requests a second its own number
    of environments is known to some percent only, hence a tenth for each and 5% on average."""
    errors = [abs(report.environments / row["AverageInstanceCount"] - 1) for row, report in compared]
    assert len(errors) == 10
    assert max(errors) < 0.10
    assert sum(errors) / len(errors) < 0.05


def test_cold_starts_are_as_likely_as_was_measured_on_aws(
    compared: list[tuple[dict[str, float], Report]],
) -> None:
    """SimFaaS itself is 12.23% off on average. The measured probabilities have standard errors of 5 to 16% (the
    experiments saw few cold starts), and so has a simulation with as few: no single one may be off by more than four
    of them, and all together not by more than a fifth."""
    for row, report in compared:
        allowed = 4 * (row["ColdStartProbabilitySE"] + (report.cold_probability / report.requests) ** 0.5)
        assert abs(report.cold_probability - row["ColdStartProbability"]) < allowed, row
    errors = [abs(report.cold_probability / row["ColdStartProbability"] - 1) for row, report in compared]
    assert sum(errors) / len(errors) < 0.20


def test_utilization_grows_with_the_load_as_was_measured(
    compared: list[tuple[dict[str, float], Report]],
) -> None:
    """From 0.05 requests a second on; below, what was measured is a handful of samples that saw a busy one."""
    for row, report in compared:
        if row["ArrivalRate"] > 0.05:
            assert report.utilization == pytest.approx(row["AverageUtilization"], rel=0.10)


def test_the_published_example_of_simfaas() -> None:
    """0.9 requests a second, 1.991 s warm, 2.244 s cold: 7.69 environments, 1.797 of them running, p = 0.0013 to 14."""
    report = simulated(0.9, Service(1.991, 2.244), 150_000)
    assert report.cold_probability == pytest.approx(0.00135, rel=0.15)
    assert report.environments == pytest.approx(7.69, rel=0.03)
    assert report.busy == pytest.approx(1.797, rel=0.02)
    assert report.idle == pytest.approx(5.894, rel=0.04)


def test_more_than_the_account_may_is_throttled() -> None:
    """The same at 1,000 a second: half of it is refused (SimFaaS: 0.5039; Erlang's loss formula: 0.498)."""
    report = simulate(
        poisson(1000, 40, Random(1)),
        Service(1.991, 2.244),
        40,
        Random(2),
        after=15,
        limits=Limits(scaling=10**6),
    )
    assert report.throttle_probability == pytest.approx(0.5, abs=0.012)
    assert report.environments == pytest.approx(999.4, rel=0.01)
    assert report.most == 1000


def test_a_function_gains_a_thousand_environments_in_ten_seconds() -> None:
    """5,000 a second that take long: 1,000 at once, then 100 a second."""
    limits = Limits(concurrency=100_000)
    report = simulate(steady(5000, 8), Service(60, 60, constant=True), 8, Random(1), limits=limits, every=1)
    there = [moment.busy for moment in report.moments]
    assert there[1:8] == [pytest.approx(1000 + 100 * second, abs=2) for second in range(1, 8)]
    assert report.throttled == report.requests - report.most


def test_what_was_not_used_of_the_scaling_rate_is_not_saved() -> None:
    limits = Limits(concurrency=100_000)
    late = [100 + number / 5000 for number in range(5000)]
    report = simulate(late, Service(60, 60, constant=True), 101, Random(1), limits=limits)
    assert report.most == pytest.approx(1100, abs=2)


def test_requests_a_second_are_ten_times_the_concurrency() -> None:
    """However short they are."""
    limits = Limits(concurrency=10)
    report = simulate(steady(200, 10), Service(0.001, 0.001, constant=True), 10, Random(1), limits=limits)
    assert report.requests - report.throttled == pytest.approx(10 * 10 * 10 + 100, abs=2)
    assert report.most == 1


def test_one_environment_serves_what_comes_one_after_the_other() -> None:
    report = simulate(steady(10, 60), Service(0.05, 0.05, constant=True), 60, Random(1), every=10)
    assert (report.cold, report.most, report.throttled) == (1, 1, 0)
    assert report.busy == pytest.approx(0.5, abs=0.01)
    assert [(moment.busy, moment.idle) for moment in report.moments[1:6]] == [(0, 1)] * 5


def test_ten_at_once_are_ten_environments_and_they_vanish() -> None:
    report = simulate([1.0] * 10 + [500.0], Service(2, 3, constant=True), 1200, Random(1), every=1)
    assert (report.cold, report.most) == (10, 10)
    told = {moment.at: (moment.busy, moment.idle) for moment in report.moments}
    assert told[0] == (0, 0) and told[2] == (10, 0) and told[4] == (0, 10)
    assert told[603] == (0, 10) and told[604] == (0, 1), "the one used last stays, for its own ten minutes"
    assert told[1101] == (0, 1) and told[1102] == (0, 0)


def test_half_of_the_idle_ones_end_at_every_period_of_380_seconds() -> None:
    """SeBS: warm = started × 2^-p."""
    report = simulate(
        [1.0] * 800, Service(1, 1, constant=True), 1600, Random(3), retirement=Halving(), every=190
    )
    left = [moment.idle for moment in report.moments if moment.at % 380 == 190]
    assert left == [pytest.approx(800 / 2**period, rel=0.2, abs=8) for period in range(len(left))]
    assert len(left) == 4


def test_the_same_chance_gives_the_same_report() -> None:
    def one() -> Report:
        return simulate(
            poisson(2, 500, Random(7)), Service(1, 2), 500, Random(8), retirement=IdleExpiry(30), every=5
        )

    assert one() == one()
    assert one().utilization == one().busy / one().environments


def test_nothing_comes_of_nothing() -> None:
    report = simulate([], Service(1, 1), 10, Random(1))
    assert (report.requests, report.environments, report.cold_probability, report.utilization) == (0, 0, 0, 0)
    assert report.throttle_probability == 0
