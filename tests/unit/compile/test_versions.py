"""A function's version: another logical ID if and only if its code or configuration is another."""

from collections.abc import Callable
from typing import Any

import pytest

Compile = Callable[..., dict[str, Any]]


def version_of(template: dict[str, Any]) -> str:
    """The logical ID of the template's one version."""
    found = [name for name, each in template["Resources"].items() if each["Type"] == "AWS::Lambda::Version"]
    assert len(found) == 1
    return str(found[0])


def map_with(setting: str = "") -> str:
    return f"functions:\n  f:\n    handler: app.handler\n    {setting}\n"


def test_nothing_changed_is_the_same_version(compile_map: Compile) -> None:
    assert version_of(compile_map(map_with())) == version_of(compile_map(map_with()))


def test_other_code_is_another_version(compile_map: Compile) -> None:
    assert version_of(compile_map(map_with(), code="a")) != version_of(compile_map(map_with(), code="b"))


@pytest.mark.parametrize(
    "setting",
    [
        "timeout: 7",
        "memorySize: 256",
        "environment: {A: b}",
        "description: d",
        "layers: ['arn:aws:lambda:us-east-1:123456789012:layer:l:1']",
    ],
)
def test_another_configuration_is_another_version(compile_map: Compile, setting: str) -> None:
    assert version_of(compile_map(map_with())) != version_of(compile_map(map_with(setting)))


@pytest.mark.parametrize(
    "setting",
    [
        "tags: {a: b}",
        "reservedConcurrency: 3",
        "events: [{httpApi: GET /}]",
        "url: true",
        "logRetentionInDays: 7",
    ],
)
def test_what_a_version_does_not_hold_makes_no_other(compile_map: Compile, setting: str) -> None:
    assert version_of(compile_map(map_with())) == version_of(compile_map(map_with(setting)))


def test_versions_can_be_turned_off(compile_map: Compile) -> None:
    template = compile_map(map_with("versionFunction: false"))
    assert not [each for each in template["Resources"].values() if each["Type"] == "AWS::Lambda::Version"]
    assert list(template["Outputs"]) == ["ServerlessDeploymentBucketName"]


def test_another_layer_of_the_map_is_another_version(compile_map: Compile) -> None:
    text = map_with("layers: [!Ref CommonLambdaLayer]") + "layers: {common: {path: layer, description: %s}}\n"
    assert version_of(compile_map(text % "one")) != version_of(compile_map(text % "two"))
