"""The frame of every template: the deployment bucket first, the map's own resources and the exports last."""

from collections.abc import Mapping
from typing import Any

import msgspec

from dewstack.errors import UserError
from dewstack.service import Service

from .draft import BUCKET, Draft, join, ref, tag_list

_REPLACED = ("Condition", "CreationPolicy", "DeletionPolicy", "UpdatePolicy", "UpdateReplacePolicy")
_MERGED = ("Properties", "Metadata")


def core_template(service: Service) -> dict[str, Any]:
    """The template of the first step: only what code is uploaded to."""
    template: dict[str, Any] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The AWS CloudFormation template for this Serverless application",
        "Resources": {},
        "Outputs": {},
    }
    bucket = service.provider.deployment_bucket
    draft = Draft(service, template)
    if not bucket.name:
        _add_bucket(draft)
    draft.outputs["ServerlessDeploymentBucketName"] = {"Value": bucket.name or ref(BUCKET)}
    return template


def _add_bucket(draft: Draft) -> None:
    bucket = draft.service.provider.deployment_bucket
    by_default = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    draft.add(
        BUCKET,
        "AWS::S3::Bucket",
        {
            "BucketEncryption": {"ServerSideEncryptionConfiguration": [by_default]},
            "Tags": tag_list(bucket.tags),
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            }
            if bucket.block_public_access
            else None,
            "VersioningConfiguration": {"Status": "Enabled"} if bucket.versioning else None,
        },
    )
    if bucket.skip_policy_setup:
        return
    arn = ("arn:", ref("AWS::Partition"), ":s3:::", ref(BUCKET))
    statement = {
        "Action": "s3:*",
        "Effect": "Deny",
        "Principal": "*",
        "Resource": [join("", *arn, "/*"), join("", *arn)],
        "Condition": {"Bool": {"aws:SecureTransport": False}},
    }
    properties = {"Bucket": ref(BUCKET), "PolicyDocument": {"Statement": [statement]}}
    draft.add(f"{BUCKET}Policy", "AWS::S3::BucketPolicy", properties)


def finish(draft: Draft) -> dict[str, Any]:
    """Export the outputs, merge the map's `resources` in, drop nulls. Raises UserError if that fails.

    Outputs of the map itself come in later than the exports and get none of their own, as in the Framework.
    """
    service, template = draft.service, draft.template
    for name, output in draft.outputs.items():
        output.setdefault("Export", {"Name": f"sls-{service.name}-{service.stage}-{name}"})
    sections = {name: section for name, section in service.resources.items() if name != "extensions"}
    _merge(template, sections)
    for logical_id, extension in (service.resources.get("extensions") or {}).items():
        _extend(template["Resources"], logical_id, extension or {})
    if b"null" in msgspec.json.encode(template["Resources"]):  # Few have any, and there may be thousands.
        _drop_nulls(template["Resources"])
    return template


def _drop_nulls(resources: dict[str, Any]) -> None:
    for resource in resources.values():
        if isinstance(resource, dict) and isinstance(resource.get("Properties"), dict):
            resource["Properties"] = _without_nulls(resource["Properties"])


def _merge(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if value is None:
            continue
        if isinstance(value, dict) and isinstance(below.get(key, {}), dict):
            _merge(below.setdefault(key, {}), value)
        elif isinstance(value, list) and isinstance(below.get(key), list):
            below[key] = _merged_lists(below[key], value)
        else:
            below[key] = value


def _merged_lists(below: list[Any], above: list[Any]) -> list[Any]:
    """Lists merged item by item, as the Framework does: the second's come in the place of the first's."""
    merged = list(below)
    for index, item in enumerate(above):
        if index >= len(merged):
            merged.append(item)
        elif isinstance(item, dict) and isinstance(merged[index], dict):
            merged[index] = dict(merged[index])
            _merge(merged[index], item)
        elif isinstance(item, list) and isinstance(merged[index], list):
            merged[index] = _merged_lists(merged[index], item)
        else:
            merged[index] = item
    return merged


def _extend(resources: dict[str, Any], logical_id: str, extension: Mapping[str, Any]) -> None:
    if logical_id not in resources:
        raise UserError(
            f"resources.extensions.{logical_id}: there is no such resource in the compiled template",
            hint="dew package writes the template, with the logical IDs there are",
        )
    resource = resources[logical_id]
    for attribute, value in extension.items():
        if value is None:
            continue
        if attribute in _REPLACED:
            resource[attribute] = value
        elif attribute in _MERGED:
            resource[attribute] = {**resource.get(attribute, {}), **value}
        elif attribute == "DependsOn":
            before = resource.get("DependsOn") or []
            resource["DependsOn"] = [*([before] if isinstance(before, str) else before), *value]
        else:
            raise UserError(
                f"resources.extensions.{logical_id}.{attribute}: this attribute can't be extended"
            )


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
