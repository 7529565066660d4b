"""Which token bucket a route of an HTTP API has by the settings of its stage."""

from dewstack.apigateway.throttle import ACCOUNT_BURST, ACCOUNT_RATE, TokenBucket
from dewstack.apigateway.v2.model import Stage


def bucket_for(stage: Stage, route_key: str) -> TokenBucket | None:
    """The bucket of a route, or None where the stage sets no limit for it."""
    own, default = stage.route_settings.get(route_key), stage.default_route_settings
    settings = [settings for settings in (own, default) if settings is not None]
    rate = next((s.throttling_rate_limit for s in settings if s.throttling_rate_limit is not None), None)
    burst = next((s.throttling_burst_limit for s in settings if s.throttling_burst_limit is not None), None)
    if rate is None and burst is None:
        return None
    return TokenBucket(ACCOUNT_RATE if rate is None else rate, ACCOUNT_BURST if burst is None else burst)
