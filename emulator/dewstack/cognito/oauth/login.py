"""/login: a password, whatever else the pool wants to see, and back to the client."""

import asyncio

from msgspec.structs import replace

from dewstack.cognito import errors
from dewstack.cognito.model import User
from dewstack.cognito.oauth.arrival import Arrival, alert_of
from dewstack.cognito.oauth.authorization import Authorization, Authorizations
from dewstack.cognito.oauth.authorize import OWN_USERS
from dewstack.cognito.oauth.browsers import Browsers
from dewstack.cognito.oauth.challenges import Asked
from dewstack.cognito.oauth.confirmation import Confirmation
from dewstack.cognito.oauth.csrf import Csrf
from dewstack.cognito.oauth.exchange import Ask
from dewstack.cognito.oauth.fields import username_field
from dewstack.cognito.oauth.page import Alert, Field, Form, Link, Page, heading
from dewstack.cognito.oauth.recovery import Recovery
from dewstack.cognito.oauth.sealing import Seals
from dewstack.cognito.providers.identity_providers import IdentityProviders
from dewstack.cognito.secrets.sealing import Broken
from dewstack.http import Response


class Login:
    """Answers /login."""

    def __init__(
        self,
        authorizations: Authorizations,
        arrival: Arrival,
        browsers: Browsers,
        csrf: Csrf,
        providers: IdentityProviders,
        confirmation: Confirmation,
        recovery: Recovery,
        seals: Seals,
    ) -> None:
        self._authorizations = authorizations
        self._arrival = arrival
        self._confirmation = confirmation
        self._recovery = recovery
        self._browsers = browsers
        self._csrf = csrf
        self._providers = providers
        self._seals = seals

    async def __call__(self, ask: Ask) -> Response:
        """Show the form, or take what was filled in."""
        authorization = await asyncio.to_thread(self._authorizations.read, ask)
        if ask.method != "POST":
            return await self.show(ask, authorization)
        self._csrf.check(ask)
        if "challenge" in ask.form:
            return await self._answered(ask, authorization)
        if "resume" in ask.form:
            return await self._resumed(ask, authorization)
        return await self._password(ask, authorization)

    async def show(
        self, ask: Ask, authorization: Authorization, alert: Alert | None = None, username: str = ""
    ) -> Response:
        """The form."""
        user = None
        if authorization.parameters.get("prompt") != "login" and ask.method == "GET":
            user = await asyncio.to_thread(self._browsers.user, ask, authorization.pool)
        known = username or authorization.parameters.get("login_hint", "")
        page = await asyncio.to_thread(self._page, authorization, user, known)
        return await self._arrival.show(ask, authorization, replace(page, alert=alert))

    def _page(self, authorization: Authorization, user: User | None, username: str) -> Page:
        pool, client = authorization.pool, authorization.client
        action = authorization.at("/login")
        forms: list[Form] = []
        if user is not None:
            name = user.attributes.get("email") or user.username
            forms.append(Form(action=action, submit=f"Continue as {name}", hidden={"resume": "1"}))
        if OWN_USERS in authorization.providers:
            password = Field(
                name="password", label="Password", type="password", autocomplete="current-password"
            )
            fields = (username_field(pool, username), password)
            forms.append(Form(action=action, submit="Sign in", fields=fields, quiet=user is not None))
        links = []
        if OWN_USERS in authorization.providers:
            links.append(Link(authorization.at("/forgotPassword"), "Forgot your password?"))
            if not pool.admin_create_only:
                links.append(Link(authorization.at("/signup"), "Create an account"))
        names = [name for name in authorization.providers if name != OWN_USERS]
        known = {provider.name for provider in self._providers.of(pool)}
        providers = tuple(
            Link(
                authorization.at("/oauth2/authorize", identity_provider=name, prompt=""),
                f"Continue with {name}",
            )
            for name in names
            if name in known
        )
        return Page(
            title=f"Sign in to {heading(pool, client)}",
            providers=providers,
            forms=tuple(forms),
            links=tuple(links),
        )

    async def _password(self, ask: Ask, authorization: Authorization) -> Response:
        name, password = ask.form.get("username", "").strip(), ask.form.get("password", "")
        if not name or not password:
            missing = Alert("Enter your username and your password." if not name else "Enter your password.")
            return await self.show(ask, authorization, missing, name)
        try:
            return await self._arrival.password(ask, authorization, name, password)
        except errors.UserNotConfirmedException:
            return await self._confirmation.ask_for_code(ask, authorization, name, proved=True)
        except errors.PasswordResetRequiredException as error:
            return await self._recovery.ask_for_name(ask, authorization, name, alert_of(error))
        except errors.CognitoError as error:
            return await self.show(ask, authorization, alert_of(error), name)

    async def _answered(self, ask: Ask, authorization: Authorization) -> Response:
        try:
            asked = await asyncio.to_thread(
                self._seals.open, authorization.pool, ask.form["challenge"], Asked
            )
        except Broken:
            return await self.show(ask, authorization, Alert("This page is too old. Sign in again."))
        try:
            return await self._arrival.answer(ask, authorization, asked)
        except errors.NotAuthorizedException as error:  # the session is over, or the user locked out
            return await self.show(ask, authorization, alert_of(error), asked.username)

    async def _resumed(self, ask: Ask, authorization: Authorization) -> Response:
        user = await asyncio.to_thread(self._browsers.user, ask, authorization.pool)
        if user is None:
            return await self.show(ask, authorization, Alert("You are no longer signed in."))
        return await self._arrival.send_back(authorization, user)
