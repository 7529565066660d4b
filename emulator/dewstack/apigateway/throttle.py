"""Throttling of a route by its stage's settings: a token bucket, as AWS describes it."""

import time
from collections.abc import Callable

ACCOUNT_BURST = 5_000
ACCOUNT_RATE = 10_000.0


class TokenBucket:
    """Holds up to `burst` tokens and gains `rate` of them a second; a request takes one."""

    def __init__(self, rate: float, burst: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.burst = burst
        self._monotonic = monotonic
        self._tokens = float(burst)
        self._at = monotonic()

    def take(self) -> bool:
        """Whether there was a token for this request."""
        now = self._monotonic()
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
