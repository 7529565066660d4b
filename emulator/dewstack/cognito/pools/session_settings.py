"""Session tracking's settings. Tracking itself is not emulated: it can be off, as it is by default, and no more."""

from typing import Any

from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.wire import operation

Params = dict[str, Any]

_MOST = 20
_SSO_MINUTES = 60


class SessionSettings:
    """The operations on session configurations."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._most = directory.of_pool("token-sessions", int)

    @operation("GetUserPoolSessionConfiguration")
    def get_user_pool_session_configuration(self, caller: Caller, params: Params) -> Params:
        """That tracking is off, and how many sessions each user could have."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        return _answer(pool.id, self._most.get(*pool.key) or _MOST)

    @operation("SetUserPoolSessionConfiguration")
    def set_user_pool_session_configuration(self, caller: Caller, params: Params) -> Params:
        """Keep the configuration. Raises NotEmulated where sessions were to be tracked."""
        if params["UserSessionTracking"] == "ENABLED":
            raise NotEmulated("UserSessionTracking ENABLED: sessions are not tracked")
        most = params["TokenSession"]["MaxPerUser"]
        with self._directory.transaction():
            pool = self._directory.pool(caller, params["UserPoolId"])
            self._most.put(most, *pool.key)
        return _answer(pool.id, most)

    @operation("GetUserPoolClientSessionConfiguration")
    def get_user_pool_client_session_configuration(self, caller: Caller, params: Params) -> Params:
        """The default: while tracking is off, a client cannot have a configuration of its own."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        client = self._directory.client(pool, params["ClientId"])
        return {
            "UserPoolId": pool.id,
            "ClientId": client.id,
            "SSOSession": {"MaxValidityMinutes": _SSO_MINUTES},
        }

    @operation("SetUserPoolClientSessionConfiguration")
    def set_user_pool_client_session_configuration(self, caller: Caller, params: Params) -> Params:
        """Always raises InvalidParameterException: a pool has to track sessions first."""
        pool = self._directory.pool(caller, params["UserPoolId"])
        self._directory.client(pool, params["ClientId"])
        raise errors.InvalidParameterException("User session tracking must be enabled for the user pool.")


def _answer(pool_id: str, most: int) -> Params:
    return {
        "UserPoolId": pool_id,
        "UserSessionTracking": "DISABLED",
        "TokenSession": {"MaxPerUser": most},
    }
