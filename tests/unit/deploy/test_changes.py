"""A change set tells what would be lost."""

import pytest

from dewstack.deploy import find_target, losses
from dewstack.deploy.changes import read_changes
from dewstack.deploy.target import TARGETS
from dewstack.errors import UserError

CHANGES = [
    {
        "Type": "Resource",
        "ResourceChange": {"Action": action, "LogicalResourceId": name, "ResourceType": kind, **more},
    }
    for action, name, kind, more in (
        ("Add", "New", "AWS::Lambda::Function", {}),
        ("Modify", "Same", "AWS::Cognito::UserPool", {"Replacement": "False"}),
        ("Modify", "Other", "AWS::Cognito::UserPool", {"Replacement": "True"}),
        ("Modify", "Maybe", "AWS::Lambda::Permission", {"Replacement": "Conditional"}),
        ("Remove", "Old", "AWS::Cognito::UserPool", {"PhysicalResourceId": "eu-west-1_x"}),
    )
]


def test_replaced_and_removed_resources_are_losses() -> None:
    changes = read_changes(CHANGES)
    assert [change.logical_id for change in losses(changes)] == ["Other", "Maybe", "Old"]
    assert [change.logical_id for change in changes if change.loses_data] == ["Other", "Old"]


def test_changed_properties_are_named_once() -> None:
    target = {"Target": {"Attribute": "Properties", "Name": "Timeout"}}
    change = {"Action": "Modify", "LogicalResourceId": "F", "ResourceType": "T", "Details": [target, target]}
    [read] = read_changes([{"Type": "Resource", "ResourceChange": change}])
    assert read.properties == ("Timeout",)


def test_targets_are_found_by_name() -> None:
    assert [find_target(target.name) for target in TARGETS] == list(TARGETS)
    with pytest.raises(UserError) as caught:
        find_target("azure")
    assert caught.value.hint == "the targets are embedded, localstack, aws"
