"""Canary releases of REST APIs: a second deployment for a share of a stage's requests."""

from collections import Counter
from typing import Any

import pytest

from dewstack.apigateway.errors import BadRequestException
from tests.api.apigateway.rest_api_client import RestGateway, patch

TEMPLATE = "{version} $stageVariables.greeting $context.isCanaryRequest"


def versioned(rest: RestGateway, version: str, **settings: Any) -> str:
    """Let GET /v tell its version and deploy it; the deployment's id."""
    mock = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
    template = {"application/json": TEMPLATE.replace("{version}", version)}
    if "/v" in rest.resources:
        place = {"resourceId": rest.resources["/v"], "httpMethod": "GET"}
        rest.call("DeleteMethod", **place)
    rest.mapped("GET /v", mock, {"statusCode": "200", "responseTemplates": template})
    deployed: str = rest.call("CreateDeployment", stageName="dev", **settings)["id"]
    return deployed


def canary(rest: RestGateway, percent: float, **settings: Any) -> tuple[str, str]:
    """An API whose first version is the stage's, and the second its canary's; both deployments."""
    first = versioned(rest.create_rest(), "one", variables={"greeting": "hi", "kept": "yes"})
    given = {"percentTraffic": percent} | settings
    return first, versioned(rest, "two", canarySettings=given)


def answers(rest: RestGateway, times: int) -> Counter[str]:
    return Counter(rest.request("GET", "/v").body.decode() for _ in range(times))


def update(rest: RestGateway, *operations: dict[str, Any]) -> dict[str, Any]:
    return rest.call("UpdateStage", stageName="dev", patchOperations=list(operations))


@pytest.mark.parametrize(("percent", "seen"), [(0, {"one hi false"}), (100, {"two hi true"})])
def test_all_or_nothing_of_the_requests(rest: RestGateway, percent: float, seen: set[str]) -> None:
    first, second = canary(rest, percent)
    stage = rest.call("GetStage", stageName="dev")
    assert stage["deploymentId"] == first
    assert stage["canarySettings"] == {
        "deploymentId": second,
        "percentTraffic": percent,
        "useStageCache": False,
    }
    assert set(answers(rest, 20)) == seen


def test_a_share_of_the_requests_with_variables_of_their_own(rest: RestGateway) -> None:
    canary(rest, 50, stageVariableOverrides={"greeting": "ho"})
    seen = answers(rest, 200)
    assert set(seen) == {"one hi false", "two ho true"}
    assert 50 < seen["two ho true"] < 150


def test_a_canary_is_promoted_as_the_console_does_it(rest: RestGateway) -> None:
    _, second = canary(rest, 10, stageVariableOverrides={"greeting": "ho"})
    promoted = update(
        rest,
        {"op": "copy", "from": "/canarySettings/deploymentId", "path": "/deploymentId"},
        {"op": "copy", "from": "/canarySettings/stageVariableOverrides", "path": "/variables"},
        patch("remove", "/canarySettings"),
    )
    assert promoted["deploymentId"] == second
    assert promoted["variables"] == {"greeting": "ho", "kept": "yes"}
    assert "canarySettings" not in promoted
    assert set(answers(rest, 5)) == {"two ho "}


def test_a_canary_is_changed_by_patches(rest: RestGateway) -> None:
    first, second = canary(rest, 0)
    changed = update(
        rest,
        patch("replace", "/canarySettings/percentTraffic", "100.0"),
        patch("replace", "/canarySettings/useStageCache", "true"),
        patch("replace", "/canarySettings/stageVariableOverrides/greeting", "ho"),
    )["canarySettings"]
    assert (changed["percentTraffic"], changed["useStageCache"]) == (100.0, True)
    assert set(answers(rest, 5)) == {"two ho true"}
    update(rest, patch("remove", "/canarySettings/stageVariableOverrides/greeting"))
    assert set(answers(rest, 5)) == {"two hi true"}
    update(rest, patch("replace", "/canarySettings/deploymentId", first))
    assert set(answers(rest, 5)) == {"one hi true"}
    rest.call("DeleteDeployment", deploymentId=second)


@pytest.mark.parametrize(
    "operation",
    [
        patch("replace", "/canarySettings/percentTraffic", "101"),
        patch("replace", "/canarySettings/percentTraffic", "much"),
        patch("replace", "/canarySettings/deploymentId", "nowhere"),
        patch("replace", "/canarySettings/odd", "1"),
        {"op": "copy", "from": "/canarySettings/odd", "path": "/deploymentId"},
        {"op": "copy", "from": "/deploymentId", "path": "/variables"},
    ],
)
def test_what_cannot_be_patched_is_refused(rest: RestGateway, operation: dict[str, Any]) -> None:
    canary(rest, 0)
    with pytest.raises(BadRequestException):
        update(rest, operation)


def test_a_canary_needs_a_stage_that_is_there(rest: RestGateway) -> None:
    rest.create_rest("GET /a")
    settings = {"percentTraffic": 5.0}
    with pytest.raises(BadRequestException, match="must already be created before making a canary"):
        rest.call("CreateDeployment", stageName="new", canarySettings=settings)
    with pytest.raises(BadRequestException, match="stageName must be provided for canary"):
        rest.call("CreateDeployment", canarySettings=settings)


def test_a_canarys_deployment_is_in_use(rest: RestGateway) -> None:
    _, second = canary(rest, 5)
    with pytest.raises(BadRequestException, match="Active stages"):
        rest.call("DeleteDeployment", deploymentId=second)


def test_a_stage_is_made_with_a_canary(rest: RestGateway) -> None:
    first, second = canary(rest, 5)
    settings = {"percentTraffic": 100.0, "deploymentId": second}
    rest.call("CreateStage", stageName="other", deploymentId=first, canarySettings=settings)
    assert rest.request("GET", "//other/v").body == b"two  true"
