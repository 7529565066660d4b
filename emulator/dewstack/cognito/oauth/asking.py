"""What the hosted UI asks of the user pool: its API, in the name of the app client that a page is for."""

import asyncio
import inspect
from collections.abc import Mapping
from typing import Any
from unicodedata import category

from dewstack.cognito import errors
from dewstack.cognito.clients.secret_hash import secret_hash
from dewstack.cognito.model import UserPoolClient
from dewstack.cognito.oauth.authorization import Authorization
from dewstack.cognito.signin.steps import SignIn
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.wire import Handler

Params = dict[str, Any]
LONGEST_NAME = 128


class Api:
    """The operations of the API, called as a client calls them. Raises their errors."""

    def __init__(self, operations: Mapping[str, Handler], caller: Caller) -> None:
        self._operations = operations
        self._caller = caller

    async def __call__(self, operation: str, params: Params) -> Params:
        """The operation's output. Raises NotEmulated for one that isn't offered."""
        handler = self._operations.get(operation)
        if handler is None:
            raise NotEmulated(f"{operation} is not emulated")
        if inspect.iscoroutinefunction(handler):
            answered: Params = await handler(self._caller, params)
        else:
            answered = await asyncio.to_thread(handler, self._caller, params)
        return answered

    async def of_user(self, operation: str, client: UserPoolClient, name: str, **params: Any) -> Params:
        """An operation about the user called `name`. Raises InvalidParameterException for what no user is called."""
        if not 0 < len(name) <= LONGEST_NAME or any(category(char)[0] not in "LMSNP" for char in name):
            raise errors.InvalidParameterException(
                f"A username has letters, marks, symbols, numbers and punctuation, at most {LONGEST_NAME} of them."
            )
        secret = {"SecretHash": secret_hash(client.id, client.secret, name)} if client.secret else {}
        return await self(operation, {"ClientId": client.id, "Username": name, **secret, **params})


def sign_in_of(
    authorization: Authorization, name: str, parameters: Mapping[str, str], session: str | None = None
) -> SignIn:
    """The request of a sign-in, as the table of flows and challenges takes it."""
    client = authorization.client
    secret = {"SECRET_HASH": secret_hash(client.id, client.secret, name)} if client.secret else {}
    return SignIn(
        pool=authorization.pool,
        client=client,
        parameters={"USERNAME": name, **secret, **parameters},
        session=session,
    )
