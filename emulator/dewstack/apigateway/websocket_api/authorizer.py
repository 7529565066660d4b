"""Who may connect: a REQUEST authorizer's function says so, or IAM; once, at $connect, and nothing is remembered."""

import logging
import re
from collections.abc import Mapping
from typing import Any

from dewstack.access import Authorize, Refusal
from dewstack.apigateway.authorizer_function import AuthorizerFunction, BrokenAuthorizer, Unauthorized
from dewstack.apigateway.policy import INVOKE, MalformedPolicy, decision
from dewstack.apigateway.v2.model import Authorizer
from dewstack.apigateway.websocket_api.exchange import Exchange
from dewstack.apigateway.websocket_api.refusals import (
    AUTHORIZER_FAILURE,
    DENIED,
    DENIED_EXPLICITLY,
    FORBIDDEN,
    UNAUTHORIZED,
    Refused,
)
from dewstack.apigateway.websocket_api.selection import text
from dewstack.wire import Invoke

log = logging.getLogger(__name__)

SOURCE = re.compile(r"(route\.request\.header|route\.request\.querystring|stageVariables|context)\.([\w.-]+)")
TIMEOUT = 29.0


def value_of(source: str, exchange: Exchange) -> str | None:
    """What a handshake has at `route.request.header.Auth` and its like, or None."""
    match = SOURCE.fullmatch(source)
    if match is None:
        return None
    place, name = match[1], match[2]
    if place == "route.request.header":
        return exchange.header(name)
    if place == "route.request.querystring":
        return next(reversed(exchange.query.get(name, ())), None)
    if place == "stageVariables":
        return exchange.stage.variables.get(name)
    found: Any = exchange.request_context()
    for step in name.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return None if found is None else text(found)


class LambdaAuthorizer:
    """A REQUEST authorizer at one stage."""

    def __init__(self, authorizer: Authorizer, variables: Mapping[str, str], invoke: Invoke) -> None:
        self._name = authorizer.name
        self._sources = authorizer.identity_source
        self._function = AuthorizerFunction(invoke, authorizer.authorizer_uri, variables, TIMEOUT)

    async def authorize(self, exchange: Exchange) -> dict[str, Any]:
        """What the events of the connection say of its authorizer. Raises Refused: 401 without an identity or where
        the function says `Unauthorized`, 403 where its policy denies, 500 where it fails."""
        if not all(value_of(source, exchange) for source in self._sources):
            raise Refused(UNAUTHORIZED)
        try:
            output = await self._function.ask(exchange.authorizer_event())
            effect = decision(output.get("policyDocument"), f"{exchange.stage.arn}/$connect")
            facts = _facts(output)
        except Unauthorized:
            raise Refused(UNAUTHORIZED) from None
        except (BrokenAuthorizer, MalformedPolicy) as error:
            log.warning("authorizer %s: %s", self._name, error)
            raise Refused(AUTHORIZER_FAILURE) from error
        if effect != "Allow":
            raise Refused(DENIED_EXPLICITLY if effect == "Deny" else DENIED)
        return facts


class IamGate:
    """AWS_IAM: the handshake is signed, and its signer may invoke the API's `$connect`."""

    def __init__(self, authorize: Authorize) -> None:
        self._authorize = authorize

    async def authorize(self, exchange: Exchange) -> None:
        """Note who it is. Raises Refused: 403 for whoever may not pass."""
        assert exchange.request is not None
        found = await self._authorize(exchange.request, INVOKE, f"{exchange.stage.arn}/$connect")
        if isinstance(found, Refusal):
            log.warning("a handshake is refused: %s: %s", found.code, found.message.partition("\n")[0])
            raise Refused(FORBIDDEN)
        exchange.connection.identity |= {
            "accessKey": found.access_key_id,
            "accountId": found.account_id,
            "caller": found.user_id,
            "user": found.user_id,
            "userArn": found.arn,
        }


def _facts(output: Mapping[str, Any]) -> dict[str, Any]:
    """`principalId` and the context, whose values are text. Raises BrokenAuthorizer."""
    principal, context = output.get("principalId"), output.get("context")
    if not isinstance(principal, str):
        raise BrokenAuthorizer("its answer has no principalId")
    if context is not None and not isinstance(context, dict):
        raise BrokenAuthorizer("its context is not an object")
    facts: dict[str, Any] = {}
    for name, value in (context or {}).items():
        if isinstance(value, (dict, list)):
            raise BrokenAuthorizer(f"its context holds an object or a list: {name}")
        if value is not None:
            facts[name] = text(value)
    return facts | {"principalId": principal, "integrationLatency": 0}
