"""A refresh token for new tokens: REFRESH_TOKEN_AUTH."""

import asyncio

from dewstack.cognito import secret_hash
from dewstack.cognito.signin.steps import Next, Passed, SignIn
from dewstack.cognito.tokens import Tokens


class Refresh:
    """Goes on with a sign-in by its refresh token."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def begin(self, sign_in: SignIn) -> Next:
        """Verify the refresh token."""
        return await asyncio.to_thread(self._begin, sign_in)

    def _begin(self, sign_in: SignIn) -> Next:
        (token,) = sign_in.require("REFRESH_TOKEN")
        family, user = self._tokens.refresh(sign_in.pool, sign_in.client, token)
        given = sign_in.parameters.get("SECRET_HASH")
        secret_hash.check_refresh(sign_in.client, [user.username, user.sub], given)
        return Passed(user=user, source="TokenGeneration_RefreshTokens", family=family)
