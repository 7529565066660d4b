"""How an app client proves itself at the token and revocation endpoints: by Basic, by the form, or (public) by name."""

import base64
import binascii
from urllib.parse import unquote_plus

from dewstack.cognito.clients.secret_hash import is_secret
from dewstack.cognito.directory import Directory
from dewstack.cognito.errors import ResourceNotFoundException
from dewstack.cognito.model import UserPool, UserPoolClient
from dewstack.cognito.oauth.exchange import Ask
from dewstack.cognito.oauth.places import Places


class InvalidClient(Exception):
    """No client, or a wrong secret."""


class ClientAuthentication:
    """Finds the client of a request, and checks its secret."""

    def __init__(self, directory: Directory, places: Places) -> None:
        self._directory = directory
        self._places = places

    def client(self, ask: Ask) -> tuple[UserPool, UserPoolClient]:
        """The client that asks. Raises InvalidClient."""
        client_id, secret = self._credentials(ask)
        try:
            pool, client = self._directory.client_anywhere(client_id)
        except (ResourceNotFoundException, ValueError) as error:
            raise InvalidClient from error
        elsewhere = ask.pool is not None and ask.pool.key != pool.key
        if elsewhere or not self._places.has_domain(pool) or not _proves(client, secret):
            raise InvalidClient
        return pool, client

    def _credentials(self, ask: Ask) -> tuple[str, str | None]:
        named, secret = ask.form.get("client_id"), ask.form.get("client_secret")
        scheme, _, encoded = ask.header("authorization").partition(" ")
        if scheme.lower() != "basic":
            if named is None:
                raise InvalidClient
            return named, secret
        try:
            text = base64.b64decode(encoded.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise InvalidClient from error
        client_id, _, password = text.partition(":")
        if named not in (None, client_id):
            raise InvalidClient
        return client_id, password or None


def _proves(client: UserPoolClient, given: str | None) -> bool:
    """Whether `given` is a secret of the client's; a public client has none, and gives none.

    Some clients encode what they put into Basic (RFC 6749, section 2.3.1), others don't: either will do.
    """
    if client.secret is None:
        return given is None
    return given is not None and (is_secret(client, given) or is_secret(client, unquote_plus(given)))
