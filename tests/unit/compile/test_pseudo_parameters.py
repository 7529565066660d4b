"""`#{AWS::Region}` becomes `Fn::Sub` where the map names the plugin for it, and stays a text elsewhere."""

from pathlib import Path
from typing import Any

import pytest

from dewstack.compile import compile_service
from dewstack.compile.pseudo_parameters import substituted
from dewstack.deploy.artifacts import live_artifacts
from dewstack.service import load

MAP = """\
service: shop
provider: {name: aws, runtime: nodejs20.x, environment: {ARN: 'arn:aws:sns:#{AWS::Region}:#{AWS::AccountId}:t'}}
functions: {f: {handler: f.f}}
resources: {Outputs: {Where: {Value: '#{AWS::Region}'}}}
"""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a#{AWS::Region}b", {"Fn::Sub": "a${AWS::Region}b"}),
        ({"Fn::Sub": "#{AWS::Region}-${Table}"}, {"Fn::Sub": "${AWS::Region}-${Table}"}),
        (
            {"Fn::Sub": ["#{a}", {"a": "#{AWS::Region}"}]},
            {"Fn::Sub": ["${a}", {"a": {"Fn::Sub": "${AWS::Region}"}}]},
        ),
        ({"Fn::Join": ["-", ["a", "#{Table}"]]}, {"Fn::Join": ["-", ["a", {"Fn::Sub": "${Table}"}]]}),
        ([1, None, "plain # {x}"], [1, None, "plain # {x}"]),
    ],
)
def test_marks_are_substitutions(value: Any, expected: Any) -> None:
    assert substituted(value) == expected


@pytest.mark.parametrize(("plugins", "is_read"), [("[serverless-pseudo-parameters]", True), ("[]", False)])
def test_only_the_plugin_reads_them(tmp_path: Path, plugins: str, is_read: bool) -> None:
    (tmp_path / "serverless.yml").write_text(f"{MAP}plugins: {plugins}\n")
    service = load(tmp_path, options={}, environ={})
    template = compile_service(service, live_artifacts(service))
    value = template["Resources"]["FLambdaFunction"]["Properties"]["Environment"]["Variables"]["ARN"]
    assert isinstance(value, dict) is is_read
    assert (template["Outputs"]["Where"]["Value"] == {"Fn::Sub": "${AWS::Region}"}) is is_read
