"""Where a pool's logs are to go. The configuration is kept; no log is delivered."""

from typing import Any

from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import UserPool
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

_DESTINATIONS = {
    "CloudWatchLogsConfiguration": "LogGroupArn",
    "S3Configuration": "BucketArn",
    "FirehoseConfiguration": "StreamArn",
}
_LEVELS = {"userNotification": "ERROR", "userAuthEvents": "INFO"}


class LogDelivery:
    """The operations on log delivery."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._kept = directory.of_pool("log-delivery", list[dict[str, Any]])

    @operation("GetLogDeliveryConfiguration")
    def get_log_delivery_configuration(self, caller: Caller, params: Params) -> Params:
        """What was set, or no configurations."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        return _answer(pool, self._kept.get(*pool.key) or [])

    @operation("SetLogDeliveryConfiguration")
    def set_log_delivery_configuration(self, caller: Caller, params: Params) -> Params:
        """Replace all configurations.

        Raises InvalidParameterException, FeatureUnavailableInTierException.
        """
        configurations = params["LogConfigurations"]
        sources = [configuration["EventSource"] for configuration in configurations]
        if len(set(sources)) < len(sources):
            raise errors.InvalidParameterException(
                "Following event sources appear more then once in a request"
            )
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            for configuration in configurations:
                _check(pool, configuration)
            self._kept.put(configurations, *pool.key)
        return _answer(pool, configurations)


def _check(pool: UserPool, configuration: Params) -> None:
    source = configuration["EventSource"]
    tier = pool.settings.get("UserPoolTier") or "ESSENTIALS"
    if source == "userAuthEvents" and tier != "PLUS":
        raise errors.FeatureUnavailableInTierException(
            f"The following feature is not available for the {tier} pricing tier configured: Log Streaming"
        )
    if configuration["LogLevel"] != _LEVELS[source]:
        raise errors.InvalidParameterException(
            f"The log level of the event source {source} must be {_LEVELS[source]}."
        )
    places = [member for member in _DESTINATIONS if configuration.get(member)]
    if len(places) != 1:
        raise errors.InvalidParameterException("A log configuration needs exactly one destination.")
    if source == "userNotification" and places != ["CloudWatchLogsConfiguration"]:
        raise errors.InvalidParameterException("userNotification logs go to CloudWatch Logs only.")
    arn = configuration[places[0]].get(_DESTINATIONS[places[0]])
    if not arn:
        raise errors.InvalidParameterException(f"{places[0]} needs {_DESTINATIONS[places[0]]}.")
    if arn.split(":")[3] not in ("", pool.region):
        raise errors.InvalidParameterException("ARN does not belong to current region")


def _answer(pool: UserPool, configurations: list[Params]) -> Params:
    return {"LogDeliveryConfiguration": {"UserPoolId": pool.id, "LogConfigurations": configurations}}
