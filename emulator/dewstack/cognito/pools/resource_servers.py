"""Resource servers: APIs that define scopes of their own, which clients may ask for at the token endpoint."""

from typing import Any

from msgspec import Struct, field

from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import UserPool
from dewstack.cognito.paging import page
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

MOST = 25
"""Resource servers that a pool may have."""
_PAGE = 50


class ResourceServer(Struct, frozen=True, kw_only=True):
    """A resource server. `scopes` maps the names of its scopes to their descriptions."""

    identifier: str
    name: str
    scopes: dict[str, str] = field(default_factory=dict)


class ResourceServers:
    """The operations on resource servers, and the scopes they define."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._servers = directory.of_pool("resource-servers", ResourceServer)

    def scopes(self, pool: UserPool) -> list[str]:
        """All scopes of the pool's resource servers as clients name them: `identifier/scope`."""
        return [
            f"{server.identifier}/{scope}"
            for server in self._servers.scan(*pool.key)
            for scope in server.scopes
        ]

    @operation("CreateResourceServer")
    def create_resource_server(self, caller: Caller, params: Params) -> Params:
        """Make a resource server. Raises InvalidParameterException, LimitExceededException."""
        server = _read(params)
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            if self._servers.get(*pool.key, server.identifier):
                raise errors.InvalidParameterException(
                    f"{server.identifier} already exists in user pool {pool.id}."
                )
            if self._servers.count(*pool.key) >= MOST:
                raise errors.LimitExceededException(
                    "The maximum number of resource servers has been reached."
                )
            self._servers.put(server, *pool.key, server.identifier)
        return {"ResourceServer": _describe(pool, server)}

    @operation("DescribeResourceServer")
    def describe_resource_server(self, caller: Caller, params: Params) -> Params:
        """One resource server."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        return {"ResourceServer": _describe(pool, self._named(pool, params["Identifier"]))}

    @operation("ListResourceServers")
    def list_resource_servers(self, caller: Caller, params: Params) -> Params:
        """A pool's resource servers, by identifier."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        entries = [(key[-1], server) for key, server in self._servers.items(*pool.key)]
        servers, token = page(entries, params.get("MaxResults") or _PAGE, params.get("NextToken"))
        listed = [_describe(pool, server) for server in servers]
        return {"ResourceServers": listed, **({"NextToken": token} if token else {})}

    @operation("UpdateResourceServer")
    def update_resource_server(self, caller: Caller, params: Params) -> Params:
        """Replace the name and all scopes: those not given are gone."""
        server = _read(params)
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            self._named(pool, server.identifier)
            self._servers.put(server, *pool.key, server.identifier)
        return {"ResourceServer": _describe(pool, server)}

    @operation("DeleteResourceServer")
    def delete_resource_server(self, caller: Caller, params: Params) -> Params:
        """Remove a resource server. Clients keep its scopes in their settings, but get them no more."""
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            self._servers.delete(*pool.key, self._named(pool, params["Identifier"]).identifier)
        return {}

    def _named(self, pool: UserPool, identifier: str) -> ResourceServer:
        server = self._servers.get(*pool.key, identifier)
        if server is None:
            raise errors.ResourceNotFoundException(f"Resource server {identifier} does not exist.")
        return server


def _read(params: Params) -> ResourceServer:
    scopes = {scope["ScopeName"]: scope["ScopeDescription"] for scope in params.get("Scopes") or []}
    if len(scopes) < len(params.get("Scopes") or []):
        raise errors.InvalidParameterException("Duplicate scope names are not allowed in a resource server.")
    return ResourceServer(identifier=params["Identifier"], name=params["Name"], scopes=scopes)


def _describe(pool: UserPool, server: ResourceServer) -> Params:
    return {
        "UserPoolId": pool.id,
        "Identifier": server.identifier,
        "Name": server.name,
        "Scopes": [{"ScopeName": name, "ScopeDescription": text} for name, text in server.scopes.items()],
    }
