"""A month's usage, or any part of one, to a bill: a line for each thing that AWS meters."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct, field
from msgspec.structs import asdict

from dewstack.billing.prices import (
    API_REQUESTS,
    CONNECTION_MINUTES,
    GB,
    LAMBDA_DURATION,
    LAMBDA_REQUESTS,
    LOG_BYTES,
    PROVISIONED,
    PROVISIONED_DURATION,
    TRANSFER_OUT,
    USERS,
    Prices,
)

Amounts = Mapping[str, Decimal]
NAMES = {"http": "HTTP API", "rest": "REST API", "websocket": "WebSocket API"}


class Usage(Struct, frozen=True):
    """What was used in a month. Requests are metered ones (`costs.metered`), durations GB-seconds by architecture."""

    invocations: Decimal = Decimal(0)
    duration: Amounts = field(default_factory=dict)
    provisioned: Amounts = field(default_factory=dict)
    """What was kept ready."""
    provisioned_duration: Amounts = field(default_factory=dict)
    """What ran in it; not in `duration`."""
    provisioned_invocations: Decimal = Decimal(0)
    """Of those in it, for which the free tier does not hold; not in `invocations`."""
    requests: Amounts = field(default_factory=dict)
    """By kind of API."""
    connection_minutes: Decimal = Decimal(0)
    users: Amounts = field(default_factory=dict)
    """Active ones, by their pool's plan."""
    log_bytes: Decimal = Decimal(0)
    bytes_out: Decimal = Decimal(0)
    """To the internet."""


class Line(Struct, frozen=True):
    """One line of a bill, in US dollars. `price` is a unit's price in the first tier."""

    service: str
    what: str
    amount: Decimal
    unit: str
    price: Decimal
    cost: Decimal
    source: str


def bill(usage: Usage, *, free_tier: bool = False) -> tuple[Line, ...]:
    """The lines for what there was of, as AWS would charge for it in one month."""
    return tuple(
        Line(
            service,
            what,
            amount,
            prices.unit,
            prices.first,
            prices.cost(amount, free_tier=free),
            prices.source,
        )
        for service, what, amount, prices, free in _amounts(usage, free_tier)
        if amount
    )


def scaled(usage: Usage, factor: Decimal) -> Usage:
    """So many times as much of everything."""
    fields: dict[str, Any] = {
        name: {key: amount * factor for key, amount in value.items()}
        if isinstance(value, Mapping)
        else value * factor
        for name, value in asdict(usage).items()
    }
    return Usage(**fields)


def total(lines: Iterable[Line]) -> Decimal:
    """Their sum."""
    return sum((line.cost for line in lines), Decimal(0))


def _amounts(usage: Usage, free: bool) -> Iterator[tuple[str, str, Decimal, Prices, bool]]:
    yield "Lambda", "requests", usage.invocations, LAMBDA_REQUESTS, free
    yield (
        "Lambda",
        "requests to provisioned environments",
        usage.provisioned_invocations,
        LAMBDA_REQUESTS,
        False,
    )
    for what, amounts, prices, is_free in (
        ("duration", usage.duration, LAMBDA_DURATION, free),
        ("provisioned concurrency", usage.provisioned, PROVISIONED, False),
        ("duration in provisioned environments", usage.provisioned_duration, PROVISIONED_DURATION, False),
    ):
        for architecture, amount in amounts.items():
            yield "Lambda", f"{what}, {architecture}", amount, prices[architecture], is_free
    for kind, amount in usage.requests.items():
        yield "API Gateway", f"{NAMES[kind]}: {API_REQUESTS[kind].unit}s", amount, API_REQUESTS[kind], free
    yield (
        "API Gateway",
        "WebSocket API: connection minutes",
        usage.connection_minutes,
        CONNECTION_MINUTES,
        free,
    )
    for plan, amount in usage.users.items():
        yield "Cognito", f"active users, {plan.title()}", amount, USERS[plan], free
    yield "CloudWatch Logs", "ingestion", usage.log_bytes / GB, LOG_BYTES, free
    yield "Data transfer", "to the internet", usage.bytes_out / GB, TRANSFER_OUT, free
