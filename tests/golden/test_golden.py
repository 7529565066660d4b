"""Maps compile to the very templates that the Serverless Framework (osls 4.3.1, `sls package`) made of them.

Each directory with a `template.json` is a map and what the Framework made of it: `npx sls package` there, with the
plugins that don't change templates left out, then `.serverless/cloudformation-template-update-stack.json`. Some maps
are in their own place. Logical IDs with digests, as those of function versions and WebSocket deployments, are
compared as they are; those of REST deployments, which the Framework numbers by the time, are masked.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dewstack.compile import Artifact, compile_service, create_template
from dewstack.service import Service, load

FIXTURES = sorted(path.parent for path in Path(__file__).parent.glob("*/template.json"))
IDS = [fixture.name for fixture in FIXTURES]
PROJECT = Path(__file__).parents[2]
ELSEWHERE = {"reference": PROJECT, "typescript": PROJECT / "examples/typescript"}
"""The maps that aren't beside their template."""


def template_of(fixture: Path) -> dict[str, Any]:
    return without_times(json.loads((fixture / "template.json").read_text()))


def without_times(template: dict[str, Any]) -> dict[str, Any]:
    """The template with one name for REST deployments: the Framework numbers them by the time of the run."""
    text = re.sub(r"ApiGatewayDeployment[0-9A-Za-z]+", "ApiGatewayDeployment", json.dumps(template))
    masked: dict[str, Any] = json.loads(text)
    return masked


def service_of(fixture: Path) -> Service:
    return load(ELSEWHERE.get(fixture.name, fixture), options={}, environ={})


def artifact_of(fixture: Path) -> Artifact:
    """The artifact of the run that made the fixture: its key has a time, its hash is of a zip."""
    resources = template_of(fixture)["Resources"].values()
    code = next(each for each in resources if each["Type"] == "AWS::Lambda::Function")["Properties"]["Code"]
    hashes = [
        each["Properties"]["CodeSha256"] for each in resources if each["Type"] == "AWS::Lambda::Version"
    ]
    return Artifact(code["S3Bucket"], code["S3Key"], hashes[0] if hashes else "")


def compiled(fixture: Path) -> dict[str, Any]:
    service = service_of(fixture)
    return compile_service(service, dict.fromkeys(service.functions, artifact_of(fixture)))


@pytest.mark.parametrize("fixture", FIXTURES, ids=IDS)
def test_the_template_equals_the_frameworks(fixture: Path) -> None:
    assert without_times(compiled(fixture)) == template_of(fixture)


@pytest.mark.parametrize("fixture", FIXTURES, ids=IDS)
def test_the_same_map_compiles_to_the_same_text(fixture: Path) -> None:
    assert json.dumps(compiled(fixture)) == json.dumps(compiled(fixture))


def test_the_first_step_has_only_the_deployment_bucket() -> None:
    fixture = FIXTURES[IDS.index("httpsvc")]
    template = create_template(service_of(fixture))
    bucket = ["ServerlessDeploymentBucket", "ServerlessDeploymentBucketPolicy"]
    expected = template_of(fixture)["Resources"]
    assert template["Resources"] == {logical_id: expected[logical_id] for logical_id in bucket}
    assert list(template["Outputs"]) == ["ServerlessDeploymentBucketName"]


def test_a_bucket_of_ones_own_is_not_made() -> None:
    template = create_template(service_of(FIXTURES[IDS.index("minsvc")]))
    assert template["Resources"] == {}
    assert template["Outputs"] == {"ServerlessDeploymentBucketName": {"Value": "my-bucket"}}
