"""Authorizers of an HTTP API: whether a request may pass, and what its function learns about the caller."""

from collections.abc import Collection, Mapping
from typing import Protocol

from dewstack.apigateway.http_api import responses
from dewstack.apigateway.http_api.exchange import Exchange
from dewstack.apigateway.http_api.identity import IdentitySource
from dewstack.apigateway.http_api.payload import Constants, Identity
from dewstack.apigateway.http_api.responses import GatewayResponse
from dewstack.apigateway.jwks import KeySets
from dewstack.apigateway.jwt import InvalidToken, bearer_token, check_claims, spellings
from dewstack.apigateway.v2.model import Authorizer
from dewstack.clock import Clock

CHALLENGE = b"www-authenticate"


class RouteAuthorizer(Protocol):
    """The authorizer of one route."""

    async def authorize(self, exchange: Exchange, parameters: Mapping[str, str] | None) -> Identity:
        """What the event says about the caller. Raises GatewayResponse for a request that may not pass."""


class JwtAuthorizer:
    """A JWT authorizer at a route, which may demand one of `scopes`."""

    def __init__(
        self,
        authorizer: Authorizer,
        scopes: Collection[str],
        constants: Constants,
        key_sets: KeySets,
        clock: Clock,
    ) -> None:
        configuration = authorizer.jwt_configuration
        self._issuer = (configuration and configuration.issuer) or ""
        self._spellings = spellings(self._issuer)
        self._audience = frozenset((configuration and configuration.audience) or ())
        self._source = IdentitySource(authorizer.identity_source[0])
        self._constants = constants
        self._scopes = frozenset(scopes)
        self._key_sets = key_sets
        self._clock = clock

    async def authorize(self, exchange: Exchange, parameters: Mapping[str, str] | None) -> Identity:
        """The claims for the event, and the token's scopes where the route demands some. Raises
        GatewayResponse: 401 for a token that isn't good, 403 for one without a scope."""
        identity = self._source.of(exchange, self._constants)
        if not identity:
            raise GatewayResponse(responses.UNAUTHORIZED, (CHALLENGE, b"Bearer"))
        try:
            token = await self._key_sets.verified(self._issuer, bearer_token(identity))
            check_claims(token.claims, self._spellings, self._audience, self._clock.time())
        except InvalidToken as error:
            challenge = f'Bearer scope="" error="invalid_token" error_description="{error.description}"'
            raise GatewayResponse(responses.UNAUTHORIZED, (CHALLENGE, challenge.encode())) from None
        if not self._scopes:
            return Identity("jwt", {"claims": token.flat, "scopes": None})
        if self._scopes.isdisjoint(token.scopes):
            raise GatewayResponse(responses.FORBIDDEN)
        return Identity("jwt", {"claims": token.flat, "scopes": token.scopes})
