"""The first factor by Secure Remote Password: USER_SRP_AUTH, answered with PASSWORD_VERIFIER.

The password never travels. AWS answers the first step without a Session; what the second needs is in SECRET_BLOCK.
"""

import asyncio

from dewstack.cognito import errors
from dewstack.cognito.clients import secret_hash
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import User, UserPool
from dewstack.cognito.secrets import srp
from dewstack.cognito.secrets.heavy import HeavyWork
from dewstack.cognito.secrets.secret_blocks import SecretBlocks, SrpChallenge
from dewstack.cognito.signin.steps import Challenge, Next, Passed, SignIn
from dewstack.cognito.triggers import Triggers
from dewstack.cognito.users.lockout import Lockout
from dewstack.cognito.users.naming import FORMATS

NAME = "PASSWORD_VERIFIER"


class SrpFactor:
    """Challenges a user to prove their password, and checks the proof."""

    def __init__(
        self,
        directory: Directory,
        heavy: HeavyWork,
        lockout: Lockout,
        blocks: SecretBlocks,
        triggers: Triggers,
    ) -> None:
        self._directory = directory
        self._heavy = heavy
        self._lockout = lockout
        self._blocks = blocks
        self._triggers = triggers

    async def begin(self, sign_in: SignIn) -> Next:
        """Answer the client's A with the challenge. Who doesn't exist gets one all the same, where that is hidden."""
        name, _ = sign_in.require("USERNAME", "SRP_A")
        secret_hash.check(sign_in.client, name, sign_in.parameters.get("SECRET_HASH"))
        user = await asyncio.to_thread(self._directory.find, sign_in.pool, name)
        if user is None and not sign_in.client.hides_users:
            raise errors.UserNotFoundException()
        await self._triggers.pre_authentication(sign_in.occasion, user, name)
        return await self.challenge(sign_in, user, name)

    async def challenge(
        self, sign_in: SignIn, user: User | None, name: str, *, custom: bool = False
    ) -> Challenge:
        """The PASSWORD_VERIFIER challenge for a user, or for the `name` of nobody; `custom` where it is a step of a
        custom sign-in."""
        return await self._heavy.run(self._challenge, sign_in, user, name, custom)

    def _challenge(self, sign_in: SignIn, user: User | None, name: str, custom: bool) -> Challenge:
        pool = sign_in.pool
        self._lockout.check(pool, user or name)
        if user is not None and user.status == "RESET_REQUIRED" and user.password is None:
            raise errors.PasswordResetRequiredException()
        (client_public,) = sign_in.require("SRP_A")
        srp.read_public(client_public)
        user_id, salt, verifier = self._kept(pool, user, name)
        server = srp.ephemeral(verifier)
        state = SrpChallenge(
            challenge=NAME,
            user_id=user_id,
            sub=user.sub if user else None,
            client_public=client_public,
            private=srp.hexadecimal(server.private),
            public=srp.hexadecimal(server.public),
            expires=self._directory.clock.time() + sign_in.client.session_seconds,
            name=name,
            custom=custom,
        )
        parameters = {
            "SALT": srp.hexadecimal(salt),
            "SECRET_BLOCK": self._blocks.seal(pool, sign_in.client, state),
            "SRP_B": state.public,
            "USERNAME": user_id,
            "USER_ID_FOR_SRP": user_id,
        }
        return Challenge(name=NAME, user=user, parameters=parameters, in_session=False)

    def _kept(self, pool: UserPool, user: User | None, name: str) -> tuple[str, int, int]:
        """USER_ID_FOR_SRP, salt and verifier. Those of a user without a password prove nothing, at the same cost."""
        password = user.password if user else None
        if user is None or password is None:
            user_id, salt, verifier = self._blocks.simulated(pool, name)
            return (user.username if user else user_id), salt, verifier
        return user.username, int(password.srp_salt, 16), int(password.srp_verifier, 16)

    async def called(self, pool: UserPool, user: User | None, name: str) -> str:
        """What challenges call a user, or the `name` of nobody: by another name, where somebody would have one."""
        kinds = (*pool.username_attributes, *pool.alias_attributes)
        if user is not None:
            return user.username
        if pool.username_attributes or any(
            kind in FORMATS and FORMATS[kind].fullmatch(name) for kind in kinds
        ):
            return (await asyncio.to_thread(self._blocks.simulated, pool, name))[0]
        return name

    async def answer(self, sign_in: SignIn, *, custom: bool = False) -> Next:
        """Check the proof, of a step of a custom sign-in or of a sign-in by password: one doesn't do for the other."""
        return await self._heavy.run(self._answer, sign_in, custom)

    def _answer(self, sign_in: SignIn, custom: bool) -> Next:
        pool = sign_in.pool
        name, timestamp, signature, block = sign_in.require(
            "USERNAME", "TIMESTAMP", "PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK"
        )
        secret_hash.check(sign_in.client, name, sign_in.parameters.get("SECRET_HASH"))
        claim = srp.Claim.parse(block, timestamp, signature)
        state = self._blocks.open(pool, sign_in.client, block)
        if state.custom != custom:
            raise errors.NotAuthorizedException("Invalid session for the user.")
        user = self._directory.find(pool, name)
        if state.challenge != NAME or (user.sub if user else None) != state.sub:
            raise errors.NotAuthorizedException(errors.INCORRECT)
        who = user or state.name
        self._lockout.check(pool, who)
        right = self._proves(pool, user, state, claim)
        with self._directory.transaction():
            # Once more: guesses that came at the same time may have locked the user meanwhile.
            self._lockout.check(pool, who)
            if user is not None and right:
                self._blocks.use(pool, block, state.expires)
                return Passed(user=user)
            self._lockout.fail(pool, who)
        raise errors.NotAuthorizedException(errors.INCORRECT)

    def _proves(self, pool: UserPool, user: User | None, state: SrpChallenge, claim: srp.Claim) -> bool:
        _, _, verifier = self._kept(pool, user, state.name)
        identity = srp.Identity.of_user(pool.id, state.user_id)
        client_public = srp.read_public(state.client_public)
        proved = srp.proves(claim, identity, client_public, state.server, verifier)
        return proved and user is not None and user.password is not None
