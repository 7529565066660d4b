"""Lambda authorizers of HTTP APIs: a function decides who may pass, by a simple response or an IAM policy.

Without one of its identity sources a request is refused before the function hears of it. With a time to live, what
the function answered holds for all requests with the same identity sources; a policy is applied to each anew.
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from dewstack.apigateway.authorizer_function import (
    DEFAULT_TTL,
    AuthorizerFunction,
    BrokenAuthorizer,
    Unauthorized,
    Verdicts,
)
from dewstack.apigateway.http_api import responses
from dewstack.apigateway.http_api.exchange import Exchange
from dewstack.apigateway.http_api.identity import IdentitySource
from dewstack.apigateway.http_api.payload import Constants, Identity, PayloadFormat
from dewstack.apigateway.http_api.responses import GatewayResponse
from dewstack.apigateway.policy import MalformedPolicy, allows, read
from dewstack.apigateway.v2.model import Authorizer, Stage
from dewstack.clock import Clock
from dewstack.policies import Context
from dewstack.wire import Invoke

log = logging.getLogger(__name__)

TIMEOUT = 10.0


class Verdict(Struct, frozen=True):
    """What an authorizer's function answered."""

    allows: Callable[[str, Context], bool]
    facts: Mapping[str, Any] | None


class LambdaAuthorizer:
    """An authorizer's function at one stage, with the verdicts it gave."""

    def __init__(self, authorizer: Authorizer, stage: Stage, invoke: Invoke, clock: Clock) -> None:
        ttl = authorizer.authorizer_result_ttl_in_seconds
        self.sources = [IdentitySource(source) for source in authorizer.identity_source]
        self._name = authorizer.name
        self._simple = bool(authorizer.enable_simple_responses)
        self._function = AuthorizerFunction(invoke, authorizer.authorizer_uri, stage.stage_variables, TIMEOUT)
        self._verdicts: Verdicts[Verdict] = Verdicts(
            clock, (DEFAULT_TTL if ttl is None else ttl) if self.sources else 0
        )

    async def verdict(
        self, identity: tuple[str, ...], route_arn: str, event: Callable[[], bytes], keys: Context
    ) -> Verdict:
        """The verdict on a request to `route_arn`, of which `keys` are what conditions ask about; the remembered one
        where it still holds. Raises GatewayResponse: 401 where the function says `Unauthorized`, 403 where it denies,
        500 where it fails."""
        try:
            verdict = self._verdicts.known(identity)
            if verdict is None:
                verdict = self._verdict(await self._function.ask(event()))
                self._verdicts.remember(identity, verdict)
            allowed = verdict.allows(route_arn, keys)
        except Unauthorized:
            raise GatewayResponse(responses.UNAUTHORIZED) from None
        except (BrokenAuthorizer, MalformedPolicy) as error:
            log.warning("authorizer %s: %s", self._name, error)
            raise GatewayResponse(responses.INTERNAL_SERVER_ERROR) from error
        if not allowed:
            raise GatewayResponse(responses.FORBIDDEN)
        return verdict

    def _verdict(self, output: Mapping[str, Any]) -> Verdict:
        facts = output.get("context")
        if facts is not None and not isinstance(facts, dict):
            raise BrokenAuthorizer("its context is not an object")
        if self._simple:
            authorized = output.get("isAuthorized")
            if not isinstance(authorized, bool):
                raise BrokenAuthorizer("its answer has no isAuthorized")
            return Verdict(lambda route_arn, keys: authorized, facts)
        statements = read(output.get("policyDocument"))
        return Verdict(partial(allows, statements), facts)


def resource_path(path: str) -> str:
    """A request's path as it stands in a route's ARN: as the router reads it, so that no spelling of a path
    escapes a policy. Decoded, except that an encoded slash stays one; without slashes at either end."""
    if "%" in path:
        path = unquote(path.replace("%2F", "%252F").replace("%2f", "%252F"))
    return path.strip("/")


class LambdaRouteAuthorizer:
    """A Lambda authorizer at a route. `payload` is of the authorizer's own format."""

    def __init__(self, authorizer: LambdaAuthorizer, payload: PayloadFormat, constants: Constants) -> None:
        self._authorizer = authorizer
        self._payload = payload
        self._constants = constants

    async def authorize(self, exchange: Exchange, parameters: Mapping[str, str] | None) -> Identity:
        """The function's context. Raises GatewayResponse: 401 without an identity, 403 where it is denied."""
        authorizer, constants = self._authorizer, self._constants
        found = [source.of(exchange, constants) for source in authorizer.sources]
        identity = tuple(value for value in found if value)
        if len(identity) != len(found):
            raise GatewayResponse(responses.UNAUTHORIZED)
        route_arn = f"{constants.arn}/{exchange.request.method}/{resource_path(exchange.route_path)}"
        verdict = await authorizer.verdict(
            identity,
            route_arn,
            lambda: self._payload.authorizer_event(exchange, parameters, route_arn, identity),
            {
                "aws:sourceip": exchange.request.source_ip,
                "aws:useragent": exchange.headers.get("user-agent", ""),
                "aws:securetransport": "true",
            },
        )
        return Identity("lambda", verdict.facts)
