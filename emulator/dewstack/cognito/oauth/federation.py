"""Signing in with an identity provider."""

from dewstack.cognito.identity_providers import IdentityProvider
from dewstack.cognito.oauth.authorization import Authorization
from dewstack.cognito.oauth.exchange import Ask
from dewstack.errors import NotEmulated
from dewstack.http import Response


class Federation:
    """Sends browsers to identity providers, and takes them back."""

    async def leave(self, ask: Ask, authorization: Authorization, provider: IdentityProvider) -> Response:
        """Send the browser to the provider. Raises NotEmulated."""
        raise NotEmulated(f"Sign-in with {provider.name} ({provider.type}) is not emulated")
