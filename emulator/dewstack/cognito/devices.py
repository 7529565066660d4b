"""Devices that users sign in with, and what a pool's DeviceConfiguration makes of them.

A sign-in that names no device gets a key for a new one. ConfirmDevice keeps the device, with a verifier of a secret
of its own; a remembered one may prove itself by SRP, and spare its user the second factor.
"""

import hashlib
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from dewstack import ids
from dewstack.cognito import errors, srp
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import User, UserPool

UNKNOWN = "Device does not exist."
REMEMBERED, NOT_REMEMBERED = "remembered", "not_remembered"


class Device(Struct, frozen=True, kw_only=True):
    """A confirmed device. Salt and verifier are hexadecimal, times seconds since the epoch."""

    key: str
    name: str | None
    salt: str
    verifier: str
    remembered: bool
    created: float
    modified: float
    authenticated: float


class Devices:
    """The confirmed devices of all users. Methods use the store: call them in a thread."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._devices = directory.of_user("devices", Device)

    def tracked(self, pool: UserPool) -> bool:
        """Whether the pool tracks devices: whether DeviceConfiguration says anything."""
        return bool(pool.settings.get("DeviceConfiguration"))

    def suppresses(self, pool: UserPool) -> bool:
        """ChallengeRequiredOnNewDevice: whether a remembered device stands in for the second factor."""
        return self._setting(pool, "ChallengeRequiredOnNewDevice")

    def prompts(self, pool: UserPool) -> bool:
        """DeviceOnlyRememberedOnUserPrompt: whether a confirmed device waits for UpdateDeviceStatus."""
        return self._setting(pool, "DeviceOnlyRememberedOnUserPrompt")

    def _setting(self, pool: UserPool, name: str) -> bool:
        return bool((pool.settings.get("DeviceConfiguration") or {}).get(name))

    def metadata(self, pool: UserPool) -> dict[str, str]:
        """NewDeviceMetadata for a device that nobody knows yet."""
        return {"DeviceKey": f"{pool.region}_{ids.uuid4()}", "DeviceGroupKey": group_key(pool)}

    def require(self, pool: UserPool, user: User, key: str) -> Device:
        """The user's confirmed device. Raises ResourceNotFoundException."""
        device = self._devices.get(*pool.key, user.sub, key)
        if device is None:
            raise errors.ResourceNotFoundException(UNKNOWN)
        return device

    def named(self, pool: UserPool, user: User, key: str | None) -> Device | None:
        """The device that a sign-in names by its DEVICE_KEY; None where it names none, or the pool doesn't track
        them. Raises ResourceNotFoundException for one that was forgotten: clients then try without."""
        return self.require(pool, user, key) if key and self.tracked(pool) else None

    def confirm(
        self, pool: UserPool, user: User, key: str, name: str | None, verifier: tuple[int, int]
    ) -> Device:
        """Keep a device; `verifier` is its verifier and salt. Raises DeviceKeyExistsException."""
        now = self._directory.clock.time()
        device = Device(
            key=key,
            name=name,
            salt=srp.hexadecimal(verifier[1]),
            verifier=srp.hexadecimal(verifier[0]),
            remembered=not self.prompts(pool),
            created=now,
            modified=now,
            authenticated=now,
        )
        with self._directory.transaction():
            if self._devices.get(*pool.key, user.sub, key) is not None:
                raise errors.DeviceKeyExistsException()
            self._devices.put(device, *pool.key, user.sub, key)
        return device

    def revise(self, pool: UserPool, user: User, key: str, revision: Callable[[Device], Device]) -> None:
        """Change a device as it is in the store. Raises ResourceNotFoundException."""
        with self._directory.transaction():
            self._devices.put(revision(self.require(pool, user, key)), *pool.key, user.sub, key)

    def remember(self, pool: UserPool, user: User, key: str, remembered: bool) -> None:
        """Have a device remembered, or no more. Raises ResourceNotFoundException."""
        now = self._directory.clock.time()
        self.revise(pool, user, key, lambda device: replace(device, remembered=remembered, modified=now))

    def seen(self, pool: UserPool, user: User, key: str) -> None:
        """Note that a device has signed its user in. Raises ResourceNotFoundException."""
        now = self._directory.clock.time()
        self.revise(pool, user, key, lambda device: replace(device, authenticated=now))

    def forget(self, pool: UserPool, user: User, key: str) -> None:
        """Forget a device. Raises ResourceNotFoundException."""
        with self._directory.transaction():
            self.require(pool, user, key)
            self._devices.delete(*pool.key, user.sub, key)

    def some(self, pool: UserPool, user: User, after: str | None, limit: int) -> list[Device]:
        """The user's devices beyond key `after`, at most `limit`, in key order."""
        start = (*pool.key, user.sub, after) if after is not None else None
        return [device for _, device in self._devices.items(*pool.key, user.sub, after=start, limit=limit)]


def group_key(pool: UserPool) -> str:
    """DeviceGroupKey: SRP's realm of the pool's devices. It has to be the same each time, and no secret."""
    return f"-{hashlib.sha256(pool.id.encode()).hexdigest()[:9]}"
