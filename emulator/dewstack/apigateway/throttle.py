"""Throttling of a route by its stage's settings: a token bucket, as AWS describes it."""

import time
from collections.abc import Callable

from dewstack.apigateway.model import Stage

ACCOUNT_BURST = 5_000
ACCOUNT_RATE = 10_000.0


class TokenBucket:
    """Holds up to `burst` tokens and gains `rate` of them a second; a request takes one."""

    def __init__(self, rate: float, burst: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._monotonic = monotonic
        self._tokens = float(burst)
        self._at = monotonic()

    def take(self) -> bool:
        """Whether there was a token for this request."""
        now = self._monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def bucket_for(stage: Stage, route_key: str) -> TokenBucket | None:
    """The bucket of a route, or None where the stage sets no limit for it."""
    own, default = stage.route_settings.get(route_key), stage.default_route_settings
    settings = [settings for settings in (own, default) if settings is not None]
    rate = next((s.throttling_rate_limit for s in settings if s.throttling_rate_limit is not None), None)
    burst = next((s.throttling_burst_limit for s in settings if s.throttling_burst_limit is not None), None)
    if rate is None and burst is None:
        return None
    return TokenBucket(ACCOUNT_RATE if rate is None else rate, ACCOUNT_BURST if burst is None else burst)
