"""SECRET_HASH, how an app client with a secret proves itself: HMAC-SHA256(secret, username + client id).

While a client has two secrets, either will do.
"""

import base64
import hashlib
import hmac

from dewstack.cognito.errors import NotAuthorizedException
from dewstack.cognito.model import UserPoolClient


def secret_hash(client_id: str, secret: str, username: str) -> str:
    """The hash that a client with this secret sends for this username."""
    digest = hmac.digest(secret.encode(), (username + client_id).encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


def check(client: UserPoolClient, username: str, given: str | None) -> None:
    """Refuse a missing or wrong hash. Raises NotAuthorizedException."""
    _require(client, given)
    if given is not None and not _valid(client, [username], given):
        raise NotAuthorizedException(f"Unable to verify secret hash for client {client.id}")


def check_refresh(client: UserPoolClient, names: list[str], given: str | None) -> None:
    """As `check`, for a refresh: the hash is over the username or sub, never over an alias."""
    _require(client, given)
    if given is not None and not _valid(client, names, given):
        raise NotAuthorizedException(f"SecretHash does not match for the client: {client.id}")


def _require(client: UserPoolClient, given: str | None) -> None:
    if client.secret is not None and given is None:
        raise NotAuthorizedException(
            f"Client {client.id} is configured with secret but SECRET_HASH was not received"
        )


def _valid(client: UserPoolClient, names: list[str], given: str) -> bool:
    expected = [secret_hash(client.id, secret.value, name) for secret in client.secrets for name in names]
    return _among(given, expected)


def is_secret(client: UserPoolClient, given: str) -> bool:
    """Whether `given` is one of the client's secrets, for RevokeToken and the token endpoint."""
    return _among(given, [secret.value for secret in client.secrets])


def _among(given: str, expected: list[str]) -> bool:
    # All of them are compared, whichever is right: the time tells nothing.
    return any([hmac.compare_digest(known.encode(), given.encode()) for known in expected])
