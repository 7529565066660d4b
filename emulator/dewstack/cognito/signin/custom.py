"""CUSTOM_AUTH: three triggers decide what is asked, ask it, and say whether the answer is right.

DefineAuthChallenge is asked before each step, with all steps so far. With SRP_A among the parameters the password may
be one of the steps (PASSWORD_VERIFIER). Private challenge parameters stay in the session and never leave.
"""

import asyncio
from typing import Any

import msgspec

from dewstack.cognito import errors
from dewstack.cognito.clients import secret_hash
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import User
from dewstack.cognito.signin.sessions import Sessions
from dewstack.cognito.signin.srp_factor import NAME as PASSWORD_VERIFIER
from dewstack.cognito.signin.srp_factor import SrpFactor
from dewstack.cognito.signin.standing import check_standing
from dewstack.cognito.signin.steps import Challenge, Next, Passed, SignIn
from dewstack.cognito.triggers import ChallengeResult, Triggers
from dewstack.errors import NotEmulated

NAME = "CUSTOM_CHALLENGE"
SRP_A = "SRP_A"
NOT_CONFIGURED = "Custom auth lambda trigger is not configured for the user pool."


class CustomAuth:
    """Goes from challenge to challenge as the triggers want."""

    def __init__(self, directory: Directory, sessions: Sessions, srp: SrpFactor, triggers: Triggers) -> None:
        self._directory = directory
        self._sessions = sessions
        self._srp = srp
        self._triggers = triggers

    async def begin(self, sign_in: SignIn) -> Next:
        """Ask for the first challenge. Who doesn't exist is asked too, where that is hidden."""
        (name,) = sign_in.require("USERNAME")
        secret_hash.check(sign_in.client, name, sign_in.parameters.get("SECRET_HASH"))
        user = await asyncio.to_thread(self._directory.find, sign_in.pool, name)
        if user is None and not sign_in.client.hides_users:
            raise errors.UserNotFoundException()
        if user is not None and (user.enabled or not sign_in.client.hides_users):
            check_standing(user, self._directory.clock.time())
        await self._triggers.pre_authentication(sign_in.occasion, user, name)
        by_password = sign_in.parameters.get("CHALLENGE_NAME") == SRP_A
        return await self._go_on(sign_in, user, name, [ChallengeResult(SRP_A, True)] if by_password else [])

    async def answer(self, sign_in: SignIn) -> Next:
        """Have an answer judged. Right or wrong, it is the next challenge's turn, if there is to be one."""
        name, answer = sign_in.require("USERNAME", "ANSWER")
        user, state = await asyncio.to_thread(self._opened, sign_in, name, NAME)
        name = state["name"]
        await asyncio.to_thread(self._sessions.use, sign_in, NAME)
        verdict = await self._triggers.verify_auth_challenge(
            sign_in.occasion, user, name, state["private"], answer
        )
        if verdict is None:
            raise errors.InvalidParameterException(NOT_CONFIGURED)
        right = ChallengeResult(NAME, verdict.answer_correct, state["metadata"])
        return await self._go_on(sign_in, user, name, [*_history(state), right])

    async def answer_password(self, sign_in: SignIn) -> Next:
        """PASSWORD_VERIFIER where it may be one of the steps: it then comes with a session."""
        if sign_in.session is None:
            return await self._srp.answer(sign_in)
        (name,) = sign_in.require("USERNAME")
        user, state = await asyncio.to_thread(self._opened, sign_in, name, PASSWORD_VERIFIER)
        name = state["name"]
        await self._srp.answer(sign_in, custom=True)
        await asyncio.to_thread(self._sessions.use, sign_in, PASSWORD_VERIFIER)
        right = ChallengeResult(PASSWORD_VERIFIER, True)
        return await self._go_on(sign_in, user, name, [*_history(state), right])

    async def _go_on(
        self, sign_in: SignIn, user: User | None, name: str, history: list[ChallengeResult]
    ) -> Next:
        """Do what DefineAuthChallenge wants after `history`."""
        decision = await self._triggers.define_auth_challenge(sign_in.occasion, user, name, history)
        if decision is None:
            raise errors.InvalidParameterException(NOT_CONFIGURED)
        if decision.fail_authentication or (decision.issue_tokens and user is None):
            raise errors.NotAuthorizedException(errors.INCORRECT)
        if decision.issue_tokens and user is not None:
            return Passed(user=user, complete=True)
        state = {"history": msgspec.to_builtins(history), "name": name}
        if decision.challenge_name == NAME:
            return await self._ask(sign_in, user, name, history, state)
        if decision.challenge_name == PASSWORD_VERIFIER and sign_in.parameters.get(SRP_A):
            asked = await self._srp.challenge(sign_in, user, name, custom=True)
            return msgspec.structs.replace(asked, in_session=True, state=state)
        if decision.challenge_name:
            raise NotEmulated(
                f"DefineAuthChallenge's challengeName {decision.challenge_name} is not emulated"
            )
        raise errors.InvalidLambdaResponseException("Unrecognizable lambda output")

    async def _ask(
        self,
        sign_in: SignIn,
        user: User | None,
        name: str,
        history: list[ChallengeResult],
        state: dict[str, Any],
    ) -> Challenge:
        made = await self._triggers.create_auth_challenge(sign_in.occasion, user, name, history)
        if made is None:
            raise errors.InvalidParameterException(NOT_CONFIGURED)
        state |= {"private": made.private_challenge_parameters, "metadata": made.challenge_metadata}
        called = await self._srp.called(sign_in.pool, user, name)
        told = {**made.public_challenge_parameters, "USERNAME": called}
        return Challenge(name=NAME, user=user, parameters=told, state=state)

    def _opened(self, sign_in: SignIn, name: str, challenge: str) -> tuple[User | None, dict[str, Any]]:
        """Whose session it is (nobody's, where that is hidden) and what was kept with it."""
        secret_hash.check(sign_in.client, name, sign_in.parameters.get("SECRET_HASH"))
        user, state = self._sessions.found(sign_in, challenge)
        named = self._directory.find(sign_in.pool, name)
        if (named.sub if named else None) != (user.sub if user else None):
            raise errors.NotAuthorizedException("Invalid session for the user.")
        return user, state


def _history(state: dict[str, Any]) -> list[ChallengeResult]:
    return msgspec.convert(state["history"], list[ChallengeResult])
