"""What AWS would charge, checked with the examples that AWS and others publish."""

from decimal import Decimal

import pytest

from dewstack.billing import SERVERS, Usage, bill, break_even, invocation_cost, request_cost, total
from dewstack.billing.costs import gb_seconds, metered
from dewstack.billing.prices import BILLION, KB, LAMBDA_DURATION, MILLION, USERS, Prices

D = Decimal


def cents(amount: Decimal) -> Decimal:
    """As a bill says it."""
    return amount.quantize(D("0.01"))


def usage(invocations: int, milliseconds: int, memory_mb: int, architecture: str = "x86_64") -> Usage:
    """So many invocations of so many milliseconds each."""
    seconds = invocations * gb_seconds(milliseconds, memory_mb)
    return Usage(invocations=D(invocations), duration={architecture: seconds})


def test_a_million_invocations_cost_what_the_price_list_says() -> None:
    """https://aws.amazon.com/lambda/pricing/: 3 million requests of 120 ms at 1,536 MB: 540,000 GB-s, without the free
    tier $9.00 and $0.60."""
    cost = 3_000_000 * invocation_cost(120, 1536)
    assert cents(cost) == D("9.60")


def test_the_mobile_backend_of_the_price_list_with_the_free_tier() -> None:
    """The same example: $2.33 for 140,000 GB-s and $0.40 for 2 million requests."""
    lines = bill(usage(3_000_000, 120, 1536), free_tier=True)
    assert [(line.what, cents(line.cost)) for line in lines] == [
        ("requests", D("0.40")),
        ("duration, x86_64", D("2.33")),
    ]
    assert cents(total(lines)) == D("2.73")


def test_three_million_seconds_at_half_a_gb() -> None:
    """The older example of the same page, whose price has two digits less: $18.34 for 1.1 million GB-s, $18.74."""
    lines = bill(usage(3_000_000, 1000, 512), free_tier=True)
    assert [line.amount for line in lines] == [3_000_000, 1_500_000]
    assert abs(total(lines) - D("18.74")) < D("0.01")


def test_a_launch_day_with_provisioned_concurrency() -> None:
    """1,000 environments of 1 GB for two hours, 1.2 million requests of a second: $30.00 + $0.24 + $11.67 = $41.91."""
    launch = Usage(
        provisioned={"x86_64": D(1000 * 7200)},
        provisioned_duration={"x86_64": D(1_200_000)},
        provisioned_invocations=D(1_200_000),
    )
    for free_tier in (False, True):
        lines = bill(launch, free_tier=free_tier)
        assert [cents(line.cost) for line in lines] == [D("0.24"), D("30.00"), D("11.67")]
        assert cents(total(lines)) == D("41.91")


def test_arm_is_a_fifth_cheaper() -> None:
    x86, arm = invocation_cost(1000, 1024), invocation_cost(1000, 1024, "arm64")
    assert (x86, arm) == (D("0.0000168667"), D("0.0000135334"))


def test_requests_are_metered_by_their_size() -> None:
    assert 1_000_000 * request_cost("http") == D("1.00")
    assert 1_000_000 * request_cost("rest", 5_000_000) == D("3.50")
    assert request_cost("http", 512 * KB) == request_cost("http")
    assert request_cost("http", 512 * KB + 1) == 2 * request_cost("http")
    assert metered("websocket", 33 * KB) == 2, "AWS's own example"
    assert request_cost("url") == 0


@pytest.mark.parametrize(
    ("kind", "requests", "cost"),
    [
        ("http", 216 * MILLION, "216.00"),
        ("http", 400 * MILLION, "390.00"),
        ("rest", 5 * MILLION, "17.50"),
        ("rest", 1_000 * MILLION, "3033.10"),
        ("rest", 1_001 * MILLION, "3035.48"),
        ("websocket", 2 * BILLION, "1800.00"),
    ],
)
def test_an_api_gets_cheaper_with_its_requests(kind: str, requests: int, cost: str) -> None:
    assert total(bill(Usage(requests={kind: D(requests)}))) == D(cost)


def test_five_million_calls_of_three_kilobytes() -> None:
    """https://aws.amazon.com/api-gateway/pricing/: $17.50 for the calls of a REST API and $1.29 for what goes out."""
    lines = bill(Usage(requests={"rest": D(5 * MILLION)}, bytes_out=D(5 * MILLION * 3 * KB)))
    assert [cents(line.cost) for line in lines] == [D("17.50"), D("1.29")]
    assert cents(total(lines)) == D("18.79")


@pytest.mark.parametrize(
    ("plan", "users", "cost", "with_free_tier"),
    [
        ("ESSENTIALS", 100_000, "1500", "1350"),
        ("ESSENTIALS", 10_000, "150", "0"),
        ("LITE", 100_000, "550", "495"),
        ("LITE", 1_000_000, "4690", "4635"),
        ("PLUS", 1000, "20", "20"),
    ],
)
def test_users_cost_by_their_pools_plan(plan: str, users: int, cost: str, with_free_tier: str) -> None:
    amount = D(users)
    assert USERS[plan].cost(amount) == D(cost)
    assert USERS[plan].cost(amount, free_tier=True) == D(with_free_tier)


def test_what_functions_log_gets_cheaper_with_its_amount() -> None:
    """The announcement of May 2025: 60 TB of Lambda's logs for $12,500 instead of $30,000 (its TB has 1,000 GB)."""
    lines = bill(Usage(log_bytes=D(60 * KB) * 1024**3))
    assert total(lines) == D("0.5") * 10240 + D("0.25") * 20480 + D("0.1") * 20480 + D("0.05") * 10240


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_duration_gets_cheaper_with_its_amount(architecture: str) -> None:
    prices = LAMBDA_DURATION[architecture]
    costs = [prices.cost(D(amount) * BILLION) / BILLION / amount for amount in (1, 10, 100)]
    assert costs == sorted(costs, reverse=True) and len(set(costs)) == 3
    x86 = LAMBDA_DURATION["x86_64"]
    assert x86.cost(D(7 * BILLION)) == 6 * BILLION * D("0.0000166667") + BILLION * D("0.000015")


def test_tiers_are_left_one_by_one() -> None:
    prices = Prices("thing", ((D(10), D(3)), (D(20), D(2)), (None, D(1))), free=D(5))
    assert [prices.cost(D(amount)) for amount in (0, 10, 11, 20, 25)] == [0, 30, 32, 50, 55]
    assert [prices.cost(D(amount), free_tier=True) for amount in (0, 5, 6, 11)] == [0, 0, 3, 17]


def test_what_was_not_used_has_no_line() -> None:
    assert bill(Usage()) == ()
    assert total(()) == 0


def test_amounts_are_exact() -> None:
    """A thousand small costs are a thousand times one, and no cent appears or vanishes by rounding."""
    one = invocation_cost(1, 128)
    assert one == D("0.0000002") + D("0.000125") * D("0.0000166667")
    assert sum([one] * 1000, D(0)) == 1000 * one
    assert total(bill(usage(1000, 1, 128))) == 1000 * one


def test_a_server_costs_the_same_whatever_comes() -> None:
    assert cents(SERVERS["fargate"].monthly) == D("31.28")
    assert cents(SERVERS["fargate-2"].monthly) == D("40.29")
    assert SERVERS["t3.micro"].hourly == D("0.0154")
    assert cents(SERVERS["t3.small"].monthly) == D("37.45")


@pytest.mark.parametrize(
    ("kind", "server", "per_second", "millions"),
    [
        ("http", "fargate", "5.8", "15.3"),
        ("rest", "fargate", "2.6", "6.9"),
        ("http", "fargate-2", "7.5", "19.7"),
        ("rest", "fargate-2", "3.4", "8.9"),
    ],
)
def test_where_both_ways_cost_the_same(kind: str, server: str, per_second: str, millions: str) -> None:
    """100 ms at 512 MB, one start in a hundred cold with 80 ms of init."""
    per_request = request_cost(kind) + D("0.2") / MILLION + gb_seconds(1008, 512) / 10 * D("0.0000166667")
    rate = break_even(per_request, SERVERS[server])
    assert rate is not None
    assert rate.quantize(D("0.1")) == D(per_second)
    assert (rate * 3600 * 730 / MILLION).quantize(D("0.1")) == D(millions)


def test_what_costs_nothing_never_costs_as_much() -> None:
    assert break_even(D(0), SERVERS["fargate"]) is None
