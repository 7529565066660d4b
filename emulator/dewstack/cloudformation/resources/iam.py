"""`AWS::IAM::Role`: a record, which IAM learns of when somebody asks IAM."""

import json
import string
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Provider
from dewstack.cloudformation.resources.records import Record, named
from dewstack.cloudformation.resources.restored import Restored
from dewstack.errors import AwsError
from dewstack.ids import random_string

_ID_ALPHABET = string.ascii_uppercase + string.digits


class Role(Record, Restored):
    """A role. Deploying it asks nobody: every service has one, and few ever look at it."""

    service = "iam"

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
        )
        for policy in given.get("Policies", ()):
            await context.invoke(
                "iam",
                "PutRolePolicy",
                RoleName=name,
                PolicyName=policy["PolicyName"],
                PolicyDocument=_document(policy["PolicyDocument"]),
            )


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
    }
