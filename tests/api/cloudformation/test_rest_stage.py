"""A REST API's stage after a deployment: what the map says beyond the template, as the Framework sets it."""

from pathlib import Path
from typing import Any

import pytest

from dewstack.deploy import deploy_template
from dewstack.deploy.artifacts import live_template
from dewstack.deploy.rest_stage import set_up_stage
from dewstack.service import Service, load

MAP = "service: shop\nprovider:\n  name: aws\n  runtime: python3.11\n"
FUNCTION = "functions: {hello: {handler: app.hello, events: [{http: GET /hello}]}}\n"
ACCESS_LOGS = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/api-gateway/shop-dev"


def service(directory: Path, provider: str) -> Service:
    (directory / "app.py").write_text("def hello(event, context): ...\n")
    (directory / "serverless.yml").write_text(MAP + provider + FUNCTION)
    return load(directory, options={}, environ={})


def stage(aws: Any, directory: Path, *providers: str) -> dict[str, Any]:
    """The stage after one deployment for each of the settings."""
    for provider in providers:
        shop = service(directory, provider)
        deploy_template(aws.call, shop.stack_name, live_template(shop))
        resources = aws.cfn("DescribeStackResources", StackName=shop.stack_name)["StackResources"]
        set_up_stage(aws.call, shop, resources)
    api = aws.resource("ApiGatewayRestApi", shop.stack_name)["PhysicalResourceId"]
    named = {"restApiId": api, "stageName": shop.provider.rest_api.stage or shop.stage}
    found: dict[str, Any] = aws.call("apigateway", "GetStage", named)
    return found


def test_a_map_that_says_nothing_leaves_the_stage_alone(aws: Any, tmp_path: Path) -> None:
    plain = stage(aws, tmp_path, "")
    assert not plain.get("tracingEnabled")
    assert not plain.get("methodSettings")
    assert not plain.get("tags")


def test_tracing_metrics_and_logs_are_set(aws: Any, tmp_path: Path) -> None:
    provider = (
        "  tracing: {apiGateway: true}\n  apiGateway: {metrics: true}\n  logs: {restApi: {level: ERROR}}\n"
    )
    found = stage(aws, tmp_path, provider)
    assert found["tracingEnabled"] is True
    settings = found["methodSettings"]["*/*"]
    assert settings["metricsEnabled"] is True
    assert (settings["loggingLevel"], settings["dataTraceEnabled"]) == ("ERROR", True)
    assert found["accessLogSettings"]["destinationArn"] == ACCESS_LOGS
    assert found["accessLogSettings"]["format"].startswith("requestId: $context.requestId, ip: $context.")


@pytest.mark.parametrize("logs", ["false", "{accessLogging: false, executionLogging: false}"])
def test_logs_are_turned_off_again(aws: Any, tmp_path: Path, logs: str) -> None:
    found = stage(aws, tmp_path, "  logs: {restApi: true}\n", f"  logs: {{restApi: {logs}}}\n")
    assert found["methodSettings"]["*/*"]["loggingLevel"] == "OFF"


def test_the_stage_has_the_stacks_tags_and_the_providers(aws: Any, tmp_path: Path) -> None:
    both = "  stackTags: {a: stack, b: stack}\n  tags: {b: provider}\n"
    assert stage(aws, tmp_path, both)["tags"] == {"a": "stack", "b": "provider"}
    assert stage(aws, tmp_path, both, "  tags: {c: other}\n")["tags"] == {"c": "other"}


def test_a_stage_may_have_another_name_than_the_service(aws: Any, tmp_path: Path) -> None:
    found = stage(aws, tmp_path, "  apiGateway: {stage: v1}\n  tags: {a: b}\n")
    assert (found["stageName"], found["tags"]) == ("v1", {"a": "b"})
