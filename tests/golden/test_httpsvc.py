"""The reference map compiles to the template that the Serverless Framework (osls 4.3.1) made of it."""

import json
import re
from pathlib import Path
from typing import Any

from dewstack.compile import Artifact, compile_service, create_template
from dewstack.service import Service, load

FIXTURE = Path(__file__).parent / "httpsvc"
EXPECTED: dict[str, Any] = json.loads((FIXTURE / "template.json").read_text())


def reference_service() -> Service:
    return load(FIXTURE, options={}, environ={})


def reference_artifact() -> Artifact:
    """The artifact of the run that made the reference: its key has a time, its hash is of a zip."""
    resources = EXPECTED["Resources"]
    code = resources["PyHelloLambdaFunction"]["Properties"]["Code"]
    version = next(each for each in resources.values() if each["Type"] == "AWS::Lambda::Version")
    return Artifact(code["S3Bucket"], code["S3Key"], version["Properties"]["CodeSha256"])


def normalised(template: dict[str, Any]) -> Any:
    """The template without the digest of the WebSocket deployment, which is over osls's own key order."""
    text = json.dumps(template)
    return json.loads(re.sub(r"WebsocketsDeployment(?!Stage)[0-9A-Za-z]+", "WebsocketsDeployment", text))


def test_the_template_equals_the_frameworks_with_its_version_ids() -> None:
    service = reference_service()
    template = compile_service(service, dict.fromkeys(service.functions, reference_artifact()))
    assert normalised(template) == normalised(EXPECTED)


def test_the_first_step_has_only_the_deployment_bucket() -> None:
    template = create_template(reference_service())
    assert list(template["Resources"]) == ["ServerlessDeploymentBucket", "ServerlessDeploymentBucketPolicy"]
    for logical_id, resource in template["Resources"].items():
        assert resource == EXPECTED["Resources"][logical_id]
    assert list(template["Outputs"]) == ["ServerlessDeploymentBucketName"]


def test_the_same_map_compiles_to_the_same_text() -> None:
    artifacts = dict.fromkeys(reference_service().functions, reference_artifact())
    texts = {json.dumps(compile_service(reference_service(), artifacts)) for _ in range(2)}
    assert len(texts) == 1
