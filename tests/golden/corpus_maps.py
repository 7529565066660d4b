"""The maps of the corpus: small ones that together have every key which AWS functions and their events can have."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from dewstack.compile import Artifact, compile_service, naming
from dewstack.service import Service

CORPUS = Path(__file__).with_name("corpus")


class Given(Struct, frozen=True):
    """What a map is given on the command line and by the environment."""

    options: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)


def given_to(fixture: Path) -> Given:
    """What is in the map's `corpus.json`, if it has one."""
    path = fixture / "corpus.json"
    return Given(**json.loads(path.read_text())) if path.is_file() else Given()


def framework_template(fixture: Path) -> dict[str, Any]:
    """The Framework's template, as far as it can be compared."""
    return comparable(_stored(fixture))


def comparable(template: dict[str, Any]) -> dict[str, Any]:
    """The template without what comes from the clock and from the bytes of zips: REST deployments, which the
    Framework numbers by the time of its run; and the hashes of layers, with the versions whose digests have them.
    And without the Framework's own functions, whose work a deployment does itself (docs/framework.md).
    """
    kept = {name: each for name, each in template["Resources"].items() if not is_of_framework(name, each)}
    text = json.dumps({**template, "Resources": kept})
    text = re.sub(r"ApiGatewayDeployment[0-9A-Za-z]+", "ApiGatewayDeployment", text)
    hashes = [each["Value"] for name, each in template["Outputs"].items() if name.endswith("LambdaLayerHash")]
    for value in hashes:
        text = text.replace(value, "")
    if hashes:
        text = re.sub(r"LambdaVersion[0-9A-Za-z]{20,}", "LambdaVersion", text)
    masked: dict[str, Any] = json.loads(text)
    return masked


def is_of_framework(logical_id: str, resource: Mapping[str, Any]) -> bool:
    """Whether this is a custom resource of the Framework's, or a function that works for these."""
    own = ("CustomDashresource", "IamRoleCustomResourcesLambdaExecution")
    return resource["Type"].startswith("Custom::") or logical_id.startswith(own)


def compiled_as(fixture: Path, service: Service) -> dict[str, Any]:
    """Our template of the map, made of the packages of the Framework's run: their keys have its time in them, and
    their hashes are of zips."""
    resources: dict[str, Any] = _stored(fixture)["Resources"]
    artifacts = {
        key: _artifact(
            resources, f"{naming.resource_name(key)}LambdaFunction", "Code", _hash_of(resources, key)
        )
        for key, function in service.functions.items()
        if function.handler
    }
    outputs = _stored(fixture).get("Outputs", {})
    layers = {}
    for key in service.layers:
        logical_id = naming.lambda_layer(key)
        named = outputs[f"{logical_id}QualifiedArn"]["Value"]["Ref"]
        layers[key] = _artifact(resources, named, "Content", outputs[f"{logical_id}Hash"]["Value"])
    return compile_service(service, artifacts, layers)


def _stored(fixture: Path) -> dict[str, Any]:
    template: dict[str, Any] = json.loads((fixture / "template.json").read_text())
    return template


def _artifact(resources: dict[str, Any], logical_id: str, key: str, code_sha256: str) -> Artifact:
    code = resources[logical_id]["Properties"][key]
    return Artifact(code["S3Bucket"], code["S3Key"], code_sha256)


def _hash_of(resources: dict[str, Any], key: str) -> str:
    function = {"Ref": naming.lambda_function(key)}
    versions = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::Lambda::Version"]
    return next((str(each["CodeSha256"]) for each in versions if each["FunctionName"] == function), "")
