"""Which second factors a pool offers and a user has."""

from dewstack.cognito.directory import Directory
from dewstack.cognito.model import User, UserPool

SMS, TOTP, EMAIL = "SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"
NEEDS = {SMS: "phone_number", EMAIL: "email"}


class Factors:
    """Reads pools' MFA settings and users' preferences."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def mode(self, pool: UserPool) -> str:
        """MfaConfiguration: OFF, OPTIONAL or ON."""
        return str(pool.settings.get("MfaConfiguration") or "OFF")

    def offered(self, pool: UserPool) -> list[str]:
        """The factors that are switched on for the pool."""
        kept = self._directory.mfa_settings.get(*pool.key) or {}
        on = {
            SMS: kept.get("SmsMfaConfiguration") or (not kept and pool.settings.get("SmsConfiguration")),
            TOTP: (kept.get("SoftwareTokenMfaConfiguration") or {}).get("Enabled"),
            EMAIL: kept.get("EmailMfaConfiguration") is not None,
        }
        return [name for name in (SMS, TOTP, EMAIL) if on[name]]

    def wanted(self, pool: UserPool, user: User) -> list[str] | None:
        """The factors a user may be asked for at sign-in: one, several to choose from, or none where one has yet to be
        set up. None: no second factor is wanted."""
        mode = self.mode(pool)
        if mode == "OFF":
            return None
        offered = self.offered(pool)
        usable = [name for name in offered if name in user.mfa.enabled and has(user, name)]
        if user.mfa.preferred in usable:
            return [str(user.mfa.preferred)]
        if usable:
            return usable
        if mode == "OPTIONAL":
            return None
        # Where it is required, whoever can be reached needs no setting up.
        return [name for name in offered if name in NEEDS and has(user, name)]


def has(user: User, name: str) -> bool:
    """Whether the user can answer this factor: has its address, or a verified app."""
    if name == TOTP:
        return user.mfa.totp_secret is not None
    return bool(user.attributes.get(NEEDS[name]))
