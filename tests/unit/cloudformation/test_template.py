"""Templates are read as CloudFormation reads them and refused in its words."""

import json

import pytest

from dewstack.cloudformation.errors import ValidationError
from dewstack.cloudformation.template import as_written, parse, read

RESOURCE = {"Type": "AWS::IAM::Role", "Properties": {}}


def test_short_tags_are_the_long_functions() -> None:
    template = parse(
        """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      A: !Ref Other
      B: !GetAtt Other.Nested.Arn
      C: !Sub ['${X}', {X: !Ref Other}]
      D: !If [Yes, !Join ['-', [a, b]], !Ref 'AWS::NoValue']
"""
    )
    assert template.resources["Role"].properties == {
        "A": {"Ref": "Other"},
        "B": {"Fn::GetAtt": ["Other", "Nested.Arn"]},
        "C": {"Fn::Sub": ["${X}", {"X": {"Ref": "Other"}}]},
        "D": {"Fn::If": [True, {"Fn::Join": ["-", ["a", "b"]]}, {"Ref": "AWS::NoValue"}]},
    }


def test_dates_in_yaml_stay_text() -> None:
    template = parse("Resources: {R: {Type: 'AWS::IAM::Role', Properties: {Version: 2012-10-17}}}")
    assert template.resources["R"].properties == {"Version": "2012-10-17"}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "Template format error: At least one Resources member must be defined."),
        ({"Resources": {"R": RESOURCE}, "Foo": 1}, "Invalid template property or properties [Foo]"),
        (
            {"Resources": {"R": {}}},
            "Template format error: [/Resources/R] Every Resources object must contain a Type member.",
        ),
        ({"Resources": {"R-1": RESOURCE}}, "Template format error: Resource name R-1 is non alphanumeric."),
        ({"Resources": {"R": {**RESOURCE, "Depends": "X"}}}, "Invalid template resource property 'Depends'"),
        (
            {"Resources": {"R": RESOURCE}, "Outputs": {"O": {}}},
            "Template format error: [/Outputs/O] Every Outputs member must contain a Value object",
        ),
    ],
)
def test_a_malformed_template_is_refused(document: object, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse(json.dumps(document))
    assert caught.value.message == message


@pytest.mark.parametrize("text", ["{", "a: [", "just text", "- a\n- b", "{" * 5000])
def test_what_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="Template format error"):
        parse(text)


def test_a_template_can_be_looked_at_before_its_macros() -> None:
    macro = "AWS::Serverless-2016-10-31"
    loop = {"Fn::ForEach::Names": ["Name", ["A"], {"R${Name}": RESOURCE}]}
    document = {"Transform": macro, "Globals": {"Function": {}}, "Resources": {"R": RESOURCE, **loop}}
    written = as_written(read(json.dumps(document)))
    assert written.transforms == (macro,)
    assert list(written.resources) == ["R"]
