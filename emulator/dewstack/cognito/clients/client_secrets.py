"""The secrets of an app client: two at most, so that one can be replaced while both are good."""

from typing import Any

from msgspec.structs import replace

from dewstack import ids
from dewstack.clock import Clock
from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import ClientSecret, UserPoolClient
from dewstack.config import Caller
from dewstack.wire import operation

Params = dict[str, Any]

MOST = 2
LENGTH = 51


def new_secret() -> str:
    """A secret as Cognito makes them: 51 lower-case letters and digits."""
    return ids.random_string(LENGTH)


class ClientSecrets:
    """The operations on client secrets."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    @operation("AddUserPoolClientSecret")
    def add_user_pool_client_secret(self, caller: Caller, params: Params) -> Params:
        """Add a second secret; its value is answered only if it was made here.

        Raises LimitExceededException when there are two, InvalidParameterException for a public client.
        """
        own, now = params.get("ClientSecret"), self._clock.time()
        with self._directory.transaction():
            client = self._client(caller, params)
            secrets = client.secrets
            if not secrets:
                raise errors.InvalidParameterException(f"Client {client.id} is not configured with a secret")
            if len(secrets) >= MOST:
                raise errors.LimitExceededException(
                    f"Client {client.id} already has the maximum number of {MOST} secrets."
                )
            if own and any(own == secret.value for secret in secrets):
                raise errors.InvalidParameterException("The client already has this secret.")
            # Two secrets of one millisecond would share their id.
            stamp = max(int(now * 1000), int(secrets[-1].id.rpartition("--")[2]) + 1)
            secret = ClientSecret(id=f"{client.id}--{stamp}", value=own or new_secret(), created=now)
            self._keep(client, [*secrets, secret])
        shown = {} if own else {"ClientSecretValue": secret.value}
        return {"ClientSecretDescriptor": {**_describe(secret), **shown}}

    @operation("ListUserPoolClientSecrets")
    def list_user_pool_client_secrets(self, caller: Caller, params: Params) -> Params:
        """The secrets' ids and dates, oldest first, never their values."""
        return {"ClientSecrets": [_describe(secret) for secret in self._client(caller, params).secrets]}

    @operation("DeleteUserPoolClientSecret")
    def delete_user_pool_client_secret(self, caller: Caller, params: Params) -> Params:
        """Take a secret away, but never the last one. Raises ResourceNotFoundException for an unknown one."""
        with self._directory.transaction():
            client = self._client(caller, params)
            rest = [secret for secret in client.secrets if secret.id != params["ClientSecretId"]]
            if len(rest) == len(client.secrets):
                raise errors.ResourceNotFoundException(
                    f"Client secret {params['ClientSecretId']} does not exist."
                )
            if not rest:
                raise errors.InvalidParameterException("The last secret of a client cannot be deleted.")
            self._keep(client, rest)
        return {}

    def _client(self, caller: Caller, params: Params) -> UserPoolClient:
        return self._directory.client(self._directory.pool(caller, params["UserPoolId"]), params["ClientId"])

    def _keep(self, client: UserPoolClient, secrets: list[ClientSecret]) -> None:
        client = replace(client, secret=secrets[0].value, rotation=secrets, modified=self._clock.time())
        self._directory.clients.put(client, *client.key)


def _describe(secret: ClientSecret) -> Params:
    return {"ClientSecretId": secret.id, "ClientSecretCreateDate": secret.created}
