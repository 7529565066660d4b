"""Lambda authorizers of REST APIs: a function answers an IAM policy, from a token (TOKEN) or the request (REQUEST).

Without one of its identity sources a request is refused before the function hears of it. With a time to live, what
the function answered holds for all requests with the same identity; the policy is applied to each anew.
"""

import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from dewstack.apigateway.authorizer_function import (
    DEFAULT_TTL,
    AuthorizerFunction,
    BrokenAuthorizer,
    Unauthorized,
    Verdicts,
)
from dewstack.apigateway.policy import MalformedPolicy, decision, read
from dewstack.apigateway.rest_api.authorizers import (
    AUTHORIZATION,
    NO_ANSWER,
    identity_sources,
    validation,
)
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.mapping import text_of
from dewstack.apigateway.rest_api.model import Authorizer
from dewstack.apigateway.rest_api.refusals import (
    AUTHORIZER_CONFIGURATION_ERROR,
    DENIED,
    DENIED_EXPLICITLY,
    UNAUTHORIZED,
    Refused,
)
from dewstack.apigateway.rest_api.resource_policy import keys_of
from dewstack.clock import Clock
from dewstack.policies import Statement
from dewstack.wire import Invoke

log = logging.getLogger(__name__)

TIMEOUT = 29.0
_encode = msgspec.json.Encoder().encode


class Verdict(Struct, frozen=True):
    """What an authorizer's function answered: its policy, and what the event says of the caller."""

    statements: tuple[Statement, ...]
    facts: Mapping[str, Any]
    usage_identifier_key: str | None


class TokenEvent:
    """TOKEN: one header's value, which may have to fit an expression. Raises Misconfigured."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._source = identity_sources(authorizer, AUTHORIZATION)[0]
        self._valid = validation(authorizer)
        self.remembers = True

    def identity(self, exchange: Exchange) -> tuple[str, ...] | None:
        """The token."""
        token = self._source(exchange, NO_ANSWER)
        return (token,) if token and self._valid(token) else None

    def event(self, exchange: Exchange, identity: tuple[str, ...], method_arn: str) -> bytes:
        """The JSON event for the function."""
        return _encode({"type": "TOKEN", "methodArn": method_arn, "authorizationToken": identity[0]})


class RequestEvent:
    """REQUEST: the whole request but its body. Raises Misconfigured."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._sources = identity_sources(authorizer)
        self.remembers = bool(self._sources)

    def identity(self, exchange: Exchange) -> tuple[str, ...] | None:
        """The values of all identity sources."""
        found = [source(exchange, NO_ANSWER) for source in self._sources]
        identity = tuple(value for value in found if value)
        return identity if len(identity) == len(found) else None

    def event(self, exchange: Exchange, identity: tuple[str, ...], method_arn: str) -> bytes:
        """The JSON event for the function; what is empty is an empty object here."""
        context = exchange.request_context()
        return _encode(
            {
                "type": "REQUEST",
                "methodArn": method_arn,
                "resource": context["resourcePath"],
                "path": exchange.shown_path,
                "httpMethod": exchange.request.method,
                "headers": exchange.headers(),
                "multiValueHeaders": exchange.header_lines,
                "queryStringParameters": {name: values[-1] for name, values in exchange.query.items()},
                "multiValueQueryStringParameters": exchange.query,
                "pathParameters": exchange.parameters or {},
                "stageVariables": exchange.stage.variables,
                "requestContext": context,
            }
        )


TYPES: Mapping[str, type[TokenEvent] | type[RequestEvent]] = {"TOKEN": TokenEvent, "REQUEST": RequestEvent}


class LambdaAuthorizer:
    """An authorizer's function at one stage, with the verdicts it gave. Raises Misconfigured."""

    def __init__(
        self, authorizer: Authorizer, variables: Mapping[str, str], invoke: Invoke, clock: Clock
    ) -> None:
        ttl = authorizer.authorizer_result_ttl_in_seconds
        self._name = authorizer.name
        self._event = TYPES[authorizer.type](authorizer)
        self._function = AuthorizerFunction(invoke, authorizer.authorizer_uri, variables, TIMEOUT)
        self._verdicts: Verdicts[Verdict] = Verdicts(
            clock, (DEFAULT_TTL if ttl is None else ttl) if self._event.remembers else 0
        )

    async def check(self, exchange: Exchange) -> None:
        """Note the function's context. Raises Refused: 401 without an identity or where the function says
        `Unauthorized`, 403 where its policy denies, 500 where it fails."""
        identity = self._event.identity(exchange)
        if identity is None:
            raise Refused(UNAUTHORIZED)
        method_arn = f"{exchange.stage.arn}/{exchange.request.method}/{exchange.path.strip('/')}"
        verdict = self._verdicts.known(identity)
        try:
            if verdict is None:
                verdict = _verdict(
                    await self._function.ask(self._event.event(exchange, identity, method_arn))
                )
                self._verdicts.remember(identity, verdict)
            effect = decision(verdict.statements, method_arn, keys_of(exchange))
        except Unauthorized:
            raise Refused(UNAUTHORIZED) from None
        except (BrokenAuthorizer, MalformedPolicy) as error:
            log.warning("authorizer %s: %s", self._name, error)
            raise Refused(AUTHORIZER_CONFIGURATION_ERROR) from error
        if effect != "Allow":
            raise Refused(DENIED_EXPLICITLY if effect == "Deny" else DENIED)
        exchange.authorizer = verdict.facts
        exchange.usage_identifier_key = verdict.usage_identifier_key


def _verdict(output: Mapping[str, Any]) -> Verdict:
    """What a function's answer means: context values as text, `principalId` beside them. Raises BrokenAuthorizer."""
    principal, context = output.get("principalId"), output.get("context")
    if not isinstance(principal, str):
        raise BrokenAuthorizer("its answer has no principalId")
    facts: dict[str, Any] = {"principalId": principal, "integrationLatency": 0}
    if context is not None and not isinstance(context, dict):
        raise BrokenAuthorizer("its context is not an object")
    for name, value in (context or {}).items():
        if isinstance(value, (dict, list)):
            raise BrokenAuthorizer(f"its context holds an object or a list: {name}")
        if value is not None:
            facts[name] = text_of(value)
    key = output.get("usageIdentifierKey")
    return Verdict(read(output.get("policyDocument")), facts, key if isinstance(key, str) else None)
