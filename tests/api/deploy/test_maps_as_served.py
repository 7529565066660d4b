"""What `dew up` does with a map beyond its template: buckets that are there already, parameters of the stack."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dewstack.testing import Dew, start

MAP = """\
service: served
provider:
  name: aws
  runtime: python3.11
  stackParameters:
    - {ParameterKey: Name, ParameterValue: of-the-map}
functions:
  own:
    handler: index.handler
    events:
      - s3: {bucket: {Ref: Own}, existing: true, rules: [{suffix: .txt}]}
  other:
    handler: index.handler
    events:
      - s3: {bucket: {'Fn::ImportValue': nobody-exports-this}, existing: true}
resources:
  Parameters:
    Name: {Type: String}
  Resources:
    Own:
      Type: AWS::S3::Bucket
      Properties:
        WebsiteConfiguration:
          IndexDocument: index.html
          RoutingRules:
            - RedirectRule: {ReplaceKeyWith: new.html}
              RoutingRuleCondition: {KeyPrefixEquals: old}
  Outputs:
    Bucket: {Value: {Ref: Own}}
    Named: {Value: {Ref: Name}}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dew]:
    directory: Path = tmp_path_factory.mktemp("served")
    (directory / "serverless.yml").write_text(MAP)
    (directory / "index.py").write_text("def handler(event, context):\n    return 1\n")
    with start(directory) as dew:
        yield dew


def test_a_bucket_of_the_maps_own_resources_may_count_as_existing(served: Dew) -> None:
    bucket = {"Bucket": served.outputs["Bucket"]}
    [told] = served.call("s3", "GetBucketNotificationConfiguration", bucket)["LambdaFunctionConfigurations"]
    assert told["LambdaFunctionArn"].endswith(":function:served-dev-own")
    assert told["Filter"]["Key"]["FilterRules"][0]["Value"] == ".txt"
    policy = json.loads(served.call("lambda", "GetPolicy", {"FunctionName": "served-dev-own"})["Policy"])
    assert policy["Statement"][0]["Condition"]["ArnLike"]["AWS:SourceArn"].endswith(served.outputs["Bucket"])


def test_the_stacks_parameters_come_from_the_map(served: Dew) -> None:
    assert served.outputs["Named"] == "of-the-map"


def test_a_websites_rules_are_s3s(served: Dew) -> None:
    website = served.call("s3", "GetBucketWebsite", {"Bucket": served.outputs["Bucket"]})
    [rule] = website["RoutingRules"]
    assert rule == {"Condition": {"KeyPrefixEquals": "old"}, "Redirect": {"ReplaceKeyWith": "new.html"}}
