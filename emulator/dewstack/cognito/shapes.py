"""Pools, clients, groups and users in the shapes that AWS answers."""

from typing import Any

from dewstack.cognito.model import Group, User, UserPool, UserPoolClient
from dewstack.cognito.schema import IDENTITIES, STANDARD

Shape = dict[str, Any]


def describe_pool(pool: UserPool, users: int) -> Shape:
    """AWS's UserPoolType."""
    described = [*pool.schema[: len(STANDARD)], IDENTITIES, *pool.schema[len(STANDARD) :]]
    return {
        "Id": pool.id,
        "Name": pool.name,
        **{key: value for key, value in pool.settings.items() if value is not None},
        "SchemaAttributes": [attribute.describe() for attribute in described],
        "EstimatedNumberOfUsers": users,
        "CreationDate": pool.created,
        "LastModifiedDate": pool.modified,
        "Arn": pool.arn,
    }


def describe_client(client: UserPoolClient) -> Shape:
    """AWS's UserPoolClientType."""
    shape = {
        "UserPoolId": client.pool_id,
        "ClientName": client.name,
        "ClientId": client.id,
        **{key: value for key, value in client.settings.items() if value is not None},
        "CreationDate": client.created,
        "LastModifiedDate": client.modified,
    }
    if client.secret is not None:
        shape["ClientSecret"] = client.secret
    return shape


def describe_group(pool: UserPool, group: Group) -> Shape:
    """AWS's GroupType."""
    shape = {
        "GroupName": group.name,
        "UserPoolId": pool.id,
        "Description": group.description,
        "RoleArn": group.role_arn,
        "Precedence": group.precedence,
        "CreationDate": group.created,
        "LastModifiedDate": group.modified,
    }
    return {key: value for key, value in shape.items() if value is not None}


def attribute_list(attributes: dict[str, str]) -> list[Shape]:
    """`[{"Name": ..., "Value": ...}]`."""
    return [{"Name": name, "Value": value} for name, value in attributes.items()]


def describe_user(user: User, wanted: list[str] | None = None) -> Shape:
    """AWS's UserType, all attributes or those wanted."""
    attributes = {"sub": user.sub, **user.attributes}
    if wanted is not None:
        attributes = {name: value for name, value in attributes.items() if name in wanted}
    return {
        "Username": user.username,
        "Attributes": attribute_list(attributes),
        "UserCreateDate": user.created,
        "UserLastModifiedDate": user.modified,
        "Enabled": user.enabled,
        "UserStatus": user.status,
    }


def mfa_shape(user: User) -> Shape:
    """What GetUser and its siblings tell of a user's factors."""
    shape: Shape = {}
    if user.mfa.enabled:
        shape["UserMFASettingList"] = list(user.mfa.enabled)
    if user.mfa.preferred:
        shape["PreferredMfaSetting"] = user.mfa.preferred
    if "SMS_MFA" in user.mfa.enabled:
        shape["MFAOptions"] = [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}]
    return shape
