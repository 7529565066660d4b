"""AWS's list prices in US dollars, for us-east-1. Every list says where it was read, and when.

A GB is 1,024 MB where memory and transfer are metered, as in AWS's own examples.
"""

from collections.abc import Mapping
from decimal import Decimal as D

from msgspec import Struct

REGION = "us-east-1"
AS_OF = "2026-09"
MILLION, BILLION = 10**6, 10**9
KB, MB, GB = 1024, 1024**2, 1024**3
MONTH_HOURS = 730
"""Hours of the month that AWS's price calculator reckons with."""


class Prices(Struct, frozen=True):
    """The price of a unit, falling with the amount of a month: up to each amount, then the last for all beyond.
    So many units of each month are free, where the free tier is wanted."""

    unit: str
    tiers: tuple[tuple[D | None, D], ...]
    free: D = D(0)
    source: str = ""

    @property
    def first(self) -> D:
        """A unit's price in the first tier."""
        return self.tiers[0][1]

    def cost(self, amount: D, *, free_tier: bool = False) -> D:
        """Of so many units in a month. With the free tier, the first tiers are what is free of them."""
        used, cost = self.free if free_tier else D(0), D(0)
        amount = max(amount, used)
        for most, price in self.tiers:
            end = amount if most is None else min(amount, most)
            if end > used:
                cost += (end - used) * price
                used = end
        return cost


LAMBDA = "https://aws.amazon.com/lambda/pricing/"
GATEWAY = "https://aws.amazon.com/api-gateway/pricing/"
COGNITO = "https://aws.amazon.com/cognito/pricing/"
CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"
TRANSFER = "https://aws.amazon.com/ec2/pricing/on-demand/"

LAMBDA_REQUESTS = Prices("request", ((None, D("0.20") / MILLION),), D(MILLION), LAMBDA)
LAMBDA_DURATION: Mapping[str, Prices] = {
    "x86_64": Prices(
        "GB-second",
        (
            (D(6 * BILLION), D("0.0000166667")),
            (D(15 * BILLION), D("0.000015")),
            (None, D("0.0000133334")),
        ),
        D(400_000),
        LAMBDA,
    ),
    "arm64": Prices(
        "GB-second",
        (
            (D("7.5") * BILLION, D("0.0000133334")),
            (D("18.75") * BILLION, D("0.0000120001")),
            (None, D("0.0000106667")),
        ),
        D(400_000),
        LAMBDA,
    ),
}
"""By architecture."""
PROVISIONED: Mapping[str, Prices] = {
    "x86_64": Prices("GB-second", ((None, D("0.0000041667")),), source=LAMBDA),
    "arm64": Prices("GB-second", ((None, D("0.0000033334")),), source=LAMBDA),
}
"""What keeping environments ready costs, whether they serve or not."""
PROVISIONED_DURATION: Mapping[str, Prices] = {
    "x86_64": Prices("GB-second", ((None, D("0.0000097222")),), source=LAMBDA),
    "arm64": Prices("GB-second", ((None, D("0.0000077778")),), source=LAMBDA),
}
"""The duration of what they serve. It has no free tier."""
API_REQUESTS: Mapping[str, Prices] = {
    "http": Prices(
        "request",
        ((D(300 * MILLION), D("1.00") / MILLION), (None, D("0.90") / MILLION)),
        D(MILLION),
        GATEWAY,
    ),
    "rest": Prices(
        "request",
        (
            (D(333 * MILLION), D("3.50") / MILLION),
            (D(1000 * MILLION), D("2.80") / MILLION),
            (D(20_000 * MILLION), D("2.38") / MILLION),
            (None, D("1.51") / MILLION),
        ),
        D(MILLION),
        GATEWAY,
    ),
    "websocket": Prices(
        "message", ((D(BILLION), D("1.00") / MILLION), (None, D("0.80") / MILLION)), D(MILLION), GATEWAY
    ),
}
"""By kind of API. Free for the first twelve months of an account."""
METERED: Mapping[str, int] = {"http": 512 * KB, "websocket": 32 * KB}
"""Bytes of one metered request or message; larger ones count several times."""
CONNECTION_MINUTES = Prices("minute", ((None, D("0.25") / MILLION),), D(750_000), GATEWAY)
USERS: Mapping[str, Prices] = {
    "LITE": Prices(
        "active user",
        (
            (D(100_000), D("0.0055")),
            (D(MILLION), D("0.0046")),
            (D(10 * MILLION), D("0.00325")),
            (None, D("0.0025")),
        ),
        D(10_000),
        COGNITO,
    ),
    "ESSENTIALS": Prices("active user", ((None, D("0.015")),), D(10_000), COGNITO),
    "PLUS": Prices("active user", ((None, D("0.020")),), source=COGNITO),
}
"""By the user pool's plan (`UserPoolTier`): what a user costs in a month in which he does anything."""
LOG_BYTES = Prices(
    "GB",
    (
        (D(10 * KB), D("0.50")),
        (D(30 * KB), D("0.25")),
        (D(50 * KB), D("0.10")),
        (None, D("0.05")),
    ),
    D(5),
    CLOUDWATCH,
)
"""What functions write to CloudWatch Logs (standard class), as it arrives."""
TRANSFER_OUT = Prices(
    "GB",
    (
        (D(10 * KB), D("0.09")),
        (D(50 * KB), D("0.085")),
        (D(150 * KB), D("0.07")),
        (None, D("0.05")),
    ),
    D(100),
    TRANSFER,
)
"""To the internet."""
