"""Which second factors a pool offers and asks for."""

from typing import Any

from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import UserPool
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

CONFIGURATIONS = (
    "SmsMfaConfiguration",
    "SoftwareTokenMfaConfiguration",
    "EmailMfaConfiguration",
    "WebAuthnConfiguration",
)


class PoolMfa:
    """SetUserPoolMfaConfig and its sibling."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    @operation("SetUserPoolMfaConfig")
    def set_user_pool_mfa_config(self, caller: Caller, params: Params) -> Params:
        """Replace what a pool offers and asks for. Raises InvalidParameterException for what can't be delivered."""
        mode = params.get("MfaConfiguration") or "OFF"
        given = {name: params[name] for name in CONFIGURATIONS if params.get(name) is not None}
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            _check_mfa(pool, mode, given)
            settings = {**pool.settings, "MfaConfiguration": mode}
            sms = (given.get("SmsMfaConfiguration") or {}).get("SmsConfiguration")
            if sms:
                settings["SmsConfiguration"] = sms
            pool = replace(pool, settings=settings, modified=self._clock.time())
            self._directory.mfa_settings.put(given, *pool.key)
            self._directory.pools.put(pool, *pool.key)
        return {**given, "MfaConfiguration": mode}

    @operation("GetUserPoolMfaConfig")
    def get_user_pool_mfa_config(self, caller: Caller, params: Params) -> Params:
        """What was set, or what the pool's SMS configuration amounts to."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        kept = self._directory.mfa_settings.get(*pool.key)
        sms = pool.settings.get("SmsConfiguration")
        if kept is None:
            kept = {"SmsMfaConfiguration": {"SmsConfiguration": sms}} if sms else {}
        return {**kept, "MfaConfiguration": pool.settings.get("MfaConfiguration") or "OFF"}


def _check_mfa(pool: UserPool, mode: str, given: Params) -> None:
    sms = given.get("SmsMfaConfiguration")
    if sms is not None and not (sms.get("SmsConfiguration") or pool.settings.get("SmsConfiguration")):
        raise errors.InvalidParameterException(
            "SMS configuration is required when SMS MFA is activated: give SmsConfiguration."
        )
    account = (pool.settings.get("EmailConfiguration") or {}).get("EmailSendingAccount")
    if given.get("EmailMfaConfiguration") is not None and account != "DEVELOPER":
        raise errors.InvalidParameterException(
            "Email MFA requires EmailConfiguration with EmailSendingAccount DEVELOPER."
        )
    token = (given.get("SoftwareTokenMfaConfiguration") or {}).get("Enabled")
    if mode == "ON" and sms is None and not token and given.get("EmailMfaConfiguration") is None:
        raise errors.InvalidParameterException(
            "Invalid MFA configuration given, can't disable all MFAs and require MFA."
        )


def check_deliverable(settings: Params) -> None:
    """Refuse CreateUserPool's MFA where nothing could carry a code: apps and e-mail are added by SetUserPoolMfaConfig,
    which then sets the mode too."""
    if settings.get("MfaConfiguration", "OFF") != "OFF" and not settings.get("SmsConfiguration"):
        raise errors.InvalidParameterException(
            "SMS configuration and Auto verification for phone_number are required when MFA is "
            "required/optional"
        )
