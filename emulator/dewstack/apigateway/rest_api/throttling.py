"""Which token bucket a method has by the settings of its stage."""

from dewstack.apigateway.rest_api.model import Stage
from dewstack.apigateway.throttle import ACCOUNT_BURST, ACCOUNT_RATE, TokenBucket

ALL_METHODS = "*/*"


def bucket_for(stage: Stage, path: str, http_method: str) -> TokenBucket | None:
    """The bucket of a method, or None where the stage sets no limit for it.

    Settings are named `pets/{id}/GET`, the slashes perhaps as `~1`; AWS says -1 for no limit.
    """
    resource = path.removeprefix("/")
    names = (
        f"{resource}/{http_method}",
        f"{resource.replace('/', '~1')}/{http_method}",
        f"{resource}/*",
        ALL_METHODS,
    )
    chosen = [stage.method_settings[name] for name in names if name in stage.method_settings]
    rate = next((one.throttling_rate_limit for one in chosen if _set(one.throttling_rate_limit)), None)
    burst = next((one.throttling_burst_limit for one in chosen if _set(one.throttling_burst_limit)), None)
    if rate is None and burst is None:
        return None
    return TokenBucket(ACCOUNT_RATE if rate is None else rate, ACCOUNT_BURST if burst is None else burst)


def _set(limit: float | None) -> bool:
    return limit is not None and limit >= 0
