"""App clients: who may sign users in, by which flows, with which tokens."""

from typing import Any, Literal

from msgspec.structs import replace

from dewstack import ids
from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.clients import client_rules
from dewstack.cognito.clients.client_secrets import new_secret
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import Settings, UserPool, UserPoolClient
from dewstack.cognito.paging import page
from dewstack.cognito.pools.resource_servers import ResourceServers
from dewstack.cognito.providers.identity_providers import IdentityProviders
from dewstack.cognito.schema import IDENTITIES, VERIFIED_FLAGS
from dewstack.cognito.shapes import describe_client
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

NOT_SETTINGS = frozenset({"UserPoolId", "ClientId", "ClientName", "ClientSecret", "GenerateSecret"})
NATIVE = "COGNITO"
"""The name of the pool itself among SupportedIdentityProviders."""
DEFAULTS: Settings = {
    "RefreshTokenValidity": 30,
    "TokenValidityUnits": {},
    "AllowedOAuthFlowsUserPoolClient": False,
    "EnableTokenRevocation": True,
    "EnablePropagateAdditionalUserContextData": False,
    "AuthSessionValidity": 3,
}


def settings_of(
    pool: UserPool, params: Params, *, secret: bool, doing: Literal["creating", "updating"]
) -> Settings:
    """A client's settings from a request, AWS's defaults filled in.

    Raises InvalidParameterException and what `client_rules.check` does.
    """
    given = {key: value for key, value in params.items() if key not in NOT_SETTINGS}
    if not given.get("RefreshTokenValidity"):
        given.pop("RefreshTokenValidity", None)
    if not given.get("ExplicitAuthFlows"):
        given.pop("ExplicitAuthFlows", None)
    settings = {**DEFAULTS, **given}
    client_rules.check(settings, secret=secret)
    _check_attributes(pool, settings, doing)
    return settings


def _check_attributes(pool: UserPool, settings: Settings, doing: str) -> None:
    for kind, never in (("Read", frozenset[str]()), ("Write", VERIFIED_FLAGS | {"sub", IDENTITIES.name})):
        for name in settings.get(f"{kind}Attributes") or []:
            if pool.attribute(name) is None or name in never:
                raise errors.InvalidParameterException(
                    f"Invalid {kind.lower()} attributes specified while {doing} a client"
                )


class Clients:
    """The operations on app clients."""

    def __init__(
        self,
        directory: Directory,
        clock: Clock,
        resource_servers: ResourceServers,
        providers: IdentityProviders,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._resource_servers = resource_servers
        self._providers = providers

    @operation("CreateUserPoolClient")
    def create_user_pool_client(self, caller: Caller, params: Params) -> Params:
        """Make an app client, with a secret where asked for."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        now, secret = self._clock.time(), _secret(params)
        settings = settings_of(pool, params, secret=secret is not None, doing="creating")
        self._check_names(pool, settings)
        client = UserPoolClient(
            account_id=pool.account_id,
            region=pool.region,
            pool_id=pool.id,
            id=ids.client_id(),
            name=params["ClientName"],
            secret=secret,
            created=now,
            modified=now,
            settings=settings,
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
            settings = settings_of(pool, params, secret=client.secret is not None, doing="updating")
            self._check_names(pool, settings)
            client = replace(
                client,
                name=params.get("ClientName") or client.name,
                settings=settings,
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

    def _check_names(self, pool: UserPool, settings: Settings) -> None:
        client_rules.check_scopes(settings, self._resource_servers.scopes(pool))
        for name in settings.get("SupportedIdentityProviders") or []:
            if name != NATIVE and self._providers.named(pool, name) is None:
                raise errors.InvalidParameterException(
                    f"The provider {name} does not exist for User Pool {pool.id}."
                )


def _secret(params: Params) -> str | None:
    own: str | None = params.get("ClientSecret")
    if own and params.get("GenerateSecret"):
        raise errors.InvalidParameterException("ClientSecret cannot be given when GenerateSecret is true")
    return own or (new_secret() if params.get("GenerateSecret") else None)
