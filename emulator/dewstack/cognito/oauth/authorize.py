"""/oauth2/authorize and /logout: where apps send browsers."""

import asyncio

from dewstack.cognito.errors import CognitoError
from dewstack.cognito.oauth.authorization import Authorization, Authorizations, BadClient, Refused
from dewstack.cognito.oauth.browsers import Browsers
from dewstack.cognito.oauth.exchange import Ask, redirect
from dewstack.cognito.oauth.federation import Federation
from dewstack.cognito.oauth.granting import Grants
from dewstack.cognito.providers.identity_providers import IdentityProvider, IdentityProviders
from dewstack.http import Response

OWN_USERS = "COGNITO"


class Authorize:
    """Answers /oauth2/authorize: sends browsers that have signed in back at once, others to where they can."""

    def __init__(
        self,
        authorizations: Authorizations,
        browsers: Browsers,
        grants: Grants,
        providers: IdentityProviders,
        federation: Federation,
    ) -> None:
        self._authorizations = authorizations
        self._browsers = browsers
        self._grants = grants
        self._providers = providers
        self._federation = federation

    async def __call__(self, ask: Ask) -> Response:
        """Answer one request."""
        authorization = await asyncio.to_thread(self._authorizations.read, ask)
        prompts = ask.query.get("prompt", "").split()
        provider = await asyncio.to_thread(self._provider, authorization)
        user = None
        if "login" not in prompts:
            user = await asyncio.to_thread(self._browsers.user, ask, authorization.pool)
        if user is not None:
            try:
                return redirect(await self._grants.location(authorization, user))
            except CognitoError as error:
                raise Refused(authorization.back, "invalid_request", error.message) from error
        if "none" in prompts:
            raise Refused(authorization.back, "login_required")
        if provider is not None:
            return await self._federation.leave(ask, authorization, provider)
        return redirect(authorization.at("/login"))

    def _provider(self, authorization: Authorization) -> IdentityProvider | None:
        """The provider that was asked for, or the only way in; None for the pool's own users. Raises BadClient."""
        named = authorization.parameters.get("identity_provider")
        identifier = authorization.parameters.get("idp_identifier")
        pool, supported = authorization.pool, authorization.providers
        if named is None and identifier is not None:
            found = self._providers.identified(pool, identifier)
        elif named is not None and named != OWN_USERS:
            found = self._providers.named(pool, named)
        elif named is None and len(supported) == 1 and supported != [OWN_USERS]:
            found = self._providers.named(pool, supported[0])
        else:
            return None
        if found is None or found.name not in supported:
            raise BadClient("invalid_request", authorization.client.id, "unknown_provider")
        return found


class Logout:
    """Answers /logout: forgets the browser, and sends it to an address of the client's or to sign in anew."""

    def __init__(self, authorizations: Authorizations, browsers: Browsers) -> None:
        self._authorizations = authorizations
        self._browsers = browsers

    async def __call__(self, ask: Ask) -> Response:
        """Answer one request."""
        return await asyncio.to_thread(self._answer, ask)

    def _answer(self, ask: Ask) -> Response:
        pool, client = self._authorizations.client(ask, ask.query.get("client_id"))
        logout_uri = ask.query.get("logout_uri")
        if logout_uri is not None:
            if logout_uri not in (client.settings.get("LogoutURLs") or []):
                raise BadClient("redirect_mismatch", client.id, "logout_uri")
            return redirect(logout_uri, self._browsers.close(ask, pool))
        if "redirect_uri" not in ask.query:
            raise BadClient("invalid_request", client.id, "no_logout_uri")
        authorization = self._authorizations.read(ask)
        return redirect(authorization.at("/login"), self._browsers.close(ask, pool))
