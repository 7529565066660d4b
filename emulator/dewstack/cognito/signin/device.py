"""DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER: a known device proves itself by the secret it has made.

Some clients (pycognito) answer DEVICE_SRP_AUTH without its Session, and AWS lets them: a sign-in that waits for a
device is kept under the device's key too.
"""

import asyncio

from msgspec import Struct
from msgspec.structs import replace

from dewstack.cognito import errors
from dewstack.cognito.clients import secret_hash
from dewstack.cognito.directory import Directory
from dewstack.cognito.factors.devices import UNKNOWN, Devices
from dewstack.cognito.model import User
from dewstack.cognito.secrets import srp
from dewstack.cognito.secrets.heavy import HeavyWork
from dewstack.cognito.secrets.secret_blocks import SecretBlocks, SrpChallenge
from dewstack.cognito.signin.sessions import Sessions
from dewstack.cognito.signin.steps import Challenge, Next, Passed, SignIn
from dewstack.cognito.users.lockout import Lockout

NAME = "DEVICE_SRP_AUTH"
VERIFIER = "DEVICE_PASSWORD_VERIFIER"
INVALID = "Invalid session for the user."


class Waiting(Struct, frozen=True, kw_only=True):
    """A sign-in that waits for a device. `expires` is in seconds since the epoch."""

    client_id: str
    expires: float


class DeviceFactor:
    """Asks a known device to prove itself, and introduces new ones."""

    def __init__(
        self,
        directory: Directory,
        heavy: HeavyWork,
        lockout: Lockout,
        blocks: SecretBlocks,
        sessions: Sessions,
        devices: Devices,
    ) -> None:
        self._directory = directory
        self._heavy = heavy
        self._lockout = lockout
        self._blocks = blocks
        self._sessions = sessions
        self._devices = devices
        self._waiting = directory.of_user("waiting-for-devices", Waiting)

    async def check(self, sign_in: SignIn) -> None:
        """Refuse a device that isn't known before anything is used up: clients then forget it and ask once more.

        Raises ResourceNotFoundException.
        """
        if sign_in.parameters.get("DEVICE_KEY") and sign_in.parameters.get("USERNAME"):
            await asyncio.to_thread(self._check, sign_in)

    def _check(self, sign_in: SignIn) -> None:
        pool, (name, key) = sign_in.pool, sign_in.require("USERNAME", "DEVICE_KEY")
        user = self._directory.find(pool, name)
        if not self._devices.tracked(pool) or (user is None and not sign_in.client.hides_users):
            return
        # Somebody who doesn't exist has no device either: the answer must not tell who does.
        if user is None or self._devices.get(pool, user, key) is None:
            raise errors.ResourceNotFoundException(UNKNOWN)

    async def gate(self, sign_in: SignIn, passed: Passed) -> Next:
        """Ask the device that the client names, if it is remembered."""
        key = sign_in.parameters.get("DEVICE_KEY")
        if not key or not self._devices.tracked(sign_in.pool):
            return passed
        device = await asyncio.to_thread(self._devices.get, sign_in.pool, passed.user, key)
        if device is None or not device.remembered:
            return passed
        waiting = Waiting(
            client_id=sign_in.client.id,
            expires=self._directory.clock.time() + sign_in.client.session_seconds,
        )
        place = (*sign_in.pool.key, passed.user.sub, key)
        await asyncio.to_thread(self._waiting.put, waiting, *place)
        told = {"USERNAME": passed.user.username, "DEVICE_KEY": key}
        return Challenge(name=NAME, user=passed.user, parameters=told, state={"device_key": key})

    async def challenge(self, sign_in: SignIn) -> Next:
        """Answer the device's A with its challenge."""
        return await self._heavy.run(self._challenge, sign_in)

    def _challenge(self, sign_in: SignIn) -> Next:
        key, client_public = sign_in.require("DEVICE_KEY", "SRP_A")
        pool = sign_in.pool
        srp.read_public(client_public)
        with self._directory.transaction():
            user = self._awaited(sign_in, key)
            device = self._devices.require(pool, user, key)
            self._waiting.delete(*pool.key, user.sub, key)
        server = srp.ephemeral(int(device.verifier or "0", 16))
        state = SrpChallenge(
            challenge=VERIFIER,
            user_id=key,
            sub=user.sub,
            name=user.username,
            client_public=client_public,
            private=srp.hexadecimal(server.private),
            public=srp.hexadecimal(server.public),
            expires=self._directory.clock.time() + sign_in.client.session_seconds,
        )
        told = {
            "SALT": device.salt or "",
            "SECRET_BLOCK": self._blocks.seal(pool, sign_in.client, state),
            "SRP_B": state.public,
            "USERNAME": user.username,
            "DEVICE_KEY": key,
        }
        return Challenge(name=VERIFIER, user=user, parameters=told, in_session=False)

    def _awaited(self, sign_in: SignIn, key: str) -> User:
        """Whose device is awaited. Uses the session up, if one came along."""
        if sign_in.session is not None:
            opened = self._sessions.opened(sign_in, NAME)
            if opened.state["device_key"] != key:
                raise errors.NotAuthorizedException(INVALID)
            self._sessions.use(sign_in, NAME)
            return opened.user
        (name,) = sign_in.require("USERNAME")
        secret_hash.check(sign_in.client, name, sign_in.parameters.get("SECRET_HASH"))
        user = self._directory.find(sign_in.pool, name)
        waiting = self._waiting.get(*sign_in.pool.key, user.sub, key) if user else None
        expired = waiting is None or self._directory.clock.time() >= waiting.expires
        if user is None or waiting is None or expired or waiting.client_id != sign_in.client.id:
            raise errors.NotAuthorizedException(INVALID)
        return user

    async def answer(self, sign_in: SignIn) -> Next:
        """Check the device's proof."""
        return await self._heavy.run(self._answer, sign_in)

    def _answer(self, sign_in: SignIn) -> Next:
        pool = sign_in.pool
        name, key, block, signature, timestamp = sign_in.require(
            "USERNAME",
            "DEVICE_KEY",
            "PASSWORD_CLAIM_SECRET_BLOCK",
            "PASSWORD_CLAIM_SIGNATURE",
            "TIMESTAMP",
        )
        claim = srp.Claim.parse(block, timestamp, signature)
        state = self._blocks.open(pool, sign_in.client, block)
        user = self._directory.find(pool, name)
        if user is None or (state.challenge, state.user_id, state.sub) != (VERIFIER, key, user.sub):
            raise errors.NotAuthorizedException(errors.INCORRECT)
        self._lockout.check(pool, user)
        device = self._devices.require(pool, user, key)
        right = srp.proves(
            claim,
            srp.Identity(device.group_key, key),
            srp.read_public(state.client_public),
            state.server,
            int(device.verifier or "0", 16),
        )
        with self._directory.transaction():
            if right:
                self._blocks.use(pool, block, state.expires)
                now = self._directory.clock.time()
                self._devices.put(pool, user, replace(device, authenticated=now))
                return Passed(user=user, source="TokenGeneration_AuthenticateDevice", device_key=key)
            self._lockout.fail(pool, user)
        raise errors.NotAuthorizedException(errors.INCORRECT)

    async def introduced(self, sign_in: SignIn, passed: Passed) -> Passed:
        """Who passed, with the new device they came by, where the pool tracks devices and knows none of it."""
        if (
            passed.family is not None
            or passed.device_key is not None
            or not self._devices.tracked(sign_in.pool)
        ):
            return passed
        key = sign_in.parameters.get("DEVICE_KEY")
        known = None
        if key:
            known = await asyncio.to_thread(self._devices.get, sign_in.pool, passed.user, key)
        if known is not None and not known.remembered:
            return replace(passed, device_key=key)  # it has nothing to prove, and it isn't new
        device = await asyncio.to_thread(self._devices.introduce, sign_in.pool, passed.user)
        told = {"DeviceKey": device.key, "DeviceGroupKey": device.group_key}
        return replace(passed, device=told, device_key=device.key)
