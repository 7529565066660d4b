"""Every intrinsic function gives what CloudFormation gives."""

from typing import Any

import pytest

from dewstack.cloudformation.errors import ValidationError
from dewstack.cloudformation.intrinsics import NO_VALUE, Evaluator
from dewstack.errors import NotEmulated


class Resources:
    """One function, one export."""

    def ref(self, logical_id: str) -> Any:
        return {"Login": "demo-login"}[logical_id]

    def get_att(self, logical_id: str, attribute: str) -> Any:
        return {("Login", "Arn"): "arn:login", ("Login", "Url.Host"): "host"}[logical_id, attribute]

    def import_value(self, name: str) -> str:
        return {"shared": "exported"}[name]


@pytest.fixture
def evaluator() -> Evaluator:
    return Evaluator(
        names={
            "AWS::Region": "eu-west-1",
            "AWS::NoValue": NO_VALUE,
            "Stage": "dev",
            "Zones": ["a", "b", "c"],
        },
        mappings={"Sizes": {"dev": {"memory": 128}}},
        conditions={"IsDev": True, "IsProd": False},
        references=Resources(),
    )


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ({"Ref": "Stage"}, "dev"),
        ({"Ref": "Login"}, "demo-login"),
        ({"Ref": "Zones"}, ["a", "b", "c"]),
        ({"Fn::GetAtt": ["Login", "Arn"]}, "arn:login"),
        ({"Fn::GetAtt": "Login.Url.Host"}, "host"),
        (
            {"Fn::Sub": "${Stage}-${Login}-${Login.Arn}-${!Stage}-${AWS::Region}"},
            "dev-demo-login-arn:login-${Stage}-eu-west-1",
        ),
        ({"Fn::Sub": ["${A}${Stage}", {"A": {"Ref": "Login"}}]}, "demo-logindev"),
        ({"Fn::Join": ["-", ["a", 1, True, {"Ref": "Stage"}]]}, "a-1-true-dev"),
        ({"Fn::Join": [",", {"Ref": "Zones"}]}, "a,b,c"),
        ({"Fn::Select": ["1", {"Ref": "Zones"}]}, "b"),
        ({"Fn::Split": ["-", "x-y"]}, ["x", "y"]),
        ({"Fn::If": ["IsDev", "yes", {"Ref": "Nowhere"}]}, "yes"),
        (
            {"a": {"Fn::If": ["IsProd", 1, {"Ref": "AWS::NoValue"}]}, "b": [{"Ref": "AWS::NoValue"}, 2]},
            {"b": [2]},
        ),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "memory"]}, 128),
        ({"Fn::FindInMap": ["Sizes", "prod", "memory", {"DefaultValue": 1}]}, 1),
        ({"Fn::ImportValue": {"Fn::Sub": "shared"}}, "exported"),
        ({"Fn::Base64": "ab"}, "YWI="),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, ["10.0.0.0/24", "10.0.1.0/24"]),
        ({"Fn::GetAZs": ""}, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ({"Fn::Length": {"Ref": "Zones"}}, 3),
        ({"Fn::ToJsonString": {"a": {"Ref": "Stage"}}}, '{"a":"dev"}'),
        ({"Fn::Equals": [{"Ref": "Stage"}, "dev"]}, True),
        ({"Fn::Equals": [1, "1"]}, True),
        ({"Fn::And": [{"Condition": "IsDev"}, {"Fn::Not": [{"Condition": "IsProd"}]}]}, True),
        ({"Fn::Or": [{"Condition": "IsProd"}, {"Fn::Equals": ["a", "b"]}]}, False),
    ],
)
def test_functions(evaluator: Evaluator, value: Any, result: Any) -> None:
    assert evaluator.evaluate(value) == result


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"Fn::Select": [3, {"Ref": "Zones"}]},
            "Template error: Fn::Select cannot select nonexistent value at index 3",
        ),
        (
            {"Fn::FindInMap": ["Sizes", "prod", "memory"]},
            "Template error: Unable to get mapping for Sizes::prod::memory",
        ),
        ({"Ref": ["a"]}, "Template error: every Ref object must have a single String value."),
        ({"Fn::If": ["Nope", 1, 2]}, "Template error: unresolved condition dependency Nope"),
        (
            {"Fn::Join": ["-", "text"]},
            "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of"
            " strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.",
        ),
    ],
)
def test_misused_functions(evaluator: Evaluator, value: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        evaluator.evaluate(value)
    assert caught.value.message == message


def test_an_unknown_function_is_refused_by_its_name(evaluator: Evaluator) -> None:
    with pytest.raises(NotEmulated, match="Fn::Transform"):
        evaluator.evaluate({"Fn::Transform": {"Name": "X"}})
