"""Threat protection's settings, for a pool or one of its clients. They are kept; nobody's risk is assessed here."""

from typing import Any

from msgspec import Struct, field

from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import Settings, UserPool
from dewstack.cognito.pools.pool_rules import check_source
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

_ALL = "ALL"
_MEMBERS = (
    "CompromisedCredentialsRiskConfiguration",
    "AccountTakeoverRiskConfiguration",
    "RiskExceptionConfiguration",
)


class RiskConfiguration(Struct, frozen=True, kw_only=True):
    """The settings in AWS's shape. `modified` is in seconds since the epoch."""

    settings: Settings = field(default_factory=dict)
    modified: float


class RiskConfigurations:
    """The operations on risk configurations."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._kept = directory.of_client("risk-configurations", RiskConfiguration)

    @operation("DescribeRiskConfiguration")
    def describe_risk_configuration(self, caller: Caller, params: Params) -> Params:
        """What was set for the client, or without one for the pool."""
        pool, client_id = self._place(caller, params)
        return {"RiskConfiguration": _describe(pool, client_id, self._kept.get(*pool.key, client_id))}

    @operation("SetRiskConfiguration")
    def set_risk_configuration(self, caller: Caller, params: Params) -> Params:
        """Replace the configuration; what is not given is not set any more.

        Raises UserPoolAddOnNotEnabledException where the pool's AdvancedSecurityMode is off.
        """
        settings = {member: params[member] for member in _MEMBERS if params.get(member)}
        _check(settings)
        with self._directory.transaction():
            pool, client_id = self._place(caller, params)
            mode = (pool.settings.get("UserPoolAddOns") or {}).get("AdvancedSecurityMode") or "OFF"
            if settings and mode == "OFF":
                raise errors.UserPoolAddOnNotEnabledException(
                    f"Advanced security is not enabled for user pool {pool.id}."
                )
            configuration = RiskConfiguration(settings=settings, modified=self._clock.time())
            self._kept.put(configuration, *pool.key, client_id)
        return {"RiskConfiguration": _describe(pool, client_id, configuration)}

    def _place(self, caller: Caller, params: Params) -> tuple[UserPool, str]:
        pool, client_id = self._directory.pool(caller, params["UserPoolId"]), params.get("ClientId")
        return pool, self._directory.client(pool, client_id).id if client_id else _ALL


def _check(settings: Settings) -> None:
    import ipaddress

    exceptions = settings.get("RiskExceptionConfiguration") or {}
    for member in ("BlockedIPRangeList", "SkippedIPRangeList"):
        for text in exceptions.get(member) or []:
            try:
                ipaddress.ip_network(text)
            except ValueError as error:
                raise errors.InvalidParameterException("Incorrect CIDR format") from error
    takeover = settings.get("AccountTakeoverRiskConfiguration") or {}
    notify = takeover.get("NotifyConfiguration")
    if notify:
        check_source(notify["SourceArn"])
    elif any((action or {}).get("Notify") for action in (takeover.get("Actions") or {}).values()):
        raise errors.InvalidParameterException("NotifyConfiguration is required when an action notifies.")


def _describe(pool: UserPool, client_id: str, kept: RiskConfiguration | None) -> Params:
    client = {} if client_id == _ALL else {"ClientId": client_id}
    if kept is None:
        return {"UserPoolId": pool.id, **client}
    return {"UserPoolId": pool.id, **client, **kept.settings, "LastModifiedDate": kept.modified}
