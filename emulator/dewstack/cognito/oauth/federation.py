"""Signing in with an OIDC identity provider: the browser leaves with a state of ours, and comes back with a code.

People leave and come back at the bare address, for the provider has to know one callback, and AWS takes no plain http
but at localhost: whoever is at a pool's own domain goes there first.

The state is sealed and belongs to the browser; it carries the app's own request, the nonce and the PKCE verifier,
so nothing is kept here meanwhile.
"""

import asyncio
import base64
import hashlib
import secrets

from msgspec import Struct
from msgspec.structs import replace

from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.oauth.arrival import Arrival
from dewstack.cognito.oauth.authorization import Authorization, Authorizations, BadClient, Refused
from dewstack.cognito.oauth.browsers import Browsers
from dewstack.cognito.oauth.csrf import Csrf
from dewstack.cognito.oauth.exchange import Ask, Parameters, redirect, with_query
from dewstack.cognito.oauth.federated_users import FederatedUsers
from dewstack.cognito.oauth.fetching import FetchError
from dewstack.cognito.oauth.provider import Providers
from dewstack.cognito.oauth.sealing import Seals
from dewstack.cognito.providers.identity_providers import IdentityProvider, IdentityProviders
from dewstack.cognito.secrets.sealing import Broken
from dewstack.config import Config
from dewstack.errors import NotEmulated
from dewstack.http import Response

AWAY_SECONDS = 600.0
CALLBACK = "/oauth2/idpresponse"
PASSED_ON = ("login_hint",)
PROMPTS = frozenset({"login", "select_account", "consent"})


class Departure(Struct, frozen=True, kw_only=True):
    """A browser that is at a provider. Seconds since the epoch."""

    parameters: Parameters
    provider: str
    browser: str
    """The cookie of the browser that left."""
    nonce: str
    verifier: str
    until: float


class Federation:
    """Sends browsers to identity providers, and takes them back."""

    def __init__(
        self,
        config: Config,
        directory: Directory,
        authorizations: Authorizations,
        arrival: Arrival,
        browsers: Browsers,
        csrf: Csrf,
        configured: IdentityProviders,
        providers: Providers,
        seals: Seals,
        users: FederatedUsers,
    ) -> None:
        self._config = config
        self._directory = directory
        self._authorizations = authorizations
        self._arrival = arrival
        self._browsers = browsers
        self._csrf = csrf
        self._configured = configured
        self._providers = providers
        self._seals = seals
        self._users = users
        self._clock = directory.clock

    async def leave(self, ask: Ask, authorization: Authorization, provider: IdentityProvider) -> Response:
        """Send the browser to the provider. Raises NotEmulated for one that isn't OIDC, Refused."""
        if provider.type != "OIDC":
            raise NotEmulated(
                f"Sign-in with {provider.name}, a {provider.type} provider, is not emulated: only OIDC providers are."
            )
        if ask.pool is not None:
            return redirect(
                f"http://localhost:{self._config.aws_port}" + authorization.at("/oauth2/authorize")
            )
        try:
            endpoints = await self._providers.endpoints(ask, provider)
        except FetchError as error:
            raise Refused(authorization.back, "invalid_request", f"{provider.name}: {error}") from error
        browser, cookies = self._csrf.browser(ask)
        departure = Departure(
            parameters=authorization.parameters,
            provider=provider.name,
            browser=browser,
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            until=self._clock.time() + AWAY_SECONDS,
        )
        sealed = await asyncio.to_thread(self._seals.seal, authorization.pool, departure)
        digest = hashlib.sha256(departure.verifier.encode()).digest()
        query = {
            "client_id": provider.details["client_id"],
            "redirect_uri": ask.base_url + CALLBACK,
            "response_type": "code",
            "scope": provider.details["authorize_scopes"],
            "state": f"{authorization.pool.id}.{sealed}",
            "nonce": departure.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        query |= {name: ask.query[name] for name in PASSED_ON if name in ask.query}
        prompt = " ".join(word for word in ask.query.get("prompt", "").split() if word in PROMPTS)
        query |= {"prompt": prompt} if prompt else {}
        return redirect(with_query(endpoints.authorize, query), *cookies)

    async def __call__(self, ask: Ask) -> Response:
        """Answer /oauth2/idpresponse: whom the provider has signed in, goes back to the app. Raises BadClient,
        Refused."""
        departure = await asyncio.to_thread(self._departure, ask)
        inner = replace(ask, query=departure.parameters)
        authorization = await asyncio.to_thread(self._authorizations.read, inner)
        provider = await asyncio.to_thread(self._configured.named, authorization.pool, departure.provider)
        if provider is None or provider.name not in authorization.providers:
            raise BadClient("invalid_request", authorization.client.id, "unknown_provider")
        if "code" not in ask.query:
            told = [ask.query.get("error", "no code"), ask.query.get("error_description", "")]
            words = " ".join(word for word in told if word)
            raise Refused(authorization.back, "invalid_request", f"{provider.name} Error - 400 - {words}")
        form = {
            "grant_type": "authorization_code",
            "code": ask.query["code"],
            "redirect_uri": ask.base_url + CALLBACK,
            "code_verifier": departure.verifier,
        }
        try:
            endpoints = await self._providers.endpoints(ask, provider)
            identity = await self._providers.identity(provider, endpoints, form, departure.nonce)
            user = await self._users.sign_in(authorization, provider, identity)
        except FetchError as error:
            status = f"Error - {error.status} - " if error.status else ""
            description = f"{provider.name} {status}{error}"
            raise Refused(authorization.back, "invalid_request", description) from error
        except errors.CognitoError as error:
            raise Refused(authorization.back, "invalid_request", error.message) from error
        cookie = await asyncio.to_thread(self._browsers.open, authorization.pool, user)
        return await self._arrival.send_back(authorization, user, cookie)

    def _departure(self, ask: Ask) -> Departure:
        pool_id, _, sealed = ask.query.get("state", "").partition(".")
        pool = self._directory.pool_anywhere(pool_id)
        if pool is None:
            raise BadClient("invalid_request", reason="state")
        try:
            departure = self._seals.open(pool, sealed, Departure)
        except Broken as error:
            raise BadClient("invalid_request", reason="state") from error
        own = secrets.compare_digest(departure.browser.encode(), self._csrf.cookie(ask).encode())
        if not own or self._clock.time() >= departure.until:
            raise BadClient("invalid_request", departure.parameters.get("client_id", ""), "state")
        return departure
