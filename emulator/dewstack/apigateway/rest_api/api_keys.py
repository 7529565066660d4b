"""API keys: who may call a method that requires one, how fast, and how often.

A key opens a stage when it is enabled and belongs to a usage plan of that stage. The plan's throttle and quota hold for
each of its keys; a plan may throttle a method of the stage on top of that.
"""

import hmac
from collections.abc import Mapping, Sequence

from msgspec import Struct

from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.model import ApiKey, UsagePlan
from dewstack.apigateway.rest_api.refusals import FORBIDDEN, LIMIT_EXCEEDED, TOO_MANY_REQUESTS, Refused
from dewstack.apigateway.rest_api.usage import Counter, Usage
from dewstack.apigateway.throttle import TokenBucket


class _Key(Struct, frozen=True):
    id: str
    value: bytes
    buckets: tuple[TokenBucket, ...]
    counter: Counter


class ApiKeys:
    """The keys of one stage (`<api id>:<stage>`). With `from_authorizer` the method's authorizer names the key."""

    def __init__(
        self,
        api_stage: str,
        plans: Sequence[tuple[UsagePlan, Sequence[ApiKey]]],
        usage: Usage,
        *,
        from_authorizer: bool,
    ) -> None:
        self._api_stage = api_stage
        self._plans = [(plan, keys) for plan, keys in plans if api_stage in plan.api_stages]
        self._usage = usage
        self._from_authorizer = from_authorizer
        self._checks: dict[str, ApiKeyCheck] = {}

    def check(self, path: str, verb: str) -> "ApiKeyCheck":
        """What lets requests to a method pass: the same for all methods that no plan throttles by themselves."""
        throttled = [self._throttle(plan, path, verb) for plan, _ in self._plans]
        name = f"{path}/{verb}" if any(throttled) else ""
        if name not in self._checks:
            keys = [
                _Key(
                    key.id,
                    key.value.encode(),
                    tuple(self._buckets(plan, key.id, limits, name)),
                    self._usage.counter(plan, key.id),
                )
                for (plan, keys), limits in zip(self._plans, throttled, strict=True)
                for key in keys
                if key.enabled
            ]
            self._checks[name] = ApiKeyCheck(keys, self._usage, from_authorizer=self._from_authorizer)
        return self._checks[name]

    def _throttle(self, plan: UsagePlan, path: str, verb: str) -> Mapping[str, float] | None:
        """The plan's limits for a method: its own, or those of all methods."""
        limits = plan.stage_throttles.get(self._api_stage, {})
        names = (f"{path}/{verb}", f"{path}/*", "*/*")
        return next((limits[name] for name in names if name in limits), None)

    def _buckets(
        self, plan: UsagePlan, key_id: str, limits: Mapping[str, float] | None, name: str
    ) -> list[TokenBucket]:
        buckets = [self._usage.bucket(plan, key_id, plan.throttle)] if plan.throttle else []
        if limits:
            buckets.append(self._usage.bucket(plan, key_id, limits, f"{self._api_stage}{name}"))
        return buckets


class ApiKeyCheck:
    """The keys that open a method."""

    def __init__(self, keys: Sequence[_Key], usage: Usage, *, from_authorizer: bool) -> None:
        self._keys = keys
        self._usage = usage
        self._from_authorizer = from_authorizer

    async def check(self, exchange: Exchange) -> None:
        """Note the key. Raises Refused: 403 without a good one, 429 when it is used too fast or too often."""
        given = exchange.usage_identifier_key if self._from_authorizer else exchange.header("x-api-key")
        found = None
        value = (given or "").encode()
        for key in self._keys:  # all of them, so that time tells nothing
            if hmac.compare_digest(key.value, value):
                found = key
        if found is None or given is None:
            raise Refused(FORBIDDEN)
        exchange.api_key = found.id, given
        for bucket in found.buckets:
            if not bucket.take():
                raise Refused(TOO_MANY_REQUESTS)
        if not found.counter.count(self._usage.time()):
            raise Refused(LIMIT_EXCEEDED)
