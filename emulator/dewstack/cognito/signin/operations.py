"""InitiateAuth, RespondToAuthChallenge and their Admin siblings, and the table that says what follows what.

A step takes a request and gives either the next challenge or a user who passed; gates stand between that user
and the tokens.
"""

import asyncio
from typing import Any

from dewstack.cognito import errors
from dewstack.cognito.clients import secret_hash
from dewstack.cognito.model import User
from dewstack.cognito.parts import Parts
from dewstack.cognito.secrets.secret_blocks import SecretBlocks
from dewstack.cognito.signin.choice import Choice
from dewstack.cognito.signin.custom import CustomAuth
from dewstack.cognito.signin.device import DeviceFactor
from dewstack.cognito.signin.flows import beginning
from dewstack.cognito.signin.new_password import NewPassword
from dewstack.cognito.signin.one_time_codes import OneTimeCodes
from dewstack.cognito.signin.password import PasswordFactor
from dewstack.cognito.signin.refresh import Refresh
from dewstack.cognito.signin.second_factor import SecondFactor
from dewstack.cognito.signin.sessions import Sessions
from dewstack.cognito.signin.srp_factor import SrpFactor
from dewstack.cognito.signin.standing import check_standing
from dewstack.cognito.signin.steps import Challenge, Gate, Next, Passed, Rule, SignIn
from dewstack.cognito.tokens.issuing import Grant
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.wire import operation

Params = dict[str, Any]


class SignIns:
    """The operations by which users sign in."""

    def __init__(self, parts: Parts) -> None:
        self._directory = directory = parts.directory
        self._clock = parts.clock
        self._issuer = parts.issuer
        self._lockout = lockout = parts.lockout
        self._triggers = triggers = parts.triggers
        self.sessions = sessions = Sessions(directory)
        heavy, devices, verification = parts.heavy, parts.devices, parts.verification
        password = PasswordFactor(directory, heavy, lockout, parts.migration, triggers)
        new_password = NewPassword(directory, heavy, sessions, verification)
        blocks = SecretBlocks(directory)
        srp = SrpFactor(directory, heavy, lockout, blocks, triggers)
        custom = CustomAuth(directory, sessions, srp, triggers)
        self._refresh = refresh = Refresh(parts.tokens)
        codes = OneTimeCodes(directory, parts.messenger)
        second = SecondFactor(directory, sessions, lockout, parts.factors, codes, devices, verification)
        choice = Choice(
            directory,
            heavy,
            sessions,
            lockout,
            triggers,
            parts.first_factors,
            parts.passkeys,
            codes,
            password,
            srp,
        )
        self._device = device = DeviceFactor(directory, heavy, lockout, blocks, sessions, devices)
        after_password = (device.gate, second.gate)
        before_tokens = (new_password.gate, *after_password)
        by_password = Rule(password.begin, before_tokens)
        refreshing = Rule(refresh.begin)
        self._flows = {
            "USER_PASSWORD_AUTH": by_password,
            "ADMIN_USER_PASSWORD_AUTH": by_password,
            "ADMIN_NO_SRP_AUTH": by_password,
            "USER_SRP_AUTH": Rule(srp.begin),
            "CUSTOM_AUTH": Rule(custom.begin),
            "USER_AUTH": Rule(choice.begin, before_tokens),
            "REFRESH_TOKEN_AUTH": refreshing,
            "REFRESH_TOKEN": refreshing,
        }
        self._challenges = {
            "PASSWORD_VERIFIER": Rule(custom.answer_password, before_tokens),
            "CUSTOM_CHALLENGE": Rule(custom.answer),
            "NEW_PASSWORD_REQUIRED": Rule(new_password.answer, after_password),
            "DEVICE_SRP_AUTH": Rule(device.challenge),
            "DEVICE_PASSWORD_VERIFIER": Rule(device.answer, (second.gate,)),
            "SMS_MFA": Rule(second.sms),
            "EMAIL_OTP": Rule(choice.email_or(second.email)),
            "SOFTWARE_TOKEN_MFA": Rule(second.app),
            "SELECT_MFA_TYPE": Rule(second.select),
            "MFA_SETUP": Rule(second.set_up),
            "SELECT_CHALLENGE": Rule(choice.select, before_tokens),
            "PASSWORD": Rule(choice.password, before_tokens),
            "PASSWORD_SRP": Rule(choice.password_srp),
            "SMS_OTP": Rule(choice.sms),
            "WEB_AUTHN": Rule(choice.passkey),
        }

    @operation("InitiateAuth")
    async def initiate_auth(self, caller: Caller, params: Params) -> Params:
        """Begin a sign-in, by the client's id alone."""
        return await self._begin(None, params)

    @operation("AdminInitiateAuth")
    async def admin_initiate_auth(self, caller: Caller, params: Params) -> Params:
        """Begin a sign-in on a user's behalf."""
        return await self._begin(caller, params)

    @operation("RespondToAuthChallenge")
    async def respond_to_auth_challenge(self, caller: Caller, params: Params) -> Params:
        """Answer the challenge of a session."""
        return await self._continue(None, params)

    @operation("AdminRespondToAuthChallenge")
    async def admin_respond_to_auth_challenge(self, caller: Caller, params: Params) -> Params:
        """Answer the challenge on a user's behalf."""
        return await self._continue(caller, params)

    @operation("GetTokensFromRefreshToken")
    async def get_tokens_from_refresh_token(self, caller: Caller, params: Params) -> Params:
        """New tokens for a refresh token, and a new refresh token where the client rotates them."""
        given = {"REFRESH_TOKEN": params["RefreshToken"], "DEVICE_KEY": params.get("DeviceKey") or ""}
        sign_in = await asyncio.to_thread(self._sign_in, None, params, given)
        if sign_in.client.secrets and not secret_hash.is_secret(
            sign_in.client, params.get("ClientSecret") or ""
        ):
            raise errors.NotAuthorizedException(f"Unable to verify secret for client {sign_in.client.id}")
        passed = await asyncio.to_thread(self._refresh.verify, sign_in)
        tokens = await self._tokens_of(sign_in, passed)
        # Last, so that a trigger which refuses costs nobody their token.
        rotated = await asyncio.to_thread(self._refresh.rotated, sign_in)
        if rotated is not None:
            tokens["RefreshToken"] = rotated
        return {"AuthenticationResult": tokens}

    async def _begin(self, admin: Caller | None, params: Params) -> Params:
        sign_in = await asyncio.to_thread(self._sign_in, admin, params, params.get("AuthParameters"))
        rule = beginning(self._flows, params["AuthFlow"], sign_in.client, admin=sign_in.admin)
        return await self._answer(sign_in, await self.follow(rule, sign_in))

    async def _continue(self, admin: Caller | None, params: Params) -> Params:
        sign_in = await asyncio.to_thread(self._sign_in, admin, params, params.get("ChallengeResponses"))
        rule = self._challenges.get(params["ChallengeName"])
        if rule is None:
            raise NotEmulated(f"ChallengeName {params['ChallengeName']} is not emulated")
        return await self._answer(sign_in, await self.follow(rule, sign_in))

    def _sign_in(self, admin: Caller | None, params: Params, parameters: dict[str, str] | None) -> SignIn:
        """An administrator names the pool, in their own account; everyone else only the client."""
        if admin is None:
            pool, client = self._directory.client_anywhere(params["ClientId"])
        else:
            pool = self._directory.pool(admin, params["UserPoolId"])
            client = self._directory.client(pool, params["ClientId"])
        begins = "AuthFlow" in params
        return SignIn(
            pool=pool,
            client=client,
            parameters=parameters or {},
            metadata=None if begins else params.get("ClientMetadata"),
            validation=params.get("ClientMetadata") if begins else None,
            session=params.get("Session"),
            admin=admin is not None,
        )

    async def at_hosted_ui(self, sign_in: SignIn, challenge: str | None = None) -> Next:
        """A password, or the answer to `challenge`, from the hosted UI: by the same tables, whatever flows the client
        allows the API. Who passes is signed in; the tokens are the hosted UI's to ask for."""
        rule = self._flows["USER_PASSWORD_AUTH"] if challenge is None else self._challenges.get(challenge)
        if rule is None:
            raise NotEmulated(f"ChallengeName {challenge} is not emulated")
        return await self._told(sign_in, await self.follow(rule, sign_in))

    async def welcome(self, sign_in: SignIn, user: User) -> Next:
        """Sign in somebody who has just confirmed the user that they made with a password of their own."""

        async def known(_: SignIn) -> Next:
            return Passed(user=user)

        rule = Rule(known, self._flows["USER_PASSWORD_AUTH"].gates)
        return await self._told(sign_in, await self.follow(rule, sign_in))

    async def _told(self, sign_in: SignIn, outcome: Next) -> Next:
        """The same outcome; PostAuthentication hears of who passed."""
        if isinstance(outcome, Passed) and outcome.family is None:
            new_device = outcome.device is not None
            await self._triggers.post_authentication(sign_in.occasion, outcome.user, new_device=new_device)
        return outcome

    def ask(self, sign_in: SignIn, challenge: Challenge) -> Params:
        """AWS's answer that asks for more. Writes a session: call it in a thread."""
        output: Params = {
            "ChallengeName": challenge.name,
            "ChallengeParameters": challenge.parameters,
        }
        if challenge.in_session:
            output["Session"] = self.sessions.open(sign_in.pool, sign_in.client, challenge)
        if challenge.available is not None:
            output["AvailableChallenges"] = challenge.available
        return output

    async def follow(self, rule: Rule, sign_in: SignIn) -> Next:
        """Take the step, then go through the gates until one asks for more. Failures are forgotten only once none does:
        half a sign-in must not earn new guesses at the other half."""
        await self._device.check(sign_in)
        outcome = await rule.step(sign_in)
        if isinstance(outcome, Passed) and outcome.family is None:
            check_standing(outcome.user, self._clock.time())
        outcome = await self._through(rule.gates, sign_in, outcome)
        if isinstance(outcome, Passed) and outcome.family is None:
            await asyncio.to_thread(self._lockout.clear, sign_in.pool, outcome.user)
        return outcome

    async def _through(self, gates: tuple[Gate, ...], sign_in: SignIn, outcome: Next) -> Next:
        for gate in gates:
            if isinstance(outcome, Challenge) or outcome.complete:
                break
            outcome = await gate(sign_in, outcome)
        return outcome

    async def _answer(self, sign_in: SignIn, outcome: Next) -> Params:
        """AWS's answer: the next challenge, or the tokens."""
        if isinstance(outcome, Challenge):
            return await asyncio.to_thread(self.ask, sign_in, outcome)
        return {
            "ChallengeParameters": {},
            "AuthenticationResult": await self._tokens_of(sign_in, outcome),
        }

    async def _tokens_of(self, sign_in: SignIn, outcome: Passed) -> Params:
        outcome = await self._device.introduced(sign_in, outcome)
        await self._told(sign_in, outcome)
        grant = Grant(
            pool=sign_in.pool,
            client=sign_in.client,
            user=outcome.user,
            source=outcome.source,
            metadata=sign_in.metadata,
            device_key=outcome.device_key,
        )
        if outcome.family is not None:
            return await self._issuer.renew(grant, outcome.family)
        tokens = await self._issuer.sign_in(grant)
        if outcome.device is not None:
            tokens["NewDeviceMetadata"] = outcome.device
        return tokens
