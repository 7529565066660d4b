"""Roles and policies: records, which IAM learns of when somebody asks IAM."""

import json
import string
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Provider
from dewstack.cloudformation.resources.records import Record, named
from dewstack.cloudformation.resources.restored import Restored
from dewstack.cloudformation.resources.shape import TAGS
from dewstack.errors import AwsError
from dewstack.ids import random_string

_ID_ALPHABET = string.ascii_uppercase + string.digits


class Role(Record, Restored):
    """A role. Deploying it asks nobody: every service has one, and few ever look at it."""

    service = "iam"
    tag_kind = TAGS

    async def restore(self, context: Context, current: Resource) -> None:
        """CreateRole with its policies, unless IAM has it already."""
        name, given = current.physical_id, current.properties
        try:
            await context.invoke("iam", "GetRole", RoleName=name)
            return
        except AwsError as error:
            if error.code != "NoSuchEntity":
                raise
        await context.invoke(
            "iam",
            "CreateRole",
            RoleName=name,
            Path=given.get("Path"),
            Description=given.get("Description"),
            AssumeRolePolicyDocument=_document(given["AssumeRolePolicyDocument"]),
            PermissionsBoundary=given.get("PermissionsBoundary") or None,
            Tags=given.get("Tags") or None,
        )
        for arn in given.get("ManagedPolicyArns") or ():
            with _unless_unknown():
                await context.invoke("iam", "AttachRolePolicy", RoleName=name, PolicyArn=arn)
        for policy in given.get("Policies", ()):
            await context.invoke(
                "iam",
                "PutRolePolicy",
                RoleName=name,
                PolicyName=policy["PolicyName"],
                PolicyDocument=_document(policy["PolicyDocument"]),
            )


class ManagedPolicy(Record, Restored):
    """A customer's managed policy."""

    service = "iam"

    async def restore(self, context: Context, current: Resource) -> None:
        """CreatePolicy, unless IAM has it already; attached to the roles that it names."""
        given, arn = current.properties, current.physical_id
        try:
            await context.invoke("iam", "GetPolicy", PolicyArn=arn)
            return
        except AwsError as error:
            if error.code != "NoSuchEntity":
                raise
        await context.invoke(
            "iam",
            "CreatePolicy",
            PolicyName=arn.rpartition("/")[2],
            Path=given.get("Path"),
            Description=given.get("Description"),
            PolicyDocument=_document(given["PolicyDocument"]),
        )
        for role in given.get("Roles") or ():
            with _unless_unknown():
                await context.invoke("iam", "AttachRolePolicy", RoleName=role, PolicyArn=arn)


class InlinePolicy(Record, Restored):
    """A policy inside of the roles that it names."""

    service = "iam"

    async def restore(self, context: Context, current: Resource) -> None:
        """PutRolePolicy, as often as IAM is asked: it puts what it would put again."""
        given = current.properties
        for role in given.get("Roles") or ([given["RoleName"]] if "RoleName" in given else ()):
            with _unless_unknown():
                await context.invoke(
                    "iam",
                    "PutRolePolicy",
                    RoleName=role,
                    PolicyName=given["PolicyName"],
                    PolicyDocument=_document(given["PolicyDocument"]),
                )


@contextmanager
def _unless_unknown() -> Iterator[None]:
    """Let pass that there is no such role or policy: what made it lies elsewhere."""
    try:
        yield
    except AwsError as error:
        if error.code != "NoSuchEntity":
            raise


def _managed_policy_arn(context: Context, properties: dict[str, Any]) -> str:
    name = properties.get("ManagedPolicyName") or context.generated_name(128)
    return f"arn:aws:iam::{context.stack.account_id}:policy{properties.get('Path', '/')}{name}"


def _document(given: Any) -> str:
    return given if isinstance(given, str) else json.dumps(given, default=str)


def _attributes(context: Context, name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "Arn": f"arn:aws:iam::{context.stack.account_id}:role{properties.get('Path', '/')}{name}",
        "RoleId": f"AROA{random_string(17, _ID_ALPHABET)}",
    }


def iam_types() -> dict[str, Provider]:
    """The types of IAM that it learns of."""
    return {
        "AWS::IAM::Role": Role(
            named("RoleName"),
            _attributes,
            required=("AssumeRolePolicyDocument",),
            replacement=frozenset({"RoleName", "Path"}),
            name_property="RoleName",
            needs_capability=True,
        ),
        "AWS::IAM::ManagedPolicy": ManagedPolicy(
            _managed_policy_arn,
            lambda context, arn, properties: {"PolicyArn": arn},
            required=("PolicyDocument",),
            replacement=frozenset({"ManagedPolicyName", "Description", "Path"}),
            name_property="ManagedPolicyName",
            needs_capability=True,
        ),
        "AWS::IAM::Policy": InlinePolicy(
            lambda context, properties: context.generated_name(128),
            lambda context, name, properties: {"Id": name},
            required=("PolicyDocument", "PolicyName"),
            needs_capability=True,
        ),
    }
