"""App clients: who may sign users in, by which flows, with which tokens."""

import string
from typing import Any

from msgspec.structs import replace

from dewstack import ids
from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import DAY, SECONDS, Settings, UserPool, UserPoolClient
from dewstack.cognito.paging import page
from dewstack.cognito.schema import VERIFIED_FLAGS
from dewstack.cognito.shapes import describe_client
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.wire import operation

Params = dict[str, Any]

NOT_SETTINGS = frozenset({"UserPoolId", "ClientId", "ClientName", "ClientSecret", "GenerateSecret"})
DEFAULTS: Settings = {
    "RefreshTokenValidity": 30,
    "TokenValidityUnits": {},
    "AllowedOAuthFlowsUserPoolClient": False,
    "EnableTokenRevocation": True,
    "EnablePropagateAdditionalUserContextData": False,
    "AuthSessionValidity": 3,
}
RANGES = {
    "AccessToken": (300, DAY),
    "IdToken": (300, DAY),
    "RefreshToken": (3600, 3650 * DAY),
}
"""Least and most seconds a token may live."""
SECRET_ALPHABET = string.ascii_lowercase + string.digits


def settings_of(pool: UserPool, params: Params, *, doing: str = "creating") -> Settings:
    """A client's settings from a request, AWS's defaults filled in.

    Raises InvalidParameterException for what contradicts itself or the pool.
    """
    if (params.get("RefreshTokenRotation") or {}).get("Feature") == "ENABLED":
        raise NotEmulated("RefreshTokenRotation ENABLED: refresh token rotation is not emulated")
    given = {key: value for key, value in params.items() if key not in NOT_SETTINGS}
    if not given.get("RefreshTokenValidity"):
        given.pop("RefreshTokenValidity", None)
    if not given.get("ExplicitAuthFlows"):
        given.pop("ExplicitAuthFlows", None)
    settings = {**DEFAULTS, **given}
    _check_flows(settings.get("ExplicitAuthFlows") or [])
    _check_validity(settings)
    _check_attributes(pool, settings, doing)
    return settings


def _check_flows(flows: list[str]) -> None:
    modern = [flow for flow in flows if flow.startswith("ALLOW_")]
    if modern and len(modern) < len(flows):
        raise errors.InvalidParameterException(
            "ExplicitAuthFlows with values prefixed with ALLOW_ cannot be used together with legacy values"
        )


def _check_validity(settings: Settings) -> None:
    units = settings.get("TokenValidityUnits") or {}
    for token, (least, most) in RANGES.items():
        value = settings.get(f"{token}Validity")
        unit = units.get(token) or ("days" if token == "RefreshToken" else "hours")
        if value and not least <= value * SECONDS[unit] <= most:
            raise errors.InvalidParameterException("Invalid range for token validity.")


def _check_attributes(pool: UserPool, settings: Settings, doing: str) -> None:
    for kind, never in (("Read", frozenset[str]()), ("Write", VERIFIED_FLAGS | {"sub"})):
        for name in settings.get(f"{kind}Attributes") or []:
            if pool.attribute(name) is None or name in never:
                raise errors.InvalidParameterException(
                    f"Invalid {kind.lower()} attributes specified while {doing} a client"
                )


class Clients:
    """The operations on app clients."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    @operation("CreateUserPoolClient")
    def create_user_pool_client(self, caller: Caller, params: Params) -> Params:
        """Make an app client, with a secret where asked for."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        now = self._clock.time()
        client = UserPoolClient(
            account_id=pool.account_id,
            region=pool.region,
            pool_id=pool.id,
            id=ids.client_id(),
            name=params["ClientName"],
            secret=_secret(params),
            created=now,
            modified=now,
            settings=settings_of(pool, params),
        )
        self._directory.add_client(client)
        return {"UserPoolClient": describe_client(client)}

    @operation("DescribeUserPoolClient")
    def describe_user_pool_client(self, caller: Caller, params: Params) -> Params:
        """The app client, its secret included."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        return {"UserPoolClient": describe_client(self._directory.client(pool, params["ClientId"]))}

    @operation("ListUserPoolClients")
    def list_user_pool_clients(self, caller: Caller, params: Params) -> Params:
        """Ids and names of a pool's clients, by id."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        entries = [(key[-1], client) for key, client in self._directory.clients.items(*pool.key)]
        clients, token = page(entries, params.get("MaxResults") or 60, params.get("NextToken"))
        listed = [
            {"ClientId": client.id, "UserPoolId": client.pool_id, "ClientName": client.name}
            for client in clients
        ]
        return {"UserPoolClients": listed, **({"NextToken": token} if token else {})}

    @operation("UpdateUserPoolClient")
    def update_user_pool_client(self, caller: Caller, params: Params) -> Params:
        """Replace the settings; id and secret stay."""
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            client = self._directory.client(pool, params["ClientId"])
            client = replace(
                client,
                name=params.get("ClientName") or client.name,
                settings=settings_of(pool, params, doing="updating"),
                modified=self._clock.time(),
            )
            self._directory.clients.put(client, *client.key)
        return {"UserPoolClient": describe_client(client)}

    @operation("DeleteUserPoolClient")
    def delete_user_pool_client(self, caller: Caller, params: Params) -> Params:
        """Remove a client; its tokens are no longer believed."""
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            self._directory.drop_client(self._directory.client(pool, params["ClientId"]))
        return {}


def _secret(params: Params) -> str | None:
    own: str | None = params.get("ClientSecret")
    if own and params.get("GenerateSecret"):
        raise errors.InvalidParameterException("ClientSecret cannot be given when GenerateSecret is true")
    return own or (ids.random_string(51, SECRET_ALPHABET) if params.get("GenerateSecret") else None)
