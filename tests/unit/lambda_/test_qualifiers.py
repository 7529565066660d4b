"""Versions and aliases: what may be changed, shares of an alias, and concurrency that is only recorded."""

import collections

import pytest

from dewstack.errors import AwsError

VERSION = "def handler(event, context): return context.function_version"


@pytest.fixture
def two_versions(functions):
    """The function `f` with the versions 1 and 2."""
    functions.function(VERSION)
    functions.call("PublishVersion", FunctionName="f")
    functions.call("UpdateFunctionConfiguration", FunctionName="f", Timeout=7)
    functions.call("PublishVersion", FunctionName="f")
    return functions


def alias(functions, version="1", **weights):
    functions.call(
        "CreateAlias",
        FunctionName="f",
        Name="live",
        FunctionVersion=version,
        RoutingConfig={"AdditionalVersionWeights": {key.strip("v"): each for key, each in weights.items()}},
    )


def test_an_alias_of_two_versions_gives_each_its_share(two_versions):
    alias(two_versions, v2=0.5)
    served = collections.Counter(two_versions.invoke("f:live")["Payload"] for _ in range(60))
    assert set(served) == {"1", "2"} and min(served.values()) > 5  # one in ten thousand million fails here


def test_a_weight_of_nothing_serves_nothing(two_versions):
    alias(two_versions, v2=0.0)
    assert {two_versions.invoke("f:live")["Payload"] for _ in range(20)} == {"1"}
    two_versions.call(
        "UpdateAlias",
        FunctionName="f",
        Name="live",
        RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}},
    )
    assert {two_versions.invoke("f:live")["Payload"] for _ in range(20)} == {"2"}


@pytest.mark.parametrize(
    ("version", "weights"), [("$LATEST", {"v1": 0.1}), ("1", {"v9": 0.1}), ("1", {"v2": 0.7, "v1": 0.7})]
)
def test_an_alias_that_lambda_refuses_is_refused(two_versions, version, weights):
    with pytest.raises(AwsError):
        alias(two_versions, version, **weights)


@pytest.mark.parametrize("name", ["f:1", "f:live"])
@pytest.mark.parametrize("operation", ["UpdateFunctionConfiguration", "UpdateFunctionCode"])
def test_only_the_function_itself_may_be_changed(two_versions, operation, name):
    alias(two_versions)
    with pytest.raises(AwsError, match="permitted on Lambda functions only"):
        two_versions.call(operation, FunctionName=name)


def test_a_version_that_an_alias_names_is_not_deleted(two_versions):
    alias(two_versions, v2=0.1)
    for version in ("1", "2"):
        with pytest.raises(AwsError, match=r"following aliases reference it: \[live\]") as caught:
            two_versions.call("DeleteFunction", FunctionName="f", Qualifier=version)
        assert caught.value.status == 409
    with pytest.raises(AwsError, match="Deletion of aliases"):
        two_versions.call("DeleteFunction", FunctionName="f", Qualifier="live")
    two_versions.call("DeleteAlias", FunctionName="f", Name="live")
    two_versions.call("DeleteFunction", FunctionName="f", Qualifier="1")


def test_provisioned_concurrency_is_told_and_taken_back(two_versions):
    where = {"FunctionName": "f", "Qualifier": "1"}
    with pytest.raises(AwsError, match="No Provisioned Concurrency Config found"):
        two_versions.call("GetProvisionedConcurrencyConfig", **where)
    two_versions.call("PutProvisionedConcurrencyConfig", **where, ProvisionedConcurrentExecutions=3)

    def told():
        return two_versions.call("GetProvisionedConcurrencyConfig", **where)

    assert (told()["RequestedProvisionedConcurrentExecutions"], told()["Status"]) == (3, "IN_PROGRESS")
    two_versions.wait_until(
        lambda: sum(each.init_ms is not None for each in two_versions.environments("f")) == 3
    )
    assert (told()["AvailableProvisionedConcurrentExecutions"], told()["Status"]) == (3, "READY")
    (listed,) = two_versions.call("ListProvisionedConcurrencyConfigs", FunctionName="f")[
        "ProvisionedConcurrencyConfigs"
    ]
    assert listed["FunctionArn"].endswith(":function:f:1")
    two_versions.call("DeleteProvisionedConcurrencyConfig", **where)
    assert not two_versions.call("ListProvisionedConcurrencyConfigs", FunctionName="f")[
        "ProvisionedConcurrencyConfigs"
    ]
    with pytest.raises(AwsError, match="unpublished function versions"):
        two_versions.call(
            "PutProvisionedConcurrencyConfig",
            FunctionName="f",
            Qualifier="$LATEST",
            ProvisionedConcurrentExecutions=1,
        )
