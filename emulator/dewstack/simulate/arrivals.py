"""When requests come: seconds from 0 on, in order."""

from collections.abc import Iterator
from random import Random


def poisson(rate: float, seconds: float, random: Random) -> Iterator[float]:
    """Requests that know nothing of each other, `rate` a second on average: what many users together make."""
    at = random.expovariate(rate)
    while at < seconds:
        yield at
        at += random.expovariate(rate)


def steady(rate: float, seconds: float) -> Iterator[float]:
    """Requests at equal distances."""
    for number in range(int(rate * seconds)):
        yield number / rate
