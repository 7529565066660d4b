"""USER_AUTH: people choose what they sign in with, or the application prefers one for them.

SELECT_CHALLENGE offers what the pool allows and the user has. A choice may be changed while its session is open: a
passkey that isn't at hand leads back to the others. Whoever has just confirmed their sign-up need not prove
anything again: the session of ConfirmSignUp signs them in.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from dewstack.cognito import errors
from dewstack.cognito.clients import secret_hash
from dewstack.cognito.directory import Directory
from dewstack.cognito.factors.first_factors import (
    ADDRESSES,
    EMAIL_OTP,
    PASSWORD,
    PASSWORD_SRP,
    SMS_OTP,
    WEB_AUTHN,
    FirstFactors,
)
from dewstack.cognito.factors.passkey_proofs import Demand, new_count
from dewstack.cognito.factors.passkeys import Passkeys, new_challenge
from dewstack.cognito.mail.messages import MEDIUMS, mask
from dewstack.cognito.model import User
from dewstack.cognito.secrets.heavy import HeavyWork
from dewstack.cognito.signin.one_time_codes import OneTimeCodes
from dewstack.cognito.signin.password import PasswordFactor
from dewstack.cognito.signin.second_factor import MISMATCH
from dewstack.cognito.signin.sessions import CONFIRMED, Sessions
from dewstack.cognito.signin.srp_factor import SrpFactor
from dewstack.cognito.signin.standing import check_standing
from dewstack.cognito.signin.steps import Challenge, Next, Passed, SignIn, Step
from dewstack.cognito.triggers import Triggers
from dewstack.cognito.users.lockout import Lockout
from dewstack.cognito.users.simulation import simulated_address
from dewstack.errors import NotEmulated

SELECT = "SELECT_CHALLENGE"
CHANGEABLE = (SELECT, PASSWORD, PASSWORD_SRP, WEB_AUTHN)
ANSWERS = {EMAIL_OTP: "EMAIL_OTP_CODE", SMS_OTP: "SMS_OTP_CODE"}
DIGITS = 8
KNOWN = (PASSWORD, PASSWORD_SRP, EMAIL_OTP, SMS_OTP, WEB_AUTHN)

Who = tuple[User | None, dict[str, Any]]


class Choice:
    """Offers, and takes the answers of what was chosen."""

    def __init__(
        self,
        directory: Directory,
        heavy: HeavyWork,
        sessions: Sessions,
        lockout: Lockout,
        triggers: Triggers,
        first: FirstFactors,
        passkeys: Passkeys,
        codes: OneTimeCodes,
        password: PasswordFactor,
        srp: SrpFactor,
    ) -> None:
        self._directory = directory
        self._heavy = heavy
        self._sessions = sessions
        self._lockout = lockout
        self._triggers = triggers
        self._first = first
        self._passkeys = passkeys
        self._codes = codes
        self._password = password
        self._srp = srp
        self._asking: dict[str, Callable[[SignIn, User | None, str], Awaitable[Challenge]]] = {
            PASSWORD: self._ask_for_password,
            PASSWORD_SRP: self._ask_for_proof,
            EMAIL_OTP: self._ask_for_email,
            SMS_OTP: self._ask_for_sms,
            WEB_AUTHN: self._ask_for_passkey,
        }

    async def begin(self, sign_in: SignIn) -> Next:
        """Ask for what is preferred, or which it shall be."""
        (name,) = sign_in.require("USERNAME")
        secret_hash.check(sign_in.client, name, sign_in.parameters.get("SECRET_HASH"))
        preferred = _preferred(sign_in)
        user = await asyncio.to_thread(self._directory.find, sign_in.pool, name)
        if preferred == PASSWORD and sign_in.parameters.get(PASSWORD) and self._may_send(sign_in, user):
            return await self._password.begin(sign_in)
        self._check_may_begin(sign_in, user)
        await self._triggers.pre_authentication(sign_in.occasion, user, name)
        if user is not None and sign_in.session:
            return await asyncio.to_thread(self._welcome, sign_in, user)
        available = await asyncio.to_thread(self._first.available, sign_in.pool, user)
        if preferred in available:
            return await self._asking[preferred](sign_in, user, name)
        if not available:
            raise errors.NotAuthorizedException(
                "User has no authentication factor that the user pool allows."
            )
        told = {"USERNAME": await self._srp.called(sign_in.pool, user, name)}
        return Challenge(name=SELECT, user=user, parameters=told, state={"name": name}, available=available)

    def _check_may_begin(self, sign_in: SignIn, user: User | None) -> None:
        """Refuse who isn't there, or isn't in good standing, as far as the client tells."""
        hides = sign_in.client.hides_users
        if user is None and not hides:
            raise errors.UserNotFoundException()
        if user is not None and (user.enabled or not hides):
            check_standing(user, self._directory.clock.time())

    def _may_send(self, sign_in: SignIn, user: User | None) -> bool:
        return PASSWORD in sign_in.pool.first_factors and (user is None or user.password is not None)

    def _welcome(self, sign_in: SignIn, user: User) -> Next:
        """Sign in who has proved their address by confirming their sign-up."""
        with self._directory.transaction():
            holder = self._sessions.holder(sign_in, CONFIRMED).user
            if holder.sub != user.sub:
                raise errors.NotAuthorizedException("Invalid session for the user.")
            self._sessions.use(sign_in, CONFIRMED)
        return Passed(user=holder)

    async def select(self, sign_in: SignIn) -> Next:
        """Take the choice, and what came with it."""
        name, answer = sign_in.require("USERNAME", "ANSWER")
        opened = await asyncio.to_thread(self._sessions.challenge, sign_in, CHANGEABLE)
        user, state = await asyncio.to_thread(self._opened, sign_in, name, opened)
        name = state["name"]
        available = await asyncio.to_thread(self._first.available, sign_in.pool, user)
        if answer not in available:
            raise errors.InvalidParameterException("Invalid challenge selected: choose an available one.")
        if answer == PASSWORD and sign_in.parameters.get(PASSWORD):
            return await self._check_password(sign_in, user, name, opened)
        asked = await self._asking[answer](sign_in, user, name)
        await asyncio.to_thread(self._sessions.use, sign_in, opened)
        return asked

    # passwords

    async def _ask_for_password(self, sign_in: SignIn, user: User | None, name: str) -> Challenge:
        told = {"USERNAME": await self._srp.called(sign_in.pool, user, name)}
        return Challenge(name=PASSWORD, user=user, parameters=told, state={"name": name})

    async def _ask_for_proof(self, sign_in: SignIn, user: User | None, name: str) -> Challenge:
        if sign_in.parameters.get("SRP_A"):
            return await self._srp.challenge(sign_in, user, name)
        told = {"USERNAME": await self._srp.called(sign_in.pool, user, name)}
        return Challenge(name=PASSWORD_SRP, user=user, parameters=told, state={"name": name})

    async def password(self, sign_in: SignIn) -> Next:
        """Check the password that was asked for."""
        name, _ = sign_in.require("USERNAME", "PASSWORD")
        user, state = await asyncio.to_thread(self._opened, sign_in, name, PASSWORD)
        return await self._check_password(sign_in, user, state["name"], PASSWORD)

    async def _check_password(self, sign_in: SignIn, user: User | None, name: str, opened: str) -> Next:
        given = sign_in.parameters[PASSWORD]
        passed = await self._heavy.run(self._password.check, sign_in.pool, user, name, given)
        await asyncio.to_thread(self._sessions.use, sign_in, opened)
        return Passed(user=passed)

    async def password_srp(self, sign_in: SignIn) -> Next:
        """Take the client's A, and ask for the proof."""
        name, _ = sign_in.require("USERNAME", "SRP_A")
        user, state = await asyncio.to_thread(self._opened, sign_in, name, PASSWORD_SRP)
        asked = await self._srp.challenge(sign_in, user, state["name"])
        await asyncio.to_thread(self._sessions.use, sign_in, PASSWORD_SRP)
        return asked

    # codes

    async def _ask_for_email(self, sign_in: SignIn, user: User | None, name: str) -> Challenge:
        return await self._ask_for_code(sign_in, user, name, EMAIL_OTP)

    async def _ask_for_sms(self, sign_in: SignIn, user: User | None, name: str) -> Challenge:
        return await self._ask_for_code(sign_in, user, name, SMS_OTP)

    async def _ask_for_code(self, sign_in: SignIn, user: User | None, name: str, factor: str) -> Challenge:
        attribute = ADDRESSES[factor]
        await asyncio.to_thread(self._lockout.check, sign_in.pool, user or name)
        if user is not None and user.enabled:
            told, kept = await self._codes.send(sign_in, user, attribute, digits=DIGITS)
        else:
            address = simulated_address(sign_in.pool, name, attribute)
            told = {
                "CODE_DELIVERY_DELIVERY_MEDIUM": MEDIUMS[attribute],
                "CODE_DELIVERY_DESTINATION": mask(attribute, user.attributes[attribute] if user else address),
            }
            kept = {}
        told["USERNAME"] = await self._srp.called(sign_in.pool, user, name)
        return Challenge(name=factor, user=user, parameters=told, state={**kept, "name": name, "first": True})

    def email_or(self, second: Step) -> Step:
        """The step of EMAIL_OTP, which is asked first by choice and after a password by `second`."""

        async def step(sign_in: SignIn) -> Next:
            name, _ = sign_in.require("USERNAME", ANSWERS[EMAIL_OTP])
            user, state = await asyncio.to_thread(self._opened, sign_in, name, EMAIL_OTP)
            if not state.get("first"):
                return await second(sign_in)
            return await asyncio.to_thread(self._check_code, sign_in, user, state, EMAIL_OTP)

        return step

    async def sms(self, sign_in: SignIn) -> Next:
        """Check the code of a text message."""
        name, _ = sign_in.require("USERNAME", ANSWERS[SMS_OTP])
        user, state = await asyncio.to_thread(self._opened, sign_in, name, SMS_OTP)
        return await asyncio.to_thread(self._check_code, sign_in, user, state, SMS_OTP)

    def _check_code(self, sign_in: SignIn, user: User | None, state: dict[str, Any], factor: str) -> Next:
        pool, who = sign_in.pool, user or state["name"]
        given = sign_in.parameters[ANSWERS[factor]]
        with self._directory.transaction():
            self._lockout.check(pool, who)
            if user is not None and "digest" in state and self._codes.matches(state, given):
                self._sessions.use(sign_in, factor)
                return Passed(user=user)
            self._lockout.fail(pool, who)
        raise errors.CodeMismatchException(MISMATCH)

    # passkeys

    async def _ask_for_passkey(self, sign_in: SignIn, user: User | None, name: str) -> Challenge:
        if user is None:
            raise errors.NotAuthorizedException(errors.INCORRECT)
        challenge = new_challenge()
        options = await asyncio.to_thread(self._passkeys.request_options, sign_in.pool, user, challenge)
        told = {"USERNAME": user.username, "CREDENTIAL_REQUEST_OPTIONS": json.dumps(options)}
        return Challenge(
            name=WEB_AUTHN, user=user, parameters=told, state={"challenge": challenge, "name": name}
        )

    async def passkey(self, sign_in: SignIn) -> Next:
        """Check what the authenticator signed."""
        name, given = sign_in.require("USERNAME", "CREDENTIAL")
        user, state = await asyncio.to_thread(self._opened, sign_in, name, WEB_AUTHN)
        if user is None:
            raise errors.NotAuthorizedException(errors.INCORRECT)
        return await self._heavy.run(self._check_passkey, sign_in, user, state["challenge"], given)

    def _check_passkey(self, sign_in: SignIn, user: User, challenge: str, given: str) -> Next:
        pool = sign_in.pool
        try:
            credential = msgspec.json.decode(given, type=dict[str, Any])
        except (ValueError, RecursionError) as error:
            raise errors.InvalidParameterException(
                "CREDENTIAL is not a PublicKeyCredential in JSON."
            ) from error
        demand = Demand(challenge, self._passkeys.relying_party(pool), self._passkeys.verifies_users(pool))
        known = {passkey.id: passkey for passkey in self._passkeys.of(pool, user)}
        passkey = known.get(str(credential.get("id")))
        if passkey is None:
            raise errors.NotAuthorizedException("Invalid credential.")
        count = new_count(credential, passkey, demand)
        with self._directory.transaction():
            self._sessions.use(sign_in, WEB_AUTHN)
            if self._passkeys.kept.get(*pool.key, user.sub, passkey.id) != passkey:
                raise errors.NotAuthorizedException("Invalid credential.")  # Deleted or used meanwhile.
            used = msgspec.structs.replace(passkey, sign_count=count)
            self._passkeys.kept.put(used, *pool.key, user.sub, passkey.id)
        return Passed(user=user)

    def _opened(self, sign_in: SignIn, name: str, challenge: str) -> Who:
        """Whose session it is (nobody's, where that is hidden) and what was kept with it."""
        secret_hash.check(sign_in.client, name, sign_in.parameters.get("SECRET_HASH"))
        user, state = self._sessions.found(sign_in, challenge)
        named = self._directory.find(sign_in.pool, name)
        if (named.sub if named else None) != (user.sub if user else None):
            raise errors.NotAuthorizedException("Invalid session for the user.")
        return user, state


def _preferred(sign_in: SignIn) -> str:
    """The challenge that the application would like; empty where it doesn't say."""
    if sign_in.parameters.get("TARGET_ACR_VALUES"):
        raise NotEmulated("TARGET_ACR_VALUES: authentication context classes are not emulated")
    preferred = sign_in.parameters.get("PREFERRED_CHALLENGE") or ""
    if preferred and preferred not in KNOWN:
        raise errors.InvalidParameterException(f"Invalid PREFERRED_CHALLENGE: {preferred}")
    return preferred
