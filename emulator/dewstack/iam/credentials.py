"""Access keys that are known, and whose they are."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, field

from dewstack.access import Principal
from dewstack.clock import Clock
from dewstack.ids import is_temporary_key_id

DEVELOPER_SECRET = "test"
MAX_SESSIONS = 10_000
"""Sessions of STS that are remembered; of more, those that have ended are forgotten."""


class Credential(Struct, frozen=True):
    """An access key that somebody holds. `expires` in seconds of the domain clock; None is never."""

    access_key_id: str
    secret_access_key: str
    principal: Principal
    session_token: str = ""
    expires: float | None = None
    role_arn: str = ""
    """Whose policies apply, where a role is assumed."""
    function: str = ""
    """The function whose environment holds it."""
    session_policies: tuple[Any, ...] | None = None
    """The statements that narrow the session, if it was begun with policies."""
    tags: Mapping[str, str] = field(default_factory=dict)
    active: bool = True
    issued: float = 0.0


class Credentials:
    """Who holds an access key id. Safe from any thread.

    `user_key` gives the key of an IAM user, if IAM has been used and has made it.
    """

    def __init__(self, clock: Clock, user_key: Callable[[str], Credential | None]) -> None:
        self._clock = clock
        self._user_key = user_key
        self._held: dict[str, Credential] = {}

    def add(self, credential: Credential) -> None:
        """Remember a key until it is dropped, or has long expired."""
        if len(self._held) >= MAX_SESSIONS:
            now = self._clock.time()
            for key, held in list(self._held.items()):
                if held.expires is not None and held.expires < now:
                    self._held.pop(key, None)
        self._held[credential.access_key_id] = credential

    def drop(self, access_key_id: str) -> None:
        """Forget a key."""
        self._held.pop(access_key_id, None)

    def issued(self, access_key_id: str | None) -> Credential | None:
        """The key of an environment or a session; no IAM user's. Cheap."""
        return self._held.get(access_key_id) if access_key_id else None

    def find(self, access_key_id: str | None) -> Credential | None:
        """The key of anybody but the developer."""
        if not access_key_id:
            return None
        return self._held.get(access_key_id) or self._user_key(access_key_id)

    @staticmethod
    def ended(access_key_id: str | None) -> bool:
        """Whether an unknown key is one of a session or environment that has ended, perhaps with a former emulator."""
        return access_key_id is not None and is_temporary_key_id(access_key_id)

    def developer(self, access_key_id: str, account_id: str) -> Credential | None:
        """The developer's own well-known key: `test`, or the number of an account, with the secret `test`."""
        by_account = len(access_key_id) == 12 and access_key_id.isdecimal()
        if access_key_id != DEVELOPER_SECRET and not by_account:
            return None
        account = access_key_id if by_account else account_id
        return Credential(access_key_id, DEVELOPER_SECRET, root_of(account, access_key_id))


def root_of(account_id: str, access_key_id: str) -> Principal:
    """An account's root, who may do everything."""
    return Principal(account_id, f"arn:aws:iam::{account_id}:root", account_id, access_key_id, "developer")
