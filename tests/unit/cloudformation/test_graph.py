"""References impose the order; broken ones are refused in CloudFormation's words."""

import json
from typing import Any

import pytest

from dewstack.cloudformation.errors import ValidationError
from dewstack.cloudformation.graph import layers, references, reversed_layers
from dewstack.cloudformation.model import Stack
from dewstack.cloudformation.scope import Scope, bind, parameter_values
from dewstack.cloudformation.template import parse


def scope(document: dict[str, Any], **parameters: str) -> Scope:
    template = parse(json.dumps(document))
    stack = Stack("arn:stack", "demo", "123456789012", "eu-west-1", "REVIEW_IN_PROGRESS", "", 0.0)
    return bind(template, stack, parameter_values(template, parameters))


def role(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def test_all_kinds_of_references_are_found() -> None:
    value = {
        "a": {"Ref": "A"},
        "b": [{"Fn::GetAtt": ["B", "Arn"]}, {"Fn::GetAtt": "C.Arn"}],
        "c": {"Fn::Sub": ["${D.Arn}-${x}-${!E}", {"x": {"Ref": "F"}}]},
        "d": {"Fn::Join": ["", [{"Ref": "G"}]]},
    }
    assert set(references(value)) == {"A", "B", "C", "D", "F", "G"}


def test_what_is_needed_comes_first() -> None:
    needs = scope(
        {
            "Resources": {
                "Last": {**role(), "DependsOn": ["Middle"]},
                "Middle": role(Description={"Fn::Sub": "${First.Arn}"}),
                "First": role(),
            }
        }
    ).needs
    assert layers(needs) == [["First"], ["Middle"], ["Last"]]
    assert reversed_layers(needs) == [["Last"], ["Middle"], ["First"]]


def test_a_cycle_is_refused_by_its_members_alone() -> None:
    with pytest.raises(ValidationError) as caught:
        scope(
            {
                "Resources": {
                    "Outside": role(D={"Ref": "B"}),
                    "B": role(D={"Ref": "A"}),
                    "A": role(D={"Ref": "B"}),
                }
            }
        )
    assert caught.value.message == "Circular dependency between resources: [A, B]"


@pytest.mark.parametrize(
    ("document", "block", "name"),
    [
        ({"Resources": {"R": role(D={"Ref": "X"})}}, "Resources", "X"),
        ({"Resources": {"R": {**role(), "DependsOn": "Y"}}}, "Resources", "Y"),
        ({"Resources": {"R": role()}, "Outputs": {"O": {"Value": {"Ref": "Z"}}}}, "Outputs", "Z"),
    ],
)
def test_an_unresolved_reference_is_refused(document: dict[str, Any], block: str, name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        scope(document)
    assert caught.value.message == (
        f"Template format error: Unresolved resource dependencies [{name}] in the {block} block of the template"
    )


CONDITIONAL: dict[str, Any] = {
    "Parameters": {"Stage": {"Type": "String", "Default": "dev", "AllowedValues": ["dev", "prod"]}},
    "Conditions": {
        "Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "Dev": {"Fn::Not": [{"Condition": "Prod"}]},
    },
    "Resources": {
        "Always": role(D={"Fn::If": ["Prod", {"Ref": "Only"}, "x"]}),
        "Only": {**role(), "Condition": "Prod"},
    },
}


def test_a_condition_decides_what_is_there() -> None:
    assert set(scope(CONDITIONAL).resources) == {"Always"}
    prod = scope(CONDITIONAL, Stage="prod")
    assert prod.needs == {"Always": ["Only"], "Only": []}


@pytest.mark.parametrize(
    ("spec", "given", "message"),
    [
        ({"Type": "String"}, {}, "Parameters: [P] must have values"),
        ({"Type": "String"}, {"P": "a", "Q": "b"}, "Parameters: [Q] do not exist in the template"),
        (
            {"Type": "String", "AllowedValues": ["a", "b"]},
            {"P": "c"},
            "Parameter 'P' must be one of AllowedValues [a, b]",
        ),
        ({"Type": "Number", "MaxValue": 5}, {"P": "6"}, "Parameter 'P' must be a number not greater than 5"),
        ({"Type": "Number"}, {"P": "six"}, "Parameter 'P' must be a number"),
        (
            {"Type": "String", "AllowedPattern": "[a-z]+"},
            {"P": "A"},
            "Parameter 'P' must match pattern [a-z]+",
        ),
        (
            {"Type": "String", "MinLength": "3", "ConstraintDescription": "three at least"},
            {"P": "ab"},
            "Parameter P failed to satisfy constraint: three at least",
        ),
        ({"Type": "Text"}, {"P": "a"}, "Template format error: Unrecognized parameter type: Text"),
    ],
)
def test_parameters_are_checked(spec: dict[str, Any], given: dict[str, str], message: str) -> None:
    template = parse(json.dumps({"Parameters": {"P": spec}, "Resources": {"R": role()}}))
    with pytest.raises(ValidationError) as caught:
        parameter_values(template, given)
    assert caught.value.message == message


def test_a_list_parameter_is_a_list() -> None:
    bound = scope({"Parameters": {"P": {"Type": "CommaDelimitedList"}}, "Resources": {"R": role()}}, P="a, b")
    assert bound.names["P"] == ["a", "b"]
