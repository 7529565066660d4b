"""What a load would cost that does not run yet: so many requests a second, each so long."""

import math
from decimal import Decimal

from msgspec import Struct

from dewstack.billing.costs import gb_seconds, metered
from dewstack.billing.prices import MONTH_HOURS
from dewstack.billing.usage import Usage, bill, total


class Load(Struct, frozen=True):
    """Requests to one function: `rate` a second, `duration_ms` each, the share `cold` of them with `init_ms` before.
    `kind` is the API in front: `http`, `rest`, or nothing."""

    rate: Decimal
    duration_ms: Decimal
    memory_mb: int = 128
    architecture: str = "x86_64"
    kind: str = "http"
    cold: Decimal = Decimal(0)
    init_ms: Decimal = Decimal(0)
    bytes_out: int = 0

    def usage(self, hours: Decimal | int = MONTH_HOURS) -> Usage:
        """What AWS meters of it in so many hours."""
        requests = self.rate * 3600 * hours
        billed = Decimal(max(1, math.ceil(self.duration_ms))) + self.cold * self.init_ms
        seconds = requests * billed * gb_seconds(1, self.memory_mb)
        asked = {self.kind: requests * metered(self.kind, self.bytes_out)} if self.kind else {}
        return Usage(
            invocations=requests,
            duration={self.architecture: seconds},
            requests=asked,
            bytes_out=requests * self.bytes_out,
        )

    def cost(self, hours: Decimal | int = MONTH_HOURS, *, free_tier: bool = False) -> Decimal:
        """Dollars of so many hours, as part of a month in which there is nothing else."""
        return total(bill(self.usage(hours), free_tier=free_tier))

    @property
    def per_request(self) -> Decimal:
        """Dollars of one, in the first tiers."""
        one = Load(
            Decimal(1) / 3600,
            self.duration_ms,
            self.memory_mb,
            self.architecture,
            self.kind,
            self.cold,
            self.init_ms,
            self.bytes_out,
        )
        return one.cost(1).normalize()
