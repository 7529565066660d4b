"""What one invocation or one request costs, in the first tier and without the free tier, as the record says of each."""

from decimal import Decimal
from functools import lru_cache

from dewstack.billing.prices import API_REQUESTS, LAMBDA_DURATION, LAMBDA_REQUESTS, METERED

LAMBDA_REQUEST = LAMBDA_REQUESTS.first
GB_SECOND = {architecture: prices.first for architecture, prices in LAMBDA_DURATION.items()}
API_REQUEST = {kind: prices.first for kind, prices in API_REQUESTS.items()}

SMALL = min(METERED.values())
"""Bytes up to which any of them counts as one."""


def gb_seconds(billed_ms: int | Decimal, memory_mb: int) -> Decimal:
    """The unit in which Lambda meters duration."""
    return Decimal(billed_ms) * memory_mb / (1000 * 1024)


def metered(kind: str, size: int) -> int:
    """As how many requests or messages one of so many bytes counts."""
    if size <= SMALL:
        return 1
    unit = METERED.get(kind)
    return -(-size // unit) if unit else 1


@lru_cache(1024)
def invocation_cost(billed_ms: int, memory_mb: int, architecture: str = "x86_64") -> Decimal:
    """Of one invocation: the request, and its duration as it is billed."""
    return LAMBDA_REQUEST + gb_seconds(billed_ms, memory_mb) * GB_SECOND[architecture]


def request_cost(kind: str, size: int = 0) -> Decimal:
    """Of one request to an API of this kind, of so many bytes; nothing for what is no API (a function URL)."""
    return _requests_cost(kind, metered(kind, size))


@lru_cache(1024)
def _requests_cost(kind: str, count: int) -> Decimal:
    return API_REQUEST.get(kind, Decimal(0)) * count
