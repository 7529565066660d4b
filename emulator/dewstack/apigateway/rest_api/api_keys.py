"""API keys: who may call a method that requires one, and how fast.

A key opens a stage when it is enabled and belongs to a usage plan of that stage.
"""

import hmac
import logging
from collections.abc import Sequence

from msgspec import Struct

from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.model import ApiKey, UsagePlan
from dewstack.apigateway.rest_api.refusals import FORBIDDEN, TOO_MANY_REQUESTS, Refused
from dewstack.apigateway.throttle import ACCOUNT_BURST, ACCOUNT_RATE, TokenBucket

log = logging.getLogger(__name__)


class _Key(Struct, frozen=True):
    id: str
    value: bytes
    bucket: TokenBucket | None


class ApiKeyCheck:
    """The keys of one stage (`<api id>:<stage>`). With `from_authorizer` the method's authorizer names the key."""

    def __init__(
        self,
        api_stage: str,
        plans: Sequence[tuple[UsagePlan, Sequence[ApiKey]]],
        *,
        from_authorizer: bool,
    ) -> None:
        self._from_authorizer = from_authorizer
        self._keys = [
            _Key(key.id, key.value.encode(), _bucket(plan))
            for plan, keys in plans
            if api_stage in plan.api_stages
            for key in keys
            if key.enabled
        ]
        for plan, _ in plans:
            if plan.quota and api_stage in plan.api_stages:
                log.warning("usage plan %s: its quota is not emulated, nobody is counted", plan.name)

    async def check(self, exchange: Exchange) -> None:
        """Note the key. Raises Refused: 403 without a good one, 429 when it is used too fast."""
        given = exchange.usage_identifier_key if self._from_authorizer else exchange.header("x-api-key")
        found = None
        value = (given or "").encode()
        for key in self._keys:  # all of them, so that time tells nothing
            if hmac.compare_digest(key.value, value):
                found = key
        if found is None or given is None:
            raise Refused(FORBIDDEN)
        if found.bucket and not found.bucket.take():
            raise Refused(TOO_MANY_REQUESTS)
        exchange.api_key = found.id, given


def _bucket(plan: UsagePlan) -> TokenBucket | None:
    limits = plan.throttle
    if not limits:
        return None
    burst = int(limits.get("burstLimit", ACCOUNT_BURST))
    return TokenBucket(limits.get("rateLimit", ACCOUNT_RATE), burst)
