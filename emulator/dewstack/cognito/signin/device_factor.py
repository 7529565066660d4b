"""Remembered devices prove themselves by SRP: DEVICE_SRP_AUTH, answered with DEVICE_PASSWORD_VERIFIER.

Some clients answer DEVICE_SRP_AUTH without its Session, and AWS lets them; so what waits for a device is kept under
its key too.
"""

import asyncio
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dewstack.cognito import errors, secret_hash, srp
from dewstack.cognito.devices import Device, Devices, group_key
from dewstack.cognito.directory import Directory
from dewstack.cognito.heavy import HeavyWork
from dewstack.cognito.lockout import Lockout
from dewstack.cognito.model import User, UserPool
from dewstack.cognito.secret_blocks import SecretBlocks, SrpChallenge
from dewstack.cognito.signin.sessions import Sessions
from dewstack.cognito.signin.steps import Challenge, Next, Passed, SignIn

NAME = "DEVICE_SRP_AUTH"
VERIFIER = "DEVICE_PASSWORD_VERIFIER"
INVALID = "Invalid session for the user."


class Waiting(Struct, frozen=True, kw_only=True):
    """A sign-in that waits for a device. `expires` is in seconds since the epoch."""

    client_id: str
    source: str
    expires: float


class DeviceFactor:
    """Knows the device of a sign-in, or gives it a key for a new one."""

    def __init__(
        self,
        directory: Directory,
        heavy: HeavyWork,
        lockout: Lockout,
        sessions: Sessions,
        blocks: SecretBlocks,
        devices: Devices,
    ) -> None:
        self._directory = directory
        self._heavy = heavy
        self._lockout = lockout
        self._sessions = sessions
        self._blocks = blocks
        self._devices = devices
        self._waiting = directory.of_user("waiting-devices", Waiting)

    async def instead(self, sign_in: SignIn, passed: Passed) -> Next:
        """Ask for the device's proof, where it stands in for the second factor."""
        if not self._devices.suppresses(sign_in.pool):
            return passed
        device = await asyncio.to_thread(self._device, sign_in, passed)
        return await self._asked(sign_in, passed, device) if device and device.remembered else passed

    async def gate(self, sign_in: SignIn, passed: Passed) -> Next:
        """Where devices are tracked, have a known one prove itself, and give a new one its key."""
        if passed.device_key is not None or not self._devices.tracked(sign_in.pool):
            return passed
        device = await asyncio.to_thread(self._device, sign_in, passed)
        if device is None:
            metadata = self._devices.metadata(sign_in.pool)
            return replace(passed, device=metadata, device_key=metadata["DeviceKey"])
        if device.remembered:
            return await self._asked(sign_in, passed, device)
        return replace(passed, device_key=device.key)

    def _device(self, sign_in: SignIn, passed: Passed) -> Device | None:
        return self._devices.named(sign_in.pool, passed.user, sign_in.parameters.get("DEVICE_KEY"))

    async def _asked(self, sign_in: SignIn, passed: Passed, device: Device) -> Challenge:
        waiting = Waiting(
            client_id=sign_in.client.id,
            source=passed.source,
            expires=self._directory.clock.time() + sign_in.client.session_seconds,
        )
        await asyncio.to_thread(
            self._waiting.put, waiting, *self._place(sign_in.pool, passed.user, device.key)
        )
        state = {"source": passed.source, "device": device.key}
        parameters = {"DEVICE_KEY": device.key, "USERNAME": passed.user.username}
        return Challenge(name=NAME, user=passed.user, parameters=parameters, state=state)

    async def begin(self, sign_in: SignIn) -> Next:
        """Answer the device's A with the challenge."""
        return await self._heavy.run(self._begin, sign_in)

    def _begin(self, sign_in: SignIn) -> Next:
        pool = sign_in.pool
        name, key, client_public = sign_in.require("USERNAME", "DEVICE_KEY", "SRP_A")
        srp.read_public(client_public)
        with self._directory.transaction():
            user, source = self._awaited(sign_in, name, key)
            self._lockout.check(pool, user)
            device = self._devices.require(pool, user, key)
            self._waiting.delete(*self._place(pool, user, key))
        server = srp.ephemeral(int(device.verifier, 16))
        state = SrpChallenge(
            challenge=VERIFIER,
            user_id=key,
            sub=user.sub,
            client_public=client_public,
            private=srp.hexadecimal(server.private),
            public=srp.hexadecimal(server.public),
            expires=self._directory.clock.time() + sign_in.client.session_seconds,
            name=name,
            source=source,
        )
        parameters = {
            "DEVICE_KEY": key,
            "SALT": device.salt,
            "SECRET_BLOCK": self._blocks.seal(pool, sign_in.client, state),
            "SRP_B": state.public,
            "USERNAME": user.username,
        }
        return Challenge(name=VERIFIER, user=user, parameters=parameters, in_session=False)

    def _awaited(self, sign_in: SignIn, name: str, key: str) -> tuple[User, str]:
        """Whose device is awaited, and the sign-in's source; the session is used up."""
        if sign_in.session is not None:
            opened = self._sessions.opened(sign_in, NAME)
            self._sessions.use(sign_in, NAME)
            if opened.state["device"] != key:
                raise errors.NotAuthorizedException(INVALID)
            return opened.user, opened.state["source"]
        secret_hash.check(sign_in.client, name, sign_in.parameters.get("SECRET_HASH"))
        user = self._directory.find(sign_in.pool, name)
        waiting = self._waiting.get(*self._place(sign_in.pool, user, key)) if user else None
        now = self._directory.clock.time()
        if (
            user is None
            or waiting is None
            or waiting.client_id != sign_in.client.id
            or now >= waiting.expires
        ):
            raise errors.NotAuthorizedException(INVALID)
        return user, waiting.source

    async def answer(self, sign_in: SignIn) -> Next:
        """Check the device's proof."""
        return await self._heavy.run(self._answer, sign_in)

    def _answer(self, sign_in: SignIn) -> Next:
        pool = sign_in.pool
        name, key, timestamp, signature, block = sign_in.require(
            "USERNAME", "DEVICE_KEY", "TIMESTAMP", "PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK"
        )
        secret_hash.check(sign_in.client, name, sign_in.parameters.get("SECRET_HASH"))
        claim = srp.Claim.parse(block, timestamp, signature)
        state = self._blocks.open(pool, sign_in.client, block)
        user = self._directory.find(pool, name)
        if user is None or state.challenge != VERIFIER or (user.sub, key) != (state.sub, state.user_id):
            raise errors.NotAuthorizedException(errors.INCORRECT)
        self._lockout.check(pool, user)
        device = self._devices.require(pool, user, key)
        identity = srp.Identity(group_key(pool), key)
        client_public = srp.read_public(state.client_public)
        right = srp.proves(claim, identity, client_public, state.server, int(device.verifier, 16))
        with self._directory.transaction():
            # Once more: guesses that came at the same time may have locked the user meanwhile.
            self._lockout.check(pool, user)
            if right and self._devices.require(pool, user, key).remembered:
                self._blocks.use(pool, block, state.expires)
                self._devices.seen(pool, user, key)
                return Passed(user=user, source=state.source, device_key=key)
            self._lockout.fail(pool, user)
        raise errors.NotAuthorizedException(errors.INCORRECT)

    def _place(self, pool: UserPool, user: User, key: str) -> tuple[Any, ...]:
        return (*pool.key, user.sub, key)
