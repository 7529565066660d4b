"""What AWS would charge, in US dollars: prices of us-east-1 without the free tier, in their first tier, as of 2026-09.

https://aws.amazon.com/lambda/pricing/ and https://aws.amazon.com/api-gateway/pricing/
"""

from collections.abc import Mapping
from decimal import Decimal

MILLION = 1_000_000
LAMBDA_REQUEST = Decimal("0.20") / MILLION
GB_SECOND: Mapping[str, Decimal] = {"x86_64": Decimal("0.0000166667"), "arm64": Decimal("0.0000133334")}
"""By architecture. A GB is 1,024 MB here."""
API_REQUEST: Mapping[str, Decimal] = {
    "http": Decimal("1.00") / MILLION,
    "rest": Decimal("3.50") / MILLION,
    "websocket": Decimal("1.00") / MILLION,
}
"""By kind of API; a message for a WebSocket API."""
METERED: Mapping[str, int] = {"http": 512 * 1024, "websocket": 32 * 1024}
"""Bytes of one metered request or message; larger ones count several times."""


def invocation_cost(billed_ms: int, memory_mb: int, architecture: str = "x86_64") -> Decimal:
    """Of one invocation: the request, and its duration as it is billed."""
    gb_seconds = Decimal(billed_ms) * memory_mb / (1000 * 1024)
    return LAMBDA_REQUEST + gb_seconds * GB_SECOND[architecture]


def request_cost(kind: str, size: int = 0) -> Decimal:
    """Of one request to an API of this kind, of so many bytes; nothing for what is no API (a function URL)."""
    price = API_REQUEST.get(kind)
    if price is None:
        return Decimal(0)
    metered = METERED.get(kind)
    return price * (max(1, -(-size // metered)) if metered else 1)
