"""Devices that users sign in with: introduced at a sign-in, confirmed with a verifier, remembered or not.

A pool tracks them once its DeviceConfiguration says anything. A sign-in that names no device is given the key of a new
one; ConfirmDevice keeps it, with a verifier of a secret of its own. A remembered one may prove itself by SRP.
"""

import hashlib
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dewstack import ids
from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import User, UserPool
from dewstack.cognito.paging import key_of, token_of
from dewstack.cognito.secrets import srp
from dewstack.cognito.tokens.bearer import Bearer, Bearers
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]
Owner = tuple[UserPool, User]

UNKNOWN = "Device does not exist."
REMEMBERED, NOT_REMEMBERED = "remembered", "not_remembered"
PAGE = 60


class Device(Struct, frozen=True, kw_only=True):
    """A device. Salt and verifier are hexadecimal, times seconds since the epoch."""

    key: str
    group_key: str
    """SRP's realm of the device."""
    created: float
    modified: float
    authenticated: float
    name: str | None = None
    salt: str | None = None
    verifier: str | None = None
    remembered: bool = False


class Devices:
    """The confirmed devices of all users. Methods use the store: call them in a thread."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._devices = directory.of_user("devices", Device)

    def tracked(self, pool: UserPool) -> bool:
        """Whether the pool tracks devices."""
        return bool(pool.settings.get("DeviceConfiguration"))

    def spares_second_factor(self, pool: UserPool) -> bool:
        """ChallengeRequiredOnNewDevice: whether a remembered device stands in for the second factor."""
        return _setting(pool, "ChallengeRequiredOnNewDevice")

    def prompts(self, pool: UserPool) -> bool:
        """DeviceOnlyRememberedOnUserPrompt: whether a confirmed device waits for UpdateDeviceStatus."""
        return _setting(pool, "DeviceOnlyRememberedOnUserPrompt")

    def introduce(self, pool: UserPool, user: User) -> Device:
        """A new device of the user's: nothing is kept before it is confirmed."""
        now = self._clock.time()
        key = f"{pool.region}_{ids.uuid4()}"
        return Device(key=key, group_key=group_key(pool), created=now, modified=now, authenticated=now)

    def get(self, pool: UserPool, user: User, key: str) -> Device | None:
        """The user's confirmed device, or None."""
        return self._devices.get(*pool.key, user.sub, key) if "\0" not in key else None

    def require(self, pool: UserPool, user: User, key: str) -> Device:
        """The user's confirmed device. Raises ResourceNotFoundException."""
        device = self.get(pool, user, key)
        if device is None:
            raise errors.ResourceNotFoundException(UNKNOWN)
        return device

    def put(self, pool: UserPool, user: User, device: Device) -> None:
        """Keep a device, new or changed."""
        self._devices.put(device, *pool.key, user.sub, device.key)

    def forget(self, pool: UserPool, user: User, key: str) -> None:
        """Forget a device, and its refresh tokens with it; access tokens go on until they expire.

        Raises ResourceNotFoundException.
        """
        with self._directory.transaction():
            self.require(pool, user, key)
            self._devices.delete(*pool.key, user.sub, key)
            for family in self._directory.families.scan(*pool.key, user.sub):
                if family.device_key == key:
                    for refresh_hash in (family.refresh_hash, *family.rotated):
                        self._directory.refresh_tokens.delete(*pool.key, refresh_hash)
                    # Who holds an access token of it yet must not introduce the device once more.
                    lone = replace(family, device_key=None)
                    self._directory.families.put(lone, *pool.key, user.sub, family.event_id)

    def some(self, pool: UserPool, user: User, after: str | None, limit: int) -> list[Device]:
        """The user's devices beyond key `after`, at most `limit`, in key order."""
        start = (*pool.key, user.sub, after) if after is not None else None
        return [device for _, device in self._devices.items(*pool.key, user.sub, after=start, limit=limit)]


class DeviceOperations:
    """The operations on devices, by their users and by administrators."""

    def __init__(self, directory: Directory, clock: Clock, bearers: Bearers, devices: Devices) -> None:
        self._directory = directory
        self._clock = clock
        self._bearers = bearers
        self._devices = devices

    @operation("ConfirmDevice")
    def confirm_device(self, caller: Caller, params: Params) -> Params:
        """Keep the device that the bearer's own sign-in introduced."""
        bearer = self._bearers.bearer(params["AccessToken"])
        self._check_tracked(bearer.pool)
        if bearer.family.device_key != params["DeviceKey"]:
            raise errors.InvalidParameterException("Invalid device key given.")
        given = params.get("DeviceSecretVerifierConfig") or {}
        verifier, salt = srp.read_verifier(given.get("PasswordVerifier") or "", given.get("Salt") or "")
        with self._directory.transaction():
            return self._confirm(bearer, params, srp.hexadecimal(verifier), srp.hexadecimal(salt))

    def _confirm(self, bearer: Bearer, params: Params, verifier: str, salt: str) -> Params:
        pool, user, key = bearer.pool, bearer.user, params["DeviceKey"]
        if self._devices.get(pool, user, key) is not None:
            raise errors.DeviceKeyExistsException("Device already exists.")
        asks = self._devices.prompts(pool)
        device = replace(
            self._devices.introduce(pool, user),
            key=key,
            name=params.get("DeviceName"),
            salt=salt,
            verifier=verifier,
            remembered=not asks,
        )
        self._devices.put(pool, user, device)
        return {"UserConfirmationNecessary": asks}

    @operation("UpdateDeviceStatus")
    def update_device_status(self, caller: Caller, params: Params) -> Params:
        """Have one's device remembered, or no more."""
        return self._update(self._own(params), params)

    @operation("AdminUpdateDeviceStatus")
    def admin_update_device_status(self, caller: Caller, params: Params) -> Params:
        """The same by an administrator."""
        return self._update(self._named(caller, params), params)

    def _update(self, owner: Owner, params: Params) -> Params:
        status = params.get("DeviceRememberedStatus")
        with self._directory.transaction():
            device = self._devices.require(*owner, params["DeviceKey"])
            remembered = device.remembered if status is None else status == REMEMBERED
            device = replace(device, remembered=remembered, modified=self._clock.time())
            self._devices.put(*owner, device)
        return {}

    @operation("ForgetDevice")
    def forget_device(self, caller: Caller, params: Params) -> Params:
        """Forget one's device."""
        return self._forget(self._own(params), params)

    @operation("AdminForgetDevice")
    def admin_forget_device(self, caller: Caller, params: Params) -> Params:
        """Forget a user's device."""
        return self._forget(self._named(caller, params), params)

    def _forget(self, owner: Owner, params: Params) -> Params:
        self._devices.forget(*owner, params["DeviceKey"])
        return {}

    @operation("GetDevice")
    def get_device(self, caller: Caller, params: Params) -> Params:
        """One's device."""
        return self._get(self._own(params), params)

    @operation("AdminGetDevice")
    def admin_get_device(self, caller: Caller, params: Params) -> Params:
        """A user's device."""
        return self._get(self._named(caller, params), params)

    def _get(self, owner: Owner, params: Params) -> Params:
        return {"Device": _shape(self._devices.require(*owner, params["DeviceKey"]))}

    @operation("ListDevices")
    def list_devices(self, caller: Caller, params: Params) -> Params:
        """One's devices."""
        return self._list(self._own(params), params)

    @operation("AdminListDevices")
    def admin_list_devices(self, caller: Caller, params: Params) -> Params:
        """A user's devices."""
        return self._list(self._named(caller, params), params)

    def _list(self, owner: Owner, params: Params) -> Params:
        limit = params.get("Limit") or PAGE
        found = self._devices.some(*owner, key_of(params.get("PaginationToken")), limit + 1)
        answer: Params = {"Devices": [_shape(device) for device in found[:limit]]}
        if len(found) > limit:
            answer["PaginationToken"] = token_of(found[limit - 1].key)
        return answer

    def _own(self, params: Params) -> Owner:
        bearer = self._bearers.bearer(params.get("AccessToken") or "")
        self._check_tracked(bearer.pool)
        return bearer.pool, bearer.user

    def _named(self, caller: Caller, params: Params) -> Owner:
        pool = self._directory.pool(caller, params["UserPoolId"])
        self._check_tracked(pool)
        return pool, self._directory.require(pool, params["Username"])

    def _check_tracked(self, pool: UserPool) -> None:
        if not self._devices.tracked(pool):
            raise errors.InvalidUserPoolConfigurationException(
                "Device tracking is not enabled for this user pool: set its DeviceConfiguration."
            )


def group_key(pool: UserPool) -> str:
    """DeviceGroupKey of the pool's devices: the same each time, and no secret."""
    return f"-{hashlib.sha256(pool.id.encode()).hexdigest()[:9]}"


def _setting(pool: UserPool, name: str) -> bool:
    return bool((pool.settings.get("DeviceConfiguration") or {}).get(name))


def _shape(device: Device) -> Params:
    """AWS's DeviceType, without what only AWS knows: the SDK, and the address last seen."""
    attributes = {
        "device_status": "valid",
        **({"device_name": device.name} if device.name else {}),
        "dev:device_remembered_status": REMEMBERED if device.remembered else NOT_REMEMBERED,
    }
    return {
        "DeviceKey": device.key,
        "DeviceAttributes": [{"Name": name, "Value": value} for name, value in attributes.items()],
        "DeviceCreateDate": device.created,
        "DeviceLastModifiedDate": device.modified,
        "DeviceLastAuthenticatedDate": device.authenticated,
    }
