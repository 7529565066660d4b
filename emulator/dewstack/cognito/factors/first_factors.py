"""What a user may begin a choice-based sign-in with: what the pool allows and they have."""

from dewstack.cognito.factors.factors import Factors
from dewstack.cognito.factors.passkeys import Passkeys
from dewstack.cognito.model import User, UserPool

PASSWORD, EMAIL_OTP, SMS_OTP, WEB_AUTHN = "PASSWORD", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN"
PASSWORD_SRP = "PASSWORD_SRP"
ADDRESSES = {EMAIL_OTP: "email", SMS_OTP: "phone_number"}
"""The attribute that a code by this factor goes to."""


class FirstFactors:
    """Reads pools' SignInPolicy and what users have."""

    def __init__(self, factors: Factors, passkeys: Passkeys) -> None:
        self._factors = factors
        self._passkeys = passkeys

    def configured(self, pool: UserPool, user: User) -> list[str]:
        """ConfiguredUserAuthFactors: which of the pool's factors the user has."""
        allowed = pool.first_factors
        has = {
            PASSWORD: user.password is not None,
            EMAIL_OTP: user.verified("email"),
            SMS_OTP: user.verified("phone_number"),
            WEB_AUTHN: WEB_AUTHN in allowed and bool(self._passkeys.of(pool, user)),
        }
        return [name for name, there in has.items() if there and name in allowed]

    def available(self, pool: UserPool, user: User | None) -> list[str]:
        """AvailableChallenges. Who doesn't exist has all that a new user of the pool could have.

        Where a second factor is to follow, codes are none, and a passkey only where pool and user take it for two.
        """
        if user is None:
            allowed = pool.first_factors
            return _challenges([name for name in (PASSWORD, *ADDRESSES) if name in allowed])
        factors = self.configured(pool, user)
        if user.status != "CONFIRMED":
            factors = [name for name in factors if name == PASSWORD]
        if self._factors.wanted(pool, user) is not None:
            stronger = user.mfa.passkey and self._passkeys.count_for_two(pool)
            factors = [name for name in factors if name == PASSWORD or (name == WEB_AUTHN and stronger)]
        return _challenges(factors)


def is_passwordless(pool: UserPool) -> bool:
    """Whether people may have no password: codes alone are enough in this pool."""
    return any(name in pool.first_factors for name in ADDRESSES)


def proves(pool: UserPool, attribute: str) -> bool:
    """Whether a code that went to this attribute is a first factor in this pool."""
    return any(ADDRESSES[name] == attribute and name in pool.first_factors for name in ADDRESSES)


def _challenges(factors: list[str]) -> list[str]:
    """A password can be sent or proved."""
    return [
        name for factor in factors for name in ([factor, PASSWORD_SRP] if factor == PASSWORD else [factor])
    ]
