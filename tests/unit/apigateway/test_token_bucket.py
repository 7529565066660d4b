"""The token bucket behind a stage's throttling."""

from dewstack.apigateway.throttle import TokenBucket
from dewstack.apigateway.v2.model import RouteSettings, Stage
from dewstack.apigateway.v2.throttling import bucket_for


def test_a_burst_then_the_rate() -> None:
    now = [0.0]
    bucket = TokenBucket(rate=2, burst=3, monotonic=lambda: now[0])
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now[0] = 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    now[0] = 100.0
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_a_rate_of_zero_lets_nothing_through() -> None:
    stage = Stage(
        "$default",
        0,
        0,
        default_route_settings=RouteSettings(throttling_rate_limit=0.0, throttling_burst_limit=0),
    )
    bucket = bucket_for(stage, "GET /")
    assert bucket is not None
    assert not bucket.take()


def test_a_route_has_its_own_settings_or_the_stage_s() -> None:
    default = RouteSettings(throttling_rate_limit=1.0, throttling_burst_limit=1)
    own = RouteSettings(throttling_rate_limit=1.0, throttling_burst_limit=2)
    stage = Stage("$default", 0, 0, default_route_settings=default, route_settings={"GET /a": own})
    for key, allowed in (("GET /a", 2), ("GET /b", 1)):
        bucket = bucket_for(stage, key)
        assert bucket is not None
        assert [bucket.take() for _ in range(3)].count(True) == allowed
    assert bucket_for(Stage("$default", 0, 0), "GET /a") is None
