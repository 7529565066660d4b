"""/oauth2/token: a code, a refresh token or a client's own credentials for tokens.

Errors are `{"error": ...}` with 400. AWS answers `unauthorized_client` for a redirect URI that the client hasn't
registered, and `invalid_grant` for whatever else is wrong with a code.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from dewstack.cognito import errors
from dewstack.cognito.model import UserPool, UserPoolClient
from dewstack.cognito.oauth.authorization import SYSTEM_SCOPES, Authorizations
from dewstack.cognito.oauth.client_authentication import ClientAuthentication, InvalidClient
from dewstack.cognito.oauth.exchange import Ask, Parameters, answer
from dewstack.cognito.oauth.granting import Grants, InvalidGrant
from dewstack.cognito.tokens.issuing import Grant, Issuer
from dewstack.cognito.tokens.tokens import Tokens
from dewstack.http import Response

Result = dict[str, Any]
GrantType = Callable[[UserPool, UserPoolClient, Parameters], Awaitable[Result]]

MEMBERS = {
    "id_token": "IdToken",
    "access_token": "AccessToken",
    "refresh_token": "RefreshToken",
    "expires_in": "ExpiresIn",
    "token_type": "TokenType",
}
"""The answer's members and those of AuthenticationResult, in AWS's order."""


class Refusal(Exception):
    """An OAuth error, by its code."""

    def __init__(self, error: str, description: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.description = description


class TokenEndpoint:
    """Answers /oauth2/token."""

    def __init__(
        self,
        authentication: ClientAuthentication,
        authorizations: Authorizations,
        grants: Grants,
        issuer: Issuer,
        tokens: Tokens,
    ) -> None:
        self._authentication = authentication
        self._authorizations = authorizations
        self._grants = grants
        self._issuer = issuer
        self._tokens = tokens
        self._grant_types: dict[str, GrantType] = {
            "authorization_code": self._code,
            "refresh_token": self._refresh,
            "client_credentials": self._client_credentials,
        }

    async def __call__(self, ask: Ask) -> Response:
        """Answer one request."""
        grant_type = ask.form.get("grant_type")
        if grant_type is None:
            return refusal("invalid_request")
        try:
            pool, client = await asyncio.to_thread(self._authentication.client, ask)
            if grant_type not in self._grant_types:
                raise Refusal("unsupported_grant_type")
            result = await self._grant_types[grant_type](pool, client, ask.form)
        except InvalidClient:
            return refusal("invalid_client")
        except Refusal as error:
            return refusal(error.error, error.description)
        except errors.CognitoError as error:
            return refusal("invalid_grant", error.message)
        return answer({name: result[member] for name, member in MEMBERS.items() if member in result})

    async def _code(self, pool: UserPool, client: UserPoolClient, form: Parameters) -> Result:
        if "code" not in form or "redirect_uri" not in form:
            raise Refusal("invalid_request")
        allowed = "code" in (client.settings.get("AllowedOAuthFlows") or [])
        if not allowed or form["redirect_uri"] not in (client.settings.get("CallbackURLs") or []):
            raise Refusal("unauthorized_client")
        try:
            return await asyncio.to_thread(self._grants.exchange, pool, client, form)
        except InvalidGrant as error:
            raise Refusal("invalid_grant") from error

    async def _refresh(self, pool: UserPool, client: UserPoolClient, form: Parameters) -> Result:
        if "refresh_token" not in form:
            raise Refusal("invalid_request")
        try:
            family, user = await asyncio.to_thread(self._tokens.refresh, pool, client, form["refresh_token"])
        except errors.NotAuthorizedException as error:
            raise Refusal("invalid_grant", error.message) from error
        grant = Grant(
            pool=pool,
            client=client,
            user=user,
            source="TokenGeneration_RefreshTokens",
            scopes=tuple(family.scopes),
            hosted=family.hosted,
            device_key=family.device_key,
        )
        result = await self._issuer.renew(grant, family)
        if client.rotation_grace is not None:
            # Last, so that a trigger which refuses costs nobody their token.
            result["RefreshToken"] = await asyncio.to_thread(
                self._tokens.rotate, pool, client, form["refresh_token"], client.rotation_grace
            )
        return result

    async def _client_credentials(self, pool: UserPool, client: UserPoolClient, form: Parameters) -> Result:
        if client.secret is None or "client_credentials" not in (
            client.settings.get("AllowedOAuthFlows") or []
        ):
            raise Refusal("unauthorized_client")
        listed = await asyncio.to_thread(self._authorizations.allowed_scopes, pool, client)
        allowed = [scope for scope in listed if scope not in SYSTEM_SCOPES]
        scopes = list(dict.fromkeys(form["scope"].split())) if "scope" in form else allowed
        if not scopes or not set(scopes) <= set(allowed):
            raise Refusal("invalid_scope")
        return await self._issuer.client(pool, client, scopes, _client_metadata(form))


def _client_metadata(form: Parameters) -> dict[str, str] | None:
    """What PreTokenGeneration is told as clientMetadata: the form's `aws_client_metadata`, a JSON object of texts."""
    if "aws_client_metadata" not in form:
        return None
    try:
        return msgspec.json.decode(form["aws_client_metadata"], type=dict[str, str])
    except msgspec.MsgspecError as error:
        raise Refusal("invalid_request") from error


def refusal(error: str, description: str = "", status: int = 400) -> Response:
    """An OAuth error as AWS answers it."""
    document = {"error": error, **({"error_description": description} if description else {})}
    return answer(document, status)


def method_refused(*allowed: str) -> Response:
    """405, as the token endpoints answer it."""
    response = refusal("invalid_request", "Method not allowed", 405)
    response.headers += [(b"Allow", ", ".join(allowed).encode())]
    return response
