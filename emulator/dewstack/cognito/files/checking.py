"""What a pool has against an entry of a file, and what an entry leaves unsaid."""

from collections.abc import Sequence
from typing import Any

from dewstack.cognito import schema
from dewstack.cognito.errors import CognitoError
from dewstack.cognito.files.records import Document, Fault, UserRecord
from dewstack.cognito.model import Group, UserPool
from dewstack.cognito.secrets import passwords
from dewstack.cognito.users.naming import NAMES, Naming, address_kind

GROUP_MEMBERS: dict[str, type[str] | type[int]] = {
    "name": str,
    "description": str,
    "roleArn": str,
    "precedence": int,
}


def complete(pool: UserPool, record: UserRecord) -> None:
    """Fill in what goes without saying: an address for a name is the user's own, and a password makes them
    confirmed."""
    kind = address_kind(pool, record.username)
    if kind is not None:
        record.attributes.setdefault(kind, record.username)
        record.attributes.setdefault(f"{kind}_verified", "true")
    record.attributes.pop("sub", None)
    if record.status is None:
        has_password = record.password is not None or record.plain_password is not None
        record.status = "CONFIRMED" if has_password else "RESET_REQUIRED"
    if record.temporary:
        record.status = "FORCE_CHANGE_PASSWORD"
    if pool.username_attributes and record.sub is None and kind is None:
        record.sub = record.username


def faults_of(pool: UserPool, record: UserRecord, groups: set[str], naming: Naming) -> list[Fault]:
    """What is wrong with a complete record, `groups` being those there are or will be."""
    faults = _name_faults(pool, record, naming)
    faults += _attribute_faults(pool, record.attributes)
    if record.plain_password is not None:
        try:
            passwords.check_policy(pool.password_policy, record.plain_password)
        except CognitoError as error:
            faults.append(Fault(("password",), error.message))
    for index, name in enumerate(record.groups):
        if name not in groups:
            message = f"there is no group '{name}'; the map makes one as an AWS::Cognito::UserPoolGroup"
            faults.append(Fault(("groups", index), f"{message}, a file by its name under 'groups'"))
    return faults


def _name_faults(pool: UserPool, record: UserRecord, naming: Naming) -> list[Fault]:
    sign_in, kind = pool.username_attributes, address_kind(pool, record.username)
    if not sign_in:
        try:
            naming.name(pool, record.username, {})
        except CognitoError as error:
            return [Fault(("username",), error.message)]
    elif kind is not None and pool.fold(record.attributes[kind]) != pool.fold(record.username):
        return [
            Fault(("attributes", kind), f"it isn't the username, {record.username}, which has to be the same")
        ]
    elif not any(record.attributes.get(each) for each in sign_in):
        wanted = " or ".join(NAMES[each] for each in sign_in)
        return [Fault(("username",), f"users of this pool sign in with {wanted}, and this is none")]
    return []


def _attribute_faults(pool: UserPool, attributes: dict[str, str]) -> list[Fault]:
    """Attribute by attribute, what the schema has against them."""
    faults = []
    for name, value in attributes.items():
        try:
            schema.check_new(pool.schema, {name: value}, need_required=False)
        except CognitoError as error:
            said = error.message.removeprefix("Attributes did not conform to the schema: ")
            faults.append(Fault(("attributes", name), said.removeprefix(f"{name}: ").strip()))
    return faults


def group_faults(groups: Sequence[Any]) -> list[Fault]:
    """What is wrong with a file's groups; paths begin with the group's index."""
    faults = []
    for index, group in enumerate(groups):
        if not isinstance(group, dict) or not group.get("name"):
            faults.append(Fault((index,), "expected a group: {name: ...}"))
            continue
        for name, value in group.items():
            kind = GROUP_MEMBERS.get(name)
            if kind is None:
                faults.append(Fault((index, name), f"unknown key; a group has {', '.join(GROUP_MEMBERS)}"))
            elif type(value) is not kind or "\0" in str(value):
                wanted = "a text" if kind is str else "a number"
                faults.append(Fault((index, name), f"expected {wanted}"))
    return faults


def write_group(group: Group) -> Document:
    """A group as a file tells of it."""
    told = {
        "name": group.name,
        "description": group.description,
        "roleArn": group.role_arn,
        "precedence": group.precedence,
    }
    return {name: value for name, value in told.items() if value is not None}


def read_group(group: dict[str, Any], now: float) -> Group:
    """A group without faults, made `now` (seconds since the epoch)."""
    return Group(
        name=group["name"],
        description=group.get("description"),
        role_arn=group.get("roleArn"),
        precedence=group.get("precedence"),
        created=now,
        modified=now,
    )
