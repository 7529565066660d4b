"""When AWS ends environments that nobody uses. AWS doesn't say; two models of what was measured."""

import math
from random import Random
from typing import Protocol

from msgspec import Struct


class Retirement(Protocol):
    """Decides how long an environment may idle."""

    def deadline(self, idle_since: float, random: Random) -> float:
        """When an environment that idles from then on ends, in seconds."""


class IdleExpiry(Struct, frozen=True):
    """A fixed time after the last request. SimFaaS (arXiv 2102.08904) measured 600 s."""

    seconds: float = 600.0

    def deadline(self, idle_since: float, random: Random) -> float:
        """When an environment that idles from then on ends, in seconds."""
        return idle_since + self.seconds


class Halving(Struct, frozen=True):
    """Half of the environments end at every full period of 380 s: SeBS (Middleware 2021, section 6.5), R² > 0.99."""

    period: float = 380.0

    def deadline(self, idle_since: float, random: Random) -> float:
        """When an environment that idles from then on ends, in seconds."""
        survived = math.floor(-math.log2(1.0 - random.random()))
        return (math.floor(idle_since / self.period) + 1 + survived) * self.period
