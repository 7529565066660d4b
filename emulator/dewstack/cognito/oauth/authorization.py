"""What an app asks of /oauth2/authorize and /login: an app client, where to go back to, and with what.

A client or redirect URI that isn't right is told on a page of ours, for nobody may be sent to an address that no
client has registered. Everything else goes back to the client as `error`, the way AWS words it.
"""

import re

from msgspec import Struct

from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import API_SCOPE, UserPool, UserPoolClient
from dewstack.cognito.oauth.exchange import Ask, Parameters, with_query
from dewstack.cognito.oauth.places import Places
from dewstack.cognito.pools.resource_servers import ResourceServers

OPENID_SCOPES = frozenset({"email", "phone", "profile"})
"""What may only be asked for together with `openid`."""
SYSTEM_SCOPES = OPENID_SCOPES | {"openid", API_SCOPE}
FLOWS = {"code": "code", "token": "implicit"}
"""response_type, and which of AllowedOAuthFlows lets a client use it."""
RESOURCE = re.compile(
    r"(?:https://|http://localhost(?=[:/]|$)|(?!https?:|javascript:|data:)[a-z][a-z0-9+.-]*://)[^\s#]{0,512}"
)
"""What an access token can be bound to (RFC 8707): AWS takes https, http at localhost, and schemes of apps."""
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class BadClient(Exception):
    """A request that names no client, or an address that isn't the client's: answered by a page."""

    def __init__(self, error: str, client_id: str = "", reason: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.client_id = client_id
        self.reason = reason
        """Which hint the page shows."""


class Refused(Exception):
    """A refusal that goes back to the client."""

    def __init__(self, back: "Return", error: str, description: str = "") -> None:
        super().__init__(error)
        self.location = back.error(error, description)


class Return(Struct, frozen=True):
    """Where a request goes back to, and how."""

    redirect_uri: str
    state: str | None
    response_type: str

    def error(self, error: str, description: str) -> str:
        """The address that tells the client of an error; parameters stand in AWS's order."""
        parameters = {"error_description": description, "state": self.state or "", "error": error}
        return self.url({name: value for name, value in parameters.items() if value})

    def url(self, parameters: Parameters) -> str:
        """The address with parameters: in the query for a code, in the fragment for tokens."""
        return with_query(self.redirect_uri, parameters, fragment=self.response_type == "token")


class Authorization(Struct, frozen=True, kw_only=True):
    """A request of a client that may make it."""

    pool: UserPool
    client: UserPoolClient
    back: Return
    scopes: tuple[str, ...]
    nonce: str | None
    code_challenge: str | None
    resource: str | None
    parameters: Parameters
    """The request as it came, to be passed on from page to page."""

    @property
    def providers(self) -> list[str]:
        """SupportedIdentityProviders."""
        return list(self.client.settings.get("SupportedIdentityProviders") or [])

    def at(self, path: str, **changes: str) -> str:
        """A page of ours that goes on with this request; an empty value takes a parameter out."""
        parameters = {**self.parameters, **changes}
        return with_query(path, {name: value for name, value in parameters.items() if value})


class Authorizations:
    """Reads requests."""

    def __init__(self, directory: Directory, places: Places, resource_servers: ResourceServers) -> None:
        self._directory = directory
        self._places = places
        self._resource_servers = resource_servers

    def read(self, ask: Ask) -> Authorization:
        """The request in the query of `ask`. Raises BadClient, Refused."""
        query = ask.query
        pool, client = self.client(ask, query.get("client_id"))
        back = self._return(client, query)
        if query.get("response_type") not in FLOWS:
            raise Refused(back, "invalid_request", "response_type must be code or token")
        if FLOWS[back.response_type] not in (client.settings.get("AllowedOAuthFlows") or []):
            raise Refused(back, "unauthorized_client")
        if not client.settings.get("SupportedIdentityProviders"):
            raise BadClient("invalid_request", client.id, "no_provider")
        return Authorization(
            pool=pool,
            client=client,
            back=back,
            scopes=self._scopes(pool, client, query.get("scope"), back),
            nonce=query.get("nonce"),
            code_challenge=_challenge(query, back),
            resource=_resource(query, back),
            parameters=query,
        )

    def client(self, ask: Ask, client_id: str | None) -> tuple[UserPool, UserPoolClient]:
        """The client that a page is for, and its pool. Raises BadClient."""
        if client_id is None:
            raise BadClient("invalid_request", reason="no_client_id")
        try:
            pool, client = self._directory.client_anywhere(client_id)
        except (errors.ResourceNotFoundException, ValueError) as error:
            raise BadClient("invalid_request", client_id, "no_client") from error
        if ask.pool is not None and ask.pool.key != pool.key:
            raise BadClient("invalid_request", client_id, "other_pool")
        if not self._places.has_domain(pool):
            raise BadClient("invalid_request", client_id, "no_domain")
        if not client.settings.get("AllowedOAuthFlowsUserPoolClient"):
            raise BadClient("unauthorized_client", client_id, "no_oauth")
        return pool, client

    def _return(self, client: UserPoolClient, query: Parameters) -> Return:
        redirect_uri = query.get("redirect_uri") or client.settings.get("DefaultRedirectURI")
        if not redirect_uri:
            raise BadClient("invalid_request", client.id, "no_redirect_uri")
        if redirect_uri not in (client.settings.get("CallbackURLs") or []):
            raise BadClient("redirect_mismatch", client.id, "redirect_uri")
        return Return(redirect_uri, query.get("state"), query.get("response_type") or "")

    def _scopes(
        self, pool: UserPool, client: UserPoolClient, asked: str | None, back: Return
    ) -> tuple[str, ...]:
        """The scopes that were asked for, or all of the client's. AWS calls a wrong one an invalid request."""
        allowed = self.allowed_scopes(pool, client)
        scopes = list(dict.fromkeys(asked.split())) if asked else allowed
        lonely = "openid" not in scopes and OPENID_SCOPES & set(scopes)
        if not scopes or lonely or not set(scopes) <= set(allowed):
            raise Refused(back, "invalid_request", "invalid_scope")
        return tuple(scopes)

    def allowed_scopes(self, pool: UserPool, client: UserPoolClient) -> list[str]:
        """The client's AllowedOAuthScopes, without those of resource servers that are gone."""
        known = SYSTEM_SCOPES.union(self._resource_servers.scopes(pool))
        return [scope for scope in client.settings.get("AllowedOAuthScopes") or [] if scope in known]


def _resource(query: Parameters, back: Return) -> str | None:
    """What the access token is to be bound to."""
    resource = query.get("resource")
    if resource is not None and not RESOURCE.fullmatch(resource):
        raise Refused(back, "invalid_request", "resource must be a URL")
    return resource


def _challenge(query: Parameters, back: Return) -> str | None:
    """The PKCE challenge; AWS takes S256 alone, and only where both parameters are there."""
    challenge, method = query.get("code_challenge"), query.get("code_challenge_method")
    if challenge is None and method is None:
        return None
    if challenge is None or method is None:
        missing = "code_challenge" if challenge is None else "code_challenge_method"
        raise Refused(back, "invalid_request", f"{missing} is missing")
    if method != "S256":
        raise Refused(back, "invalid_request", "code_challenge_method must be S256")
    if not CHALLENGE.fullmatch(challenge):
        raise Refused(back, "invalid_request", "code_challenge is no SHA-256 in base64url")
    return challenge
