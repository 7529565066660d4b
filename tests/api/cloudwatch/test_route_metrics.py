"""CloudWatch's metrics of API Gateway: what routes answered, how often and how fast."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from dewstack.testing import Dew, start

MAP = """
service: metered
provider:
  name: aws
  runtime: python3.11
functions:
  answer:
    handler: f.handler
    events:
      - httpApi: GET /answers/{status}
      - http: GET /answers/{status}
"""
HANDLER = """
def handler(event, context):
    return {"statusCode": int(event["pathParameters"]["status"]), "body": "four"}
"""
Sum = Callable[..., dict[str, float]]


@pytest.fixture(scope="module")
def dew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dew]:
    """A function behind an HTTP API and a REST API."""
    directory: Path = tmp_path_factory.mktemp("metered")
    (directory / "serverless.yml").write_text(MAP)
    (directory / "f.py").write_text(HANDLER)
    with start(directory) as running:
        yield running


@pytest.fixture
def summed(dew: Dew) -> Sum:
    """Sums of API Gateway's metrics over the hour, by name."""

    def sums(*names: str, stat: str = "Sum", **dimensions: str) -> dict[str, float]:
        now = datetime.fromtimestamp(dew.clock.time(), UTC)
        found = {}
        for name in names:
            points = dew.client("cloudwatch").get_metric_statistics(
                Namespace="AWS/ApiGateway",
                MetricName=name,
                Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
                StartTime=now - timedelta(minutes=30),
                EndTime=now + timedelta(minutes=30),
                Period=86400,
                Statistics=[stat],
            )["Datapoints"]
            found[name] = points[0][stat] if points else None
        return found

    return sums


def test_routes_of_an_http_api(dew: Dew, summed: Sum) -> None:
    (api,) = dew.client("apigatewayv2").get_apis()["Items"]
    for path in ("/answers/200", "/answers/404", "/answers/500", "/answers/201", "/elsewhere"):
        httpx.get(dew.url + path)
    route = {
        "ApiId": api["ApiId"],
        "Stage": "$default",
        "Method": "GET",
        "Resource": "/answers/{status}",
    }
    assert summed("Count", "4xx", "5xx", "DataProcessed", **route) == {
        "Count": 4,
        "4xx": 1,
        "5xx": 1,
        "DataProcessed": 16,
    }
    assert summed("Count", "4xx", ApiId=api["ApiId"]) == {"Count": 5, "4xx": 2}
    assert summed("Count", ApiId=api["ApiId"], Stage="$default") == {"Count": 5}
    slowest = summed("Latency", "IntegrationLatency", stat="Maximum", **route)
    assert slowest["Latency"] >= slowest["IntegrationLatency"] > 0


def test_methods_of_a_rest_api(dew: Dew, summed: Sum) -> None:
    for path in ("/dev/answers/200", "/dev/answers/404", "/dev/answers/500", "/dev/elsewhere"):
        httpx.get(dew.url + path)
    named = {"ApiName": "dev-metered"}
    method = {**named, "Stage": "dev", "Method": "GET", "Resource": "/answers/{status}"}
    assert summed("Count", "4XXError", "5XXError", **method) == {"Count": 3, "4XXError": 1, "5XXError": 1}
    assert summed("Count", "4XXError", **named) == {"Count": 4, "4XXError": 2}
    assert summed("IntegrationLatency", stat="SampleCount", **method) == {"IntegrationLatency": 3}


def test_an_overview_for_people(dew: Dew) -> None:
    for path in ("/answers/200", "/answers/500"):
        httpx.get(dew.url + path)
    told = httpx.get(f"{dew.aws_url}/_dew/metrics", params={"minutes": 5}).json()
    (function,) = told["functions"]
    assert function["function"] == "metered-dev-answer"
    assert function["invocations"] >= 2 and function["cold_starts"] >= 1 and function["errors"] == 0
    assert 0 < function["p50"] <= function["p95"] <= function["p99"]
    route = next(route for route in told["routes"] if route["kind"] == "httpApi")
    assert (route["method"], route["path"]) == ("GET", "/answers/{status}")
    assert route["requests"] >= 2 and route["server_errors"] >= 1
    refused = httpx.get(f"{dew.aws_url}/_dew/metrics", params={"minutes": "all"})
    assert refused.status_code == 400
