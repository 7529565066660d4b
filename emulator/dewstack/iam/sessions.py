"""Temporary credentials of roles and users: what an environment is given, and what STS gives."""

import base64
import hashlib
import secrets
from typing import Literal

from dewstack.access import Principal
from dewstack.arn import Arn
from dewstack.iam.credentials import Credential
from dewstack.ids import temporary_key_id


def new_key() -> tuple[str, str, str]:
    """A temporary access key id, its secret and its session token."""
    token = base64.b64encode(secrets.token_bytes(192)).decode()
    return temporary_key_id(), base64.b64encode(secrets.token_bytes(30)).decode(), token


def derived_id(arn: str, prefix: Literal["AROA", "AIDA"] = "AROA") -> str:
    """The unique id of a role or user that was not given one: the same for the same ARN."""
    digest = base64.b32encode(hashlib.sha256(arn.encode()).digest()).decode()
    return f"{prefix}{digest[:17]}"


def role_session(
    role_arn: str,
    session: str,
    key: str,
    secret: str,
    token: str,
    *,
    function: str = "",
    expires: float | None = None,
) -> Credential:
    """Credentials of an assumed role; `expires` in seconds of the domain clock."""
    account, name = account_and_name(role_arn)
    principal = Principal(
        account_id=account,
        arn=f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
        user_id=f"{derived_id(role_arn)}:{session}",
        access_key_id=key,
    )
    return Credential(key, secret, principal, token, expires, role_arn, function)


def account_and_name(role_arn: str) -> tuple[str, str]:
    """The account and the name of a role; what isn't an ARN is a name in no account."""
    try:
        named = Arn.parse(role_arn)
    except ValueError:
        return "", role_arn
    return named.account_id, named.resource.rpartition("/")[2]


def user_key(key: str, secret: str, user_arn: str, unique_id: str, *, active: bool = True) -> Credential:
    """The long-term key of an IAM user."""
    account = Arn.parse(user_arn).account_id
    return Credential(key, secret, Principal(account, user_arn, unique_id, key, "user"), active=active)
