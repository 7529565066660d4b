"""Lambda authorizers of HTTP APIs: a function decides who may pass, by a simple response or an IAM policy.

Without one of its identity sources a request is refused before the function hears of it. With a time to live, what
the function answered holds for all requests with the same identity sources; a policy is applied to each anew.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import msgspec

from dewstack.apigateway.http_api import responses
from dewstack.apigateway.http_api.exchange import Exchange
from dewstack.apigateway.http_api.identity import IdentitySource
from dewstack.apigateway.http_api.model import Authorizer, Stage
from dewstack.apigateway.http_api.payload import Constants, Identity, PayloadFormat
from dewstack.apigateway.http_api.responses import GatewayResponse
from dewstack.apigateway.integrations import function_arn
from dewstack.apigateway.policy import MalformedPolicy, allows
from dewstack.clock import Clock
from dewstack.errors import AwsError
from dewstack.wire import Invoke

log = logging.getLogger(__name__)

TIMEOUT = 10.0
DEFAULT_TTL = 300
REMEMBERED = 4_096


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an authorizer's function answered. `expires` in seconds since the epoch."""

    allows: Callable[[str], bool]
    facts: Mapping[str, Any] | None
    expires: float


class LambdaAuthorizer:
    """An authorizer's function at one stage, with the verdicts it gave."""

    def __init__(self, authorizer: Authorizer, stage: Stage, invoke: Invoke, clock: Clock) -> None:
        ttl = authorizer.authorizer_result_ttl_in_seconds
        self.name = authorizer.name
        self.sources = [IdentitySource(source) for source in authorizer.identity_source]
        self._simple = bool(authorizer.enable_simple_responses)
        self._function = function_arn(authorizer.authorizer_uri or "", stage.stage_variables)
        self._ttl = (DEFAULT_TTL if ttl is None else ttl) if self.sources else 0
        self._invoke = invoke
        self._clock = clock
        self._verdicts: dict[tuple[str, ...], Verdict] = {}

    def known(self, identity: tuple[str, ...]) -> Verdict | None:
        """The verdict on this identity, if there is one that still holds."""
        verdict = self._verdicts.get(identity)
        return verdict if verdict and self._clock.time() < verdict.expires else None

    async def ask(self, identity: tuple[str, ...], event: bytes) -> Verdict:
        """Let the function decide. Raises GatewayResponse: 401 where it says `Unauthorized`, 500 where it fails."""
        verdict = self._verdict(await self._output(event))
        if self._ttl:
            while len(self._verdicts) >= REMEMBERED:
                self._verdicts.pop(next(iter(self._verdicts)))
            self._verdicts[identity] = verdict
        return verdict

    async def _output(self, event: bytes) -> Mapping[str, Any]:
        if self._function is None:
            raise self._broken("its AuthorizerUri names no function")
        try:
            async with asyncio.timeout(TIMEOUT):
                result = await self._invoke(self._function, event)
            output = msgspec.json.decode(result.payload)
        except (AwsError, TimeoutError, msgspec.DecodeError) as error:
            raise self._broken(str(error) or "it took longer than 10 seconds") from error
        if not isinstance(output, dict):
            raise self._broken("its answer is not an object")
        if result.function_error:
            if output.get("errorMessage") == "Unauthorized":
                raise GatewayResponse(responses.UNAUTHORIZED)
            raise self._broken("its function failed")
        return output

    def _verdict(self, output: Mapping[str, Any]) -> Verdict:
        facts = output.get("context")
        if facts is not None and not isinstance(facts, dict):
            raise self._broken("its context is not an object")
        expires = self._clock.time() + self._ttl
        if self._simple:
            if not isinstance(output.get("isAuthorized"), bool):
                raise self._broken("its answer has no isAuthorized")
            return Verdict(lambda _: bool(output["isAuthorized"]), facts, expires)
        document = output.get("policyDocument")
        return Verdict(lambda route_arn: self._policy_allows(document, route_arn), facts, expires)

    def _policy_allows(self, document: Any, route_arn: str) -> bool:
        try:
            return allows(document, route_arn)
        except MalformedPolicy as error:
            raise self._broken(str(error)) from error

    def _broken(self, why: str) -> GatewayResponse:
        log.warning("authorizer %s: %s", self.name, why)
        return GatewayResponse(responses.INTERNAL_SERVER_ERROR)


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
        verdict = authorizer.known(identity)
        if verdict is None:
            event = self._payload.authorizer_event(exchange, parameters, route_arn, identity)
            verdict = await authorizer.ask(identity, event)
        if not verdict.allows(route_arn):
            raise GatewayResponse(responses.FORBIDDEN)
        return Identity("lambda", verdict.facts)
