"""What Lambda authorizers of both kinds of API have in common: asking the function, remembering what it said."""

import asyncio
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

from dewstack.apigateway.integrations import function_arn
from dewstack.clock import Clock
from dewstack.errors import AwsError
from dewstack.wire import Invoke

DEFAULT_TTL = 300
REMEMBERED = 4_096
V = TypeVar("V")


class Unauthorized(Exception):
    """The function said `Unauthorized`: its word for a 401."""


class BrokenAuthorizer(Exception):
    """The function failed, or answered what no authorizer may answer; the message says why."""


class AuthorizerFunction:
    """The function of a Lambda authorizer at one stage. `timeout` in seconds."""

    def __init__(
        self, invoke: Invoke, uri: str | None, stage_variables: Mapping[str, str], timeout: float
    ) -> None:
        self._invoke = invoke
        self._arn = function_arn(uri or "", stage_variables)
        self._timeout = timeout

    async def ask(self, event: bytes) -> dict[str, Any]:
        """The object that the function answers. Raises Unauthorized or BrokenAuthorizer."""
        if self._arn is None:
            raise BrokenAuthorizer("its AuthorizerUri names no function")
        try:
            async with asyncio.timeout(self._timeout):
                result = await self._invoke(self._arn, event)
            output = msgspec.json.decode(result.payload)
        except TimeoutError:
            raise BrokenAuthorizer(f"it took longer than {self._timeout:g} seconds") from None
        except (AwsError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BrokenAuthorizer(str(error)) from error
        if result.function_error:
            if isinstance(output, dict) and output.get("errorMessage") == "Unauthorized":
                raise Unauthorized
            raise BrokenAuthorizer("its function failed")
        if not isinstance(output, dict):
            raise BrokenAuthorizer("its answer is not an object")
        return output


class Verdicts(Generic[V]):
    """What an authorizer said about identities, each for `ttl` seconds; with 0 nothing is remembered.

    Of too many the one that came first is forgotten first.
    """

    def __init__(self, clock: Clock, ttl: float) -> None:
        self._clock = clock
        self._ttl = ttl
        self._verdicts: dict[tuple[str, ...], tuple[V, float]] = {}

    def known(self, identity: tuple[str, ...]) -> V | None:
        """The verdict on this identity, if there is one that still holds."""
        found = self._verdicts.get(identity)
        return found[0] if found and self._clock.time() < found[1] else None

    def remember(self, identity: tuple[str, ...], verdict: V) -> None:
        """Keep a verdict for its time."""
        if not self._ttl:
            return
        while len(self._verdicts) >= REMEMBERED:
            self._verdicts.pop(next(iter(self._verdicts)))
        self._verdicts[identity] = verdict, self._clock.time() + self._ttl
