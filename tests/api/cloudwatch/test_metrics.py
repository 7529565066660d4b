"""CloudWatch's metrics through boto3: what functions did, what handlers report, and what is calculated of them."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dewstack.testing import Dew, start

SOURCE = """
import time

def handler(event, context):
    if event.get("fail"):
        raise ValueError("as asked")
    time.sleep(event.get("seconds", 0))
"""


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def cloudwatch(dew: Dew) -> Any:
    """boto3's client."""
    return dew.client("cloudwatch")


def make(dew: Dew, name: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("f.py", SOURCE)
    dew.client("lambda").create_function(
        FunctionName=name,
        Handler="f.handler",
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/test",
        Code={"ZipFile": buffer.getvalue()},
    )


def invoke(dew: Dew, name: str, **event: Any) -> None:
    dew.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))["Payload"].read()


def lately(dew: Dew) -> dict[str, datetime]:
    """The hour around now, by the emulator's clock."""
    now = datetime.fromtimestamp(dew.clock.time(), UTC)
    return {"StartTime": now - timedelta(minutes=30), "EndTime": now + timedelta(minutes=30)}


def statistics(dew: Dew, name: str, metric: str, *stats: str) -> dict[str, Any]:
    """Statistics of a function's metric over the hour, as one datapoint."""
    plain = [stat for stat in stats if not stat.startswith("p")]
    extended = [stat for stat in stats if stat.startswith("p")]
    answer = dew.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": "FunctionName", "Value": name}],
        Period=86400,
        **lately(dew),
        **({"Statistics": plain} if plain else {}),
        **({"ExtendedStatistics": extended} if extended else {}),
    )
    assert answer["Label"] == metric
    (point,) = answer["Datapoints"]
    return {**point, **point.get("ExtendedStatistics", {})}


def test_a_functions_invocations_errors_and_durations(dew: Dew) -> None:
    make(dew, "counted")
    for event in ({}, {"fail": True}, {"seconds": 0.2}):
        invoke(dew, "counted", **event)
    assert statistics(dew, "counted", "Invocations", "Sum")["Sum"] == 3
    errors = statistics(dew, "counted", "Errors", "Sum", "Average")
    assert (errors["Sum"], errors["Unit"]) == (1, "Count")
    assert errors["Average"] == pytest.approx(1 / 3)
    duration = statistics(dew, "counted", "Duration", "Maximum", "Minimum", "SampleCount", "p99", "p50")
    assert duration["Unit"] == "Milliseconds"
    assert duration["SampleCount"] == 3
    assert duration["Maximum"] >= 200 > duration["p50"] >= duration["Minimum"]
    assert duration["p99"] == pytest.approx(duration["Maximum"], rel=0.01)
    assert statistics(dew, "counted", "ConcurrentExecutions", "Maximum")["Maximum"] == 1
    assert statistics(dew, "counted", "InitDuration", "SampleCount")["SampleCount"] == 1  # one cold start


def test_a_throttled_call_is_counted_and_is_no_invocation(dew: Dew) -> None:
    make(dew, "closed")
    dew.client("lambda").put_function_concurrency(FunctionName="closed", ReservedConcurrentExecutions=0)
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        dew.client("lambda").invoke(FunctionName="closed")
    assert statistics(dew, "closed", "Throttles", "Sum")["Sum"] >= 1
    answer = dew.client("cloudwatch").list_metrics(
        Namespace="AWS/Lambda", Dimensions=[{"Name": "FunctionName", "Value": "closed"}]
    )
    assert {metric["MetricName"] for metric in answer["Metrics"]} == {"Throttles"}


def test_values_that_a_handler_reports_are_found_again(dew: Dew, cloudwatch: Any) -> None:
    dimensions = [{"Name": "Shop", "Value": "north"}]
    cloudwatch.put_metric_data(
        Namespace="Orders",
        MetricData=[
            {"MetricName": "Total", "Dimensions": dimensions, "Value": 10, "Unit": "Count"},
            {"MetricName": "Total", "Dimensions": dimensions, "Values": [1, 2], "Counts": [3, 1]},
            {
                "MetricName": "Total",
                "Dimensions": dimensions,
                "StatisticValues": {"SampleCount": 2, "Sum": 8, "Minimum": 0, "Maximum": 8},
            },
        ],
    )
    metric = {"Namespace": "Orders", "MetricName": "Total", "Dimensions": dimensions}
    answer = cloudwatch.get_metric_data(
        **lately(dew),
        MetricDataQueries=[
            {"Id": f"m{number}", "MetricStat": {"Metric": metric, "Period": 86400, "Stat": stat}}
            for number, stat in enumerate(["Sum", "SampleCount", "Minimum", "Maximum", "Average"])
        ],
    )
    values = [result["Values"] for result in answer["MetricDataResults"]]
    assert values == [[23], [7], [0], [10], [pytest.approx(23 / 7)]]
    listed = cloudwatch.list_metrics(Namespace="Orders")["Metrics"]
    assert listed == [metric]
    assert cloudwatch.list_metrics(Namespace="Orders", Dimensions=[{"Name": "Till"}])["Metrics"] == []


def test_an_error_rate_is_calculated(dew: Dew, cloudwatch: Any) -> None:
    make(dew, "flaky")
    for event in ({}, {}, {}, {"fail": True}):
        invoke(dew, "flaky", **event)

    def stat(name: str) -> dict[str, Any]:
        dimensions = [{"Name": "FunctionName", "Value": "flaky"}]
        metric = {"Namespace": "AWS/Lambda", "MetricName": name, "Dimensions": dimensions}
        return {"Metric": metric, "Period": 86400, "Stat": "Sum"}

    answer = cloudwatch.get_metric_data(
        **lately(dew),
        MetricDataQueries=[
            {"Id": "rate", "Expression": "100 * errors / MAX([errors, invocations])", "Label": "error rate"},
            {"Id": "errors", "MetricStat": stat("Errors"), "ReturnData": False},
            {"Id": "invocations", "MetricStat": stat("Invocations")},
        ],
    )
    rate, invocations = answer["MetricDataResults"]
    assert (rate["Label"], rate["Values"]) == ("error rate", [25])
    assert invocations["Values"] == [4]
    assert rate["StatusCode"] == "Complete"


@pytest.mark.parametrize(
    ("expression", "refusal"),
    [
        ("nobody / 2", "is not the id of a query"),
        ("__import__('os')", "not emulated|Syntax error"),
        ("m1 +", "Syntax error"),
        ("SEARCH('{AWS/Lambda} Errors', 'Sum')", "not emulated"),
        ("9 ** 9 ** 9", "Syntax error"),
    ],
)
def test_what_cannot_be_calculated_is_refused(
    dew: Dew, cloudwatch: Any, expression: str, refusal: str
) -> None:
    with pytest.raises(ClientError, match=refusal):
        cloudwatch.get_metric_data(
            **lately(dew), MetricDataQueries=[{"Id": "e", "Expression": expression, "Period": 60}]
        )


@pytest.mark.parametrize(
    ("datum", "code"),
    [
        ({}, "MissingParameter"),
        ({"Value": 1, "Values": [1]}, "InvalidParameterCombination"),
        ({"Values": [1, 2], "Counts": [1]}, "InvalidParameterValue"),
    ],
)
def test_data_that_say_nothing_are_refused_whole(cloudwatch: Any, datum: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        cloudwatch.put_metric_data(
            Namespace="Refused", MetricData=[{"MetricName": "A", "Value": 1}, {"MetricName": "B", **datum}]
        )
    assert caught.value.response["Error"]["Code"] == code
    assert cloudwatch.list_metrics(Namespace="Refused")["Metrics"] == []


def test_namespaces_of_awss_own_are_not_for_others(cloudwatch: Any) -> None:
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=[{"MetricName": "A", "Value": 1}])


def test_alarms_are_kept_by_the_service_that_has_them(cloudwatch: Any) -> None:
    cloudwatch.put_metric_alarm(
        AlarmName="many-errors",
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert alarm["AlarmName"] == "many-errors"
