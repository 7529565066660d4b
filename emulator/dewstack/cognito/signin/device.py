"""DEVICE_SRP_AUTH and DEVICE_PASSWORD_VERIFIER: a known device proves itself by the secret it has made."""

import asyncio

from msgspec.structs import replace

from dewstack.cognito import errors, srp
from dewstack.cognito.devices import Devices
from dewstack.cognito.directory import Directory
from dewstack.cognito.heavy import HeavyWork
from dewstack.cognito.lockout import Lockout
from dewstack.cognito.secret_blocks import SecretBlocks, SrpChallenge
from dewstack.cognito.signin.sessions import Sessions
from dewstack.cognito.signin.steps import Challenge, Next, Passed, SignIn

NAME = "DEVICE_SRP_AUTH"
VERIFIER = "DEVICE_PASSWORD_VERIFIER"


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

    async def check(self, sign_in: SignIn) -> None:
        """Refuse a device that isn't known before anything is used up: clients then forget it and ask once more.

        Raises ResourceNotFoundException.
        """
        if sign_in.parameters.get("DEVICE_KEY") and sign_in.parameters.get("USERNAME"):
            await asyncio.to_thread(self._check, sign_in)

    def _check(self, sign_in: SignIn) -> None:
        pool, (name, key) = sign_in.pool, sign_in.require("USERNAME", "DEVICE_KEY")
        user = self._directory.find(pool, name)
        if user is not None and self._devices.tracked(pool):
            self._devices.require(pool, user, key)

    async def gate(self, sign_in: SignIn, passed: Passed) -> Next:
        """Ask the device that the client names, if it is remembered."""
        key = sign_in.parameters.get("DEVICE_KEY")
        if not key or not self._devices.tracked(sign_in.pool):
            return passed
        device = await asyncio.to_thread(self._devices.get, sign_in.pool, passed.user, key)
        if device is None or not device.remembered:
            return passed
        told = {"USERNAME": passed.user.username, "DEVICE_KEY": key}
        return Challenge(name=NAME, user=passed.user, parameters=told, state={"device_key": key})

    async def challenge(self, sign_in: SignIn) -> Next:
        """Answer the device's A with its challenge."""
        return await self._heavy.run(self._challenge, sign_in)

    def _challenge(self, sign_in: SignIn) -> Next:
        key, client_public = sign_in.require("DEVICE_KEY", "SRP_A")
        pool, opened = sign_in.pool, self._sessions.opened(sign_in, NAME)
        if opened.state["device_key"] != key:
            raise errors.NotAuthorizedException("Invalid session for the user.")
        device = self._devices.require(pool, opened.user, key)
        srp.read_public(client_public)
        server = srp.ephemeral(int(device.verifier or "0", 16))
        self._sessions.use(sign_in, NAME)
        state = SrpChallenge(
            challenge=VERIFIER,
            user_id=key,
            sub=opened.user.sub,
            name=opened.user.username,
            client_public=client_public,
            private=srp.hexadecimal(server.private),
            public=srp.hexadecimal(server.public),
            expires=self._directory.clock.time() + sign_in.client.session_seconds,
        )
        told = {
            "SALT": device.salt or "",
            "SECRET_BLOCK": self._blocks.seal(pool, sign_in.client, state),
            "SRP_B": state.public,
            "USERNAME": opened.user.username,
            "DEVICE_KEY": key,
        }
        return Challenge(name=VERIFIER, user=opened.user, parameters=told, in_session=False)

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
                self._lockout.clear(pool, user)
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
        device = await asyncio.to_thread(self._devices.introduce, sign_in.pool, passed.user)
        told = {"DeviceKey": device.key, "DeviceGroupKey": device.group_key}
        return replace(passed, device=told, device_key=device.key)
