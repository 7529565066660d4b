"""The second factor: an authenticator app, a text message or an e-mail, chosen or set up where need be.

A wrong code leaves the session open, as on AWS, and counts towards the same lockout as a wrong password. Only a sign-in
that is complete ends it: a right password must not earn new guesses at the code.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec.structs import replace

from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.factors.devices import Devices
from dewstack.cognito.factors.factors import EMAIL, SMS, TOTP, Factors
from dewstack.cognito.model import User
from dewstack.cognito.schema import EMAIL as EMAIL_FORMAT
from dewstack.cognito.signin import totp
from dewstack.cognito.signin.one_time_codes import OneTimeCodes
from dewstack.cognito.signin.sessions import Opened, Sessions
from dewstack.cognito.signin.steps import Challenge, Next, Passed, SignIn
from dewstack.cognito.users.lockout import Lockout
from dewstack.cognito.users.verification import Verification

SELECT = "SELECT_MFA_TYPE"
SET_UP = "MFA_SETUP"
ATTRIBUTES = {SMS: "phone_number", EMAIL: "email"}
ANSWERS = {SMS: "SMS_MFA_CODE", EMAIL: "EMAIL_OTP_CODE"}
MISMATCH = "Invalid code or auth state for the user."

State = dict[str, Any]


class SecondFactor:
    """Asks for the factor that a user has, lets them choose among several, or has them set one up."""

    def __init__(
        self,
        directory: Directory,
        sessions: Sessions,
        lockout: Lockout,
        factors: Factors,
        codes: OneTimeCodes,
        devices: Devices,
        verification: Verification,
    ) -> None:
        self._verification = verification
        self._devices = devices
        self._directory = directory
        self._sessions = sessions
        self._lockout = lockout
        self._factors = factors
        self._codes = codes
        self._asking: dict[str, Callable[[SignIn, User, State], Awaitable[Challenge]]] = {
            SMS: self._ask_for_code,
            EMAIL: self._ask_for_code,
            TOTP: self._ask_for_app,
        }

    async def gate(self, sign_in: SignIn, passed: Passed) -> Next:
        """Ask, where the pool or the user wants a second factor and no remembered device has proved itself."""
        pool, user = sign_in.pool, passed.user
        if passed.device_key is not None and self._devices.spares_second_factor(pool):
            return passed
        wanted = await asyncio.to_thread(self._factors.wanted, pool, user)
        if wanted is None:
            return passed
        state = {"source": passed.source, "device_key": passed.device_key}
        if len(wanted) == 1:
            return await self._ask(sign_in, user, wanted[0], state)
        if wanted:
            can = {"MFAS_CAN_CHOOSE": json.dumps(wanted, separators=(",", ":"))}
            return Challenge(name=SELECT, user=user, parameters=can, state={**state, "choices": wanted})
        offered = await asyncio.to_thread(self._factors.offered, pool)
        can = {
            "MFAS_CAN_SETUP": json.dumps(offered, separators=(",", ":")),
            "USER_ID_FOR_SRP": user.username,
        }
        return Challenge(name=SET_UP, user=user, parameters=can, state=state)

    async def _ask(self, sign_in: SignIn, user: User, name: str, state: State) -> Challenge:
        return await self._asking[name](sign_in, user, {**state, "factor": name})

    async def _ask_for_code(self, sign_in: SignIn, user: User, state: State) -> Challenge:
        name = state["factor"]
        told, kept = await self._codes.send(sign_in, user, ATTRIBUTES[name])
        told["USER_ID_FOR_SRP"] = user.username
        return Challenge(name=name, user=user, parameters=told, state={**state, **kept})

    async def _ask_for_app(self, sign_in: SignIn, user: User, state: State) -> Challenge:
        told = {"USER_ID_FOR_SRP": user.username}
        if user.mfa.totp_name:
            told["FRIENDLY_DEVICE_NAME"] = user.mfa.totp_name
        return Challenge(name=TOTP, user=user, parameters=told, state=state)

    async def select(self, sign_in: SignIn) -> Next:
        """Take the choice of a factor."""
        (answer,) = sign_in.require("ANSWER")
        opened = await asyncio.to_thread(self._opened, sign_in, SELECT)
        if answer not in opened.state["choices"]:
            raise errors.InvalidParameterException("Invalid answer: choose one of MFAS_CAN_CHOOSE.")
        await asyncio.to_thread(self._sessions.use, sign_in, SELECT)
        return await self._ask(sign_in, opened.user, answer, _origin(opened))

    async def sms(self, sign_in: SignIn) -> Next:
        """Check the code of a text message."""
        return await asyncio.to_thread(self._check_code, sign_in, SMS)

    async def email(self, sign_in: SignIn) -> Next:
        """Check the code of an e-mail."""
        return await asyncio.to_thread(self._check_code, sign_in, EMAIL)

    async def app(self, sign_in: SignIn) -> Next:
        """Check the code of an authenticator app."""
        return await asyncio.to_thread(self._check_app, sign_in)

    def _check_code(self, sign_in: SignIn, name: str) -> Next:
        (given,) = sign_in.require(ANSWERS[name])
        with self._directory.transaction():
            opened = self._opened(sign_in, name)
            if self._codes.matches(opened.state, given):
                self._sessions.use(sign_in, name)
                user = opened.user
                if set_up := opened.state.get("set_up"):
                    user = self._directory.revise(sign_in.pool, user, lambda now: _with_email(now, set_up))
                    self._verification.claim_aliases(sign_in.pool, user)
                return _passed(user, opened)
            self._lockout.fail(sign_in.pool, opened.user)
        raise errors.CodeMismatchException(MISMATCH)

    def _check_app(self, sign_in: SignIn) -> Next:
        (given,) = sign_in.require("SOFTWARE_TOKEN_MFA_CODE")
        pool = sign_in.pool
        with self._directory.transaction():
            opened = self._opened(sign_in, TOTP)
            user = self._directory.require(pool, opened.user.username)
            secret = user.mfa.totp_secret
            step = totp.matching_step(secret, given, self._directory.clock.time()) if secret else None
            if step is not None and step > user.mfa.totp_step:
                self._sessions.use(sign_in, TOTP)
                mfa = replace(user.mfa, totp_step=step)
                return _passed(self._directory.change(pool, user, mfa=mfa), opened)
            self._lockout.fail(pool, user)
        if step is not None:
            raise errors.ExpiredCodeException("Your software token has already been used once.")
        raise errors.CodeMismatchException("Invalid code received for user")

    async def set_up(self, sign_in: SignIn) -> Next:
        """Go on once a factor was set up: an app by VerifySoftwareToken, or an address that gets a code now."""
        email = sign_in.parameters.get("EMAIL")
        opened = await asyncio.to_thread(self._opened, sign_in, SET_UP)
        if email:
            return await self._set_up_email(sign_in, opened, email)
        return await asyncio.to_thread(self._set_up_app, sign_in, opened)

    def _set_up_app(self, sign_in: SignIn, opened: Opened) -> Next:
        if not opened.state.get("verified"):
            raise errors.InvalidParameterException("User has not set up software token mfa")
        with self._directory.transaction():
            self._sessions.use(sign_in, SET_UP)
            user = self._directory.revise(
                sign_in.pool, opened.user, lambda now: replace(now, mfa=_with(now, TOTP))
            )
        return _passed(user, opened)

    async def _set_up_email(self, sign_in: SignIn, opened: Opened, email: str) -> Next:
        offered = await asyncio.to_thread(self._factors.offered, sign_in.pool)
        if EMAIL not in offered or not EMAIL_FORMAT.fullmatch(email):
            raise errors.InvalidParameterException("Invalid email address format.")
        await asyncio.to_thread(self._sessions.use, sign_in, SET_UP)
        told, kept = await self._codes.send_to(sign_in, opened.user, "email", email)
        state = {**_origin(opened), "factor": EMAIL, "set_up": email, **kept}
        told["USER_ID_FOR_SRP"] = opened.user.username
        return Challenge(name=EMAIL, user=opened.user, parameters=told, state=state)

    def _opened(self, sign_in: SignIn, name: str) -> Opened:
        opened = self._sessions.opened(sign_in, name)
        self._lockout.check(sign_in.pool, opened.user)
        return opened


def _origin(opened: Opened) -> State:
    """What a session says of the factor before it."""
    return {name: opened.state[name] for name in ("source", "device_key")}


def _passed(user: User, opened: Opened) -> Passed:
    return Passed(user=user, **_origin(opened))


def _with(user: User, name: str) -> Any:
    return replace(user.mfa, enabled=sorted({*user.mfa.enabled, name}), preferred=name)


def _with_email(user: User, address: str) -> User:
    proved = {"email": address, "email_verified": "true"}
    return replace(user, attributes={**user.attributes, **proved}, mfa=_with(user, EMAIL))
