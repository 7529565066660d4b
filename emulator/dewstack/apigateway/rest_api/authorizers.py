"""User pools as authorizers of a REST API, and methods that want a signature.

A method without scopes takes a pool's ID token, one with scopes an access token that has one of them. The claims
reach the function as text, `exp` and `iat` as Java prints dates; the header may say `Bearer`.
"""

import logging
import re
from collections.abc import Callable, Sequence

from dewstack.apigateway.jwks import KeySets
from dewstack.apigateway.jwt import (
    ExpiredToken,
    InvalidToken,
    Token,
    bearer_token,
    check_times,
    read_issuer,
)
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.mapping import Answer, Expression, NotAnExpression, expression
from dewstack.apigateway.rest_api.model import Authorizer
from dewstack.apigateway.rest_api.refusals import (
    AUTHORIZER_CONFIGURATION_ERROR,
    TOKEN_EXPIRED,
    UNAUTHORIZED,
    Refused,
)
from dewstack.apigateway.rest_api.unknown_routes import no_such_method
from dewstack.clock import Clock

log = logging.getLogger(__name__)

AUTHORIZATION = "method.request.header.Authorization"
NO_ANSWER = Answer()


class Misconfigured(Exception):
    """An authorizer that cannot work as it is configured; the message says why."""


def identity_sources(authorizer: Authorizer, default: str = "") -> list[Expression]:
    """Where in a request the authorizer looks for who is calling. Raises Misconfigured."""
    names = (authorizer.identity_source or default).split(",")
    try:
        return [expression(name.strip()) for name in names if name.strip()]
    except NotAnExpression as error:
        raise Misconfigured(f"its identity source {error}") from None


def validation(authorizer: Authorizer) -> Callable[[str], object]:
    """Whether a value fits the authorizer's `identityValidationExpression`, or any if it has none. Raises
    Misconfigured."""
    if not authorizer.identity_validation_expression:
        return lambda value: True
    try:
        return re.compile(authorizer.identity_validation_expression).fullmatch
    except re.error as error:
        raise Misconfigured(f"its identityValidationExpression: {error}") from None


class CognitoAuthorizer:
    """COGNITO_USER_POOLS at a method, which may demand one of `scopes`. `issuer` names a pool's issuer by its ARN."""

    def __init__(
        self,
        authorizer: Authorizer,
        scopes: Sequence[str],
        key_sets: KeySets,
        clock: Clock,
        issuer: Callable[[str], str],
    ) -> None:
        self._source = identity_sources(authorizer, AUTHORIZATION)[0]
        self._valid = validation(authorizer)
        try:
            self._issuers = [issuer(arn) for arn in authorizer.provider_arns or ()]
        except (ValueError, IndexError):
            raise Misconfigured("its providerARNs are not ARNs of user pools") from None
        self._scopes = frozenset(scopes)
        self._token_use = "access" if scopes else "id"
        self._key_sets = key_sets
        self._clock = clock

    async def check(self, exchange: Exchange) -> None:
        """Note the caller's claims. Raises Refused: 401 for whatever isn't good."""
        identity = self._source(exchange, NO_ANSWER)
        if not identity:
            raise Refused(UNAUTHORIZED)
        try:
            token = await self._verified(bearer_token(identity))
            check_times(token.claims, self._clock.time())
        except ExpiredToken:
            raise Refused(TOKEN_EXPIRED) from None
        except InvalidToken as error:
            log.debug("a token is refused: %s", error.description)
            raise Refused(UNAUTHORIZED) from None
        if token.claims.get("token_use") != self._token_use or not self._in_scope(token):
            raise Refused(UNAUTHORIZED)
        if not self._valid(token.java.get("aud", "")):
            raise Refused(UNAUTHORIZED)
        exchange.authorizer = {"claims": token.java}

    def _in_scope(self, token: Token) -> bool:
        return not self._scopes or not self._scopes.isdisjoint(token.scopes)

    async def _verified(self, text: str) -> Token:
        """The token, signed by one of the pools. Raises InvalidToken."""
        issuers = self._issuers
        issuer = issuers[0] if len(issuers) == 1 else read_issuer(text)
        if issuer not in issuers:
            raise InvalidToken("issuer does not match")
        token = await self._key_sets.verified(issuer, text)
        if token.claims.get("iss") != issuer:
            raise InvalidToken("issuer does not match")
        return token


class BrokenAuthorizer:
    """Stands where an authorizer is missing or cannot work: nobody passes."""

    def __init__(self, name: str, why: str) -> None:
        self._name = name
        self._why = why

    async def check(self, exchange: Exchange) -> None:
        """Raises Refused."""
        log.warning("authorizer %s: %s", self._name, self._why)
        raise Refused(AUTHORIZER_CONFIGURATION_ERROR)


class IamAuthorization:
    """AWS_IAM where nobody verifies signatures: nobody passes."""

    async def check(self, exchange: Exchange) -> None:
        """Raises Refused."""
        method = exchange.method
        log.warning(
            "%s %s wants a request signed with AWS credentials (AWS_IAM), which nobody verifies here: refused",
            exchange.request.method,
            method.resource_path if method else exchange.path,
        )
        raise no_such_method(exchange)
