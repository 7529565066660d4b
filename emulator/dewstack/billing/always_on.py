"""The other way: servers that run whether anybody calls or not, what they cost, and where both ways cost the same."""

from collections.abc import Mapping
from decimal import Decimal as D

from msgspec import Struct

from dewstack.billing.prices import MONTH_HOURS

FARGATE = "https://aws.amazon.com/fargate/pricing/"
BALANCER = "https://aws.amazon.com/elasticloadbalancing/pricing/"
EC2 = "https://aws.amazon.com/ec2/pricing/on-demand/"
ADDRESS = "https://aws.amazon.com/vpc/pricing/"


class Part(Struct, frozen=True):
    """Something rented by the hour: so many of it, at a price for each."""

    what: str
    count: D
    hourly: D
    source: str

    @property
    def cost(self) -> D:
        """Dollars an hour."""
        return self.count * self.hourly


class Server(Struct, frozen=True):
    """A named size of an always-on backend, of us-east-1's on-demand prices, as of `prices.AS_OF`."""

    name: str
    parts: tuple[Part, ...]
    tells: str
    """What one gets for it, in words."""

    @property
    def hourly(self) -> D:
        """Dollars an hour."""
        return sum((part.cost for part in self.parts), D(0))

    @property
    def monthly(self) -> D:
        """Dollars a month of 730 hours."""
        return self.hourly * MONTH_HOURS


def _task(count: int) -> tuple[Part, ...]:
    return (
        Part("Fargate vCPU", D("0.25") * count, D("0.04048"), FARGATE),
        Part("Fargate GB of memory", D("0.5") * count, D("0.004445"), FARGATE),
    )


_LOAD_BALANCER = (
    Part("Application Load Balancer", D(1), D("0.0225"), BALANCER),
    Part("its capacity unit (LCU)", D(1), D("0.008"), BALANCER),
)
SERVERS: Mapping[str, Server] = {
    "fargate": Server(
        "Fargate 0.25 vCPU, 0.5 GB + ALB",
        (*_task(1), *_LOAD_BALANCER),
        "one container behind a load balancer",
    ),
    "fargate-2": Server(
        "2 × Fargate 0.25 vCPU, 0.5 GB + ALB",
        (*_task(2), *_LOAD_BALANCER),
        "two containers, so that one may fail, behind a load balancer",
    ),
    "t3.micro": Server(
        "EC2 t3.micro, alone",
        (Part("t3.micro", D(1), D("0.0104"), EC2), Part("public IPv4 address", D(1), D("0.005"), ADDRESS)),
        "one small machine without a load balancer: when it fails, everything does",
    ),
    "t3.small": Server(
        "EC2 t3.small + ALB",
        (Part("t3.small", D(1), D("0.0208"), EC2), *_LOAD_BALANCER),
        "one machine behind a load balancer",
    ),
}
"""By the key that commands and pages name them by; the first is what others are compared with unless one chooses."""


def break_even(per_request: D, server: Server) -> D | None:
    """Requests a second at which paying for each costs what the server does; None where requests cost nothing."""
    return server.hourly / 3600 / per_request if per_request > 0 else None
