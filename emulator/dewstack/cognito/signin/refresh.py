"""A refresh token for new tokens: REFRESH_TOKEN_AUTH, and GetTokensFromRefreshToken, which may rotate it."""

import asyncio

from dewstack.cognito import errors
from dewstack.cognito.clients import secret_hash
from dewstack.cognito.signin.flows import DISABLED
from dewstack.cognito.signin.steps import Next, Passed, SignIn
from dewstack.cognito.tokens.tokens import Tokens


class Refresh:
    """Goes on with a sign-in by its refresh token."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def begin(self, sign_in: SignIn) -> Next:
        """Verify the refresh token of a client that doesn't rotate."""
        if sign_in.client.rotation_grace is not None:
            raise errors.InvalidParameterException(DISABLED)
        return await asyncio.to_thread(self._begin, sign_in)

    def _begin(self, sign_in: SignIn) -> Next:
        passed = self.verify(sign_in)
        names = [passed.user.username, passed.user.sub]
        secret_hash.check_refresh(sign_in.client, names, sign_in.parameters.get("SECRET_HASH"))
        return passed

    def verify(self, sign_in: SignIn) -> Passed:
        """Whose the refresh token is. Raises NotAuthorizedException or RefreshTokenReuseException."""
        (token,) = sign_in.require("REFRESH_TOKEN")
        device_key = sign_in.parameters.get("DEVICE_KEY")
        family, user = self._tokens.refresh(sign_in.pool, sign_in.client, token, device_key)
        return Passed(user=user, source="TokenGeneration_RefreshTokens", family=family)

    def rotated(self, sign_in: SignIn) -> str | None:
        """The refresh token that takes the place of the one that was used, where the client rotates."""
        grace = sign_in.client.rotation_grace
        if grace is None:
            return None
        return self._tokens.rotate(sign_in.pool, sign_in.client, sign_in.parameters["REFRESH_TOKEN"], grace)
