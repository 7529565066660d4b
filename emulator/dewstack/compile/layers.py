"""Layers of the map: each a LayerVersion, with the accounts that may use it."""

import copy
import hashlib
import json
from typing import Any

from msgspec import Struct

from dewstack.service import FunctionSpec

from . import naming
from .draft import Draft, ref


class LayerConfiguration(Struct, frozen=True):
    """A layer of the map that a function refers to."""

    key: str
    logical_id: str
    properties: dict[str, Any]

    def without_key(self) -> dict[str, Any]:
        """What of it counts for a function's version: everything but the place of its upload."""
        properties = copy.deepcopy(self.properties)
        properties["Content"].pop("S3Key", None)
        return {"name": self.key, "ref": self.logical_id, "properties": properties}


def compile_layers(draft: Draft) -> None:
    """All layers of the map."""
    for key, layer in draft.service.layers.items():
        _compile_layer(draft, key, dict(layer))


def _compile_layer(draft: Draft, key: str, layer: dict[str, Any]) -> None:
    artifact = draft.layer_artifacts[key]
    properties = {
        "Content": {"S3Bucket": artifact.s3_bucket, "S3Key": artifact.s3_key},
        "LayerName": layer.get("name") or key,
        "Description": layer.get("description"),
        "LicenseInfo": layer.get("licenseInfo"),
        "CompatibleRuntimes": layer.get("compatibleRuntimes"),
        "CompatibleArchitectures": layer.get("compatibleArchitectures"),
    }
    counted = {**properties, "Content": {"S3Bucket": artifact.s3_bucket}}
    digest = hashlib.sha1(f"{json.dumps(counted)}{artifact.code_sha256}".encode()).hexdigest()
    retained = digest if layer.get("retain") else ""
    policy = "Retain" if layer.get("retain") else None
    logical_id = naming.lambda_layer(key) + retained
    draft.add(logical_id, "AWS::Lambda::LayerVersion", properties, DeletionPolicy=policy)
    for account in layer.get("allowedAccounts") or ():
        name = (
            f"{naming.resource_name(key)}{str(account).replace('*', 'Wild')}LambdaLayerPermission{retained}"
        )
        permission = {
            "Action": "lambda:GetLayerVersion",
            "LayerVersionArn": ref(logical_id),
            "Principal": str(account),
        }
        draft.add(name, "AWS::Lambda::LayerVersionPermission", permission, DeletionPolicy=policy)
    name = naming.lambda_layer(key)
    for suffix, what, value in (
        ("QualifiedArn", "version", ref(logical_id)),
        ("Hash", "hash", digest),
        ("S3Key", "S3Key", artifact.s3_key),
    ):
        draft.outputs[f"{name}{suffix}"] = {"Description": f"Current Lambda layer {what}", "Value": value}


def layer_configurations(draft: Draft, function: FunctionSpec) -> list[LayerConfiguration]:
    """The layers of this map among those of the function."""
    found = []
    for layer in function.layers:
        logical_id = layer.get("Ref") if isinstance(layer, dict) else None
        key = next((key for key in draft.service.layers if naming.lambda_layer(key) == logical_id), None)
        if key is not None and logical_id in draft.resources:
            found.append(LayerConfiguration(key, str(logical_id), draft.resources[logical_id]["Properties"]))
    return found
