"""What AWS would charge, to the published prices."""

from decimal import Decimal

from dewstack.billing import invocation_cost, request_cost


def test_a_million_invocations_cost_what_the_price_list_says() -> None:
    """https://aws.amazon.com/lambda/pricing/: 3 million requests of 120 ms at 1,536 MB: 540,000 GB-s, without the free
    tier $9.00 and $0.60."""
    cost = 3_000_000 * invocation_cost(120, 1536)
    assert cost.quantize(Decimal("0.01")) == Decimal("9.60")


def test_arm_is_a_fifth_cheaper() -> None:
    x86, arm = invocation_cost(1000, 1024), invocation_cost(1000, 1024, "arm64")
    assert (x86, arm) == (Decimal("0.0000168667"), Decimal("0.0000135334"))


def test_requests_are_metered_by_their_size() -> None:
    assert 1_000_000 * request_cost("http") == Decimal("1.00")
    assert 1_000_000 * request_cost("rest", 5_000_000) == Decimal("3.50")
    assert request_cost("http", 512 * 1024) == request_cost("http")
    assert request_cost("http", 512 * 1024 + 1) == 2 * request_cost("http")
    assert request_cost("url") == 0
