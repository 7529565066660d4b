"""Second factors of users: what they set up and prefer, and the secrets of authenticator apps."""

import asyncio
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.factors.factors import EMAIL, NEEDS, SMS, TOTP, Factors, has
from dewstack.cognito.factors.first_factors import FirstFactors
from dewstack.cognito.factors.passkeys import Passkeys
from dewstack.cognito.model import Mfa, User, UserPool
from dewstack.cognito.shapes import mfa_shape
from dewstack.cognito.signin import totp
from dewstack.cognito.signin.second_factor import SET_UP
from dewstack.cognito.signin.sessions import Sessions
from dewstack.cognito.signin.steps import Challenge, SignIn
from dewstack.cognito.tokens.bearer import Bearers
from dewstack.cognito.users.lockout import Lockout
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

SETTINGS = {
    "SMSMfaSettings": SMS,
    "SoftwareTokenMfaSettings": TOTP,
    "EmailMfaSettings": EMAIL,
}


class UserMfa:
    """The operations on a user's own factors, by themselves and by administrators."""

    def __init__(
        self,
        directory: Directory,
        clock: Clock,
        bearers: Bearers,
        sessions: Sessions,
        lockout: Lockout,
        factors: Factors,
        first: FirstFactors,
        passkeys: Passkeys,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._bearers = bearers
        self._sessions = sessions
        self._lockout = lockout
        self._factors = factors
        self._first = first
        self._passkeys = passkeys
        self._secrets = directory.of_user("totp-secrets", str)

    # authenticator apps

    @operation("AssociateSoftwareToken")
    def associate_software_token(self, caller: Caller, params: Params) -> Params:
        """A new secret for an app, by access token or by the session of MFA_SETUP; VerifySoftwareToken makes it the
        user's."""
        secret = totp.new_secret()
        if params.get("AccessToken"):
            bearer = self._bearers.bearer(params["AccessToken"])
            self._check_offered(bearer.pool)
            self._secrets.put(secret, *bearer.pool.key, bearer.user.sub)
            return {"SecretCode": secret}
        sign_in = self._sessions.bearer(_session(params))
        self._check_offered(sign_in.pool)
        with self._directory.transaction():
            opened = self._sessions.holder(sign_in, SET_UP)
            self._secrets.put(secret, *sign_in.pool.key, opened.user.sub)
            return {"SecretCode": secret, "Session": self._next(sign_in, opened.user, opened.state)}

    @operation("VerifySoftwareToken")
    def verify_software_token(self, caller: Caller, params: Params) -> Params:
        """Prove that the app has the secret. Raises EnableSoftwareTokenMFAException for a wrong code."""
        code, name = params["UserCode"], params.get("FriendlyDeviceName")
        if params.get("AccessToken"):
            bearer = self._bearers.bearer(params["AccessToken"])
            self._check_offered(bearer.pool)
            self._verify(bearer.pool, bearer.user, code, name)
            return {"Status": "SUCCESS"}
        sign_in = self._sessions.bearer(_session(params))
        opened = self._sessions.holder(sign_in, SET_UP)
        self._verify(sign_in.pool, opened.user, code, name)
        with self._directory.transaction():
            session = self._next(sign_in, opened.user, {**opened.state, "verified": True})
        return {"Status": "SUCCESS", "Session": session}

    def _verify(self, pool: UserPool, user: User, code: str, name: str | None) -> None:
        with self._directory.transaction():
            self._lockout.check(pool, user)
            secret = self._secrets.get(*pool.key, user.sub)
            if secret is None:
                raise errors.SoftwareTokenMFANotFoundException("Software token MFA has not been associated")
            step = totp.matching_step(secret, code, self._clock.time())
            if step is not None:
                self._secrets.delete(*pool.key, user.sub)
                self._directory.revise(
                    pool,
                    user,
                    lambda now: replace(
                        now, mfa=replace(now.mfa, totp_secret=secret, totp_step=step, totp_name=name)
                    ),
                )
                return
            self._lockout.fail(pool, user)
        raise errors.EnableSoftwareTokenMFAException("Code mismatch")

    def _next(self, sign_in: SignIn, user: User, state: Params) -> str:
        """The session that follows the one in use."""
        self._sessions.use(sign_in, SET_UP)
        challenge = Challenge(name=SET_UP, user=user, parameters={}, state=state)
        return self._sessions.open(sign_in.pool, sign_in.client, challenge)

    def _check_offered(self, pool: UserPool) -> None:
        if TOTP not in self._factors.offered(pool):
            raise errors.SoftwareTokenMFANotFoundException(
                "Software Token MFA has not been enabled by the userPool"
            )

    @operation("AdminDeleteSoftwareToken")
    def admin_delete_software_token(self, caller: Caller, params: Params) -> Params:
        """Take a user's app away."""
        pool, user = self._named(caller, params)

        def without(now: Mfa) -> Mfa:
            kept = [name for name in now.enabled if name != TOTP]
            preferred = now.preferred if now.preferred != TOTP else None
            return Mfa(enabled=kept, preferred=preferred, passkey=now.passkey)

        self._revise(pool, user, without)
        return {}

    # preferences

    @operation("SetUserMFAPreference")
    async def set_user_mfa_preference(self, caller: Caller, params: Params) -> Params:
        """Choose one's factors."""
        return await asyncio.to_thread(self._prefer_own, params)

    def _prefer_own(self, params: Params) -> Params:
        bearer = self._bearers.bearer(params["AccessToken"])
        return self._prefer(bearer.pool, bearer.user, params)

    @operation("AdminSetUserMFAPreference")
    def admin_set_user_mfa_preference(self, caller: Caller, params: Params) -> Params:
        """Choose a user's factors."""
        return self._prefer(*self._named(caller, params), params)

    def _prefer(self, pool: UserPool, user: User, params: Params) -> Params:
        asked = {factor: params[member] for member, factor in SETTINGS.items() if params.get(member)}
        if sum(bool(setting.get("PreferredMfa")) for setting in asked.values()) > 1:
            raise errors.InvalidParameterException("Only one MFA method can be the preferred MFA method.")
        for factor, setting in asked.items():
            if setting.get("PreferredMfa") and not setting.get("Enabled"):
                raise errors.InvalidParameterException(
                    f"{factor} cannot be the preferred MFA method without being enabled."
                )
            if setting.get("Enabled") and not has(user, factor):
                raise errors.InvalidParameterException(
                    f"User does not have delivery config set to turn on {factor}"
                )

        passkey = (params.get("WebAuthnMfaSettings") or {}).get("Enabled")
        if passkey and not self._passkeys.count_for_two(pool):
            raise errors.InvalidParameterException(
                "Passkey MFA needs a user pool whose WebAuthnConfiguration has the FactorConfiguration "
                "MULTI_FACTOR_WITH_USER_VERIFICATION."
            )

        def preferring(now: Mfa) -> Mfa:
            enabled, preferred = set(now.enabled), now.preferred
            for factor, setting in asked.items():
                enabled = enabled | {factor} if setting.get("Enabled") else enabled - {factor}
                if setting.get("PreferredMfa"):
                    preferred = factor
                elif preferred == factor:
                    preferred = None
            own = now.passkey if passkey is None else passkey
            if passkey and not enabled:
                raise errors.InvalidParameterException("Passkey MFA needs another MFA method beside it.")
            return replace(now, enabled=sorted(enabled), preferred=preferred, passkey=own)

        self._revise(pool, user, preferring)
        return {}

    @operation("SetUserSettings")
    def set_user_settings(self, caller: Caller, params: Params) -> Params:
        """The older way to switch text messages on and off."""
        bearer = self._bearers.bearer(params["AccessToken"])
        return self._set_options(bearer.pool, bearer.user, params)

    @operation("AdminSetUserSettings")
    def admin_set_user_settings(self, caller: Caller, params: Params) -> Params:
        """The same by an administrator."""
        return self._set_options(*self._named(caller, params), params)

    def _set_options(self, pool: UserPool, user: User, params: Params) -> Params:
        options = params["MFAOptions"]
        for option in options:
            if (
                option.get("AttributeName", NEEDS[SMS]) != NEEDS[SMS]
                or option.get("DeliveryMedium") == "EMAIL"
            ):
                raise errors.InvalidParameterException("Only SMS to phone_number can be an MFA option.")
        return self._prefer(pool, user, {"SMSMfaSettings": {"Enabled": bool(options)}})

    # what a user has

    @operation("GetUserAuthFactors")
    def get_user_auth_factors(self, caller: Caller, params: Params) -> Params:
        """The ways by which one may sign in."""
        bearer = self._bearers.bearer(params["AccessToken"])
        return self._auth_factors(bearer.pool, bearer.user)

    @operation("AdminGetUserAuthFactors")
    def admin_get_user_auth_factors(self, caller: Caller, params: Params) -> Params:
        """The ways by which a user may sign in."""
        return self._auth_factors(*self._named(caller, params))

    def _auth_factors(self, pool: UserPool, user: User) -> Params:
        shape = mfa_shape(user)
        shape.pop("MFAOptions", None)
        configured = self._first.configured(pool, user)
        return {"Username": user.username, "ConfiguredUserAuthFactors": configured, **shape}

    def _named(self, caller: Caller, params: Params) -> tuple[UserPool, User]:
        pool = self._directory.pool(caller, params["UserPoolId"])
        return pool, self._directory.require(pool, params["Username"])

    def _revise(self, pool: UserPool, user: User, revision: Callable[[Mfa], Mfa]) -> None:
        self._directory.revise(pool, user, lambda now: replace(now, mfa=revision(now.mfa)))


def _session(params: Params) -> str:
    if not params.get("Session"):
        raise errors.InvalidParameterException("Either AccessToken or Session is required.")
    return str(params["Session"])
