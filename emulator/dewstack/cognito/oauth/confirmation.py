"""/confirm and /confirmUser: the code of a sign-up, typed in or followed as a link out of a mail."""

import asyncio

from msgspec import Struct

from dewstack.cognito import errors
from dewstack.cognito.directory import Directory
from dewstack.cognito.model import UserPool
from dewstack.cognito.oauth.arrival import Arrival, alert_of
from dewstack.cognito.oauth.asking import Api
from dewstack.cognito.oauth.authorization import Authorization, Authorizations
from dewstack.cognito.oauth.challenges import code_field
from dewstack.cognito.oauth.csrf import Csrf
from dewstack.cognito.oauth.exchange import Ask
from dewstack.cognito.oauth.fields import blamed, username_field
from dewstack.cognito.oauth.page import Alert, Field, Form, Link, Page, Pages
from dewstack.cognito.oauth.sealing import Seals
from dewstack.cognito.secrets.sealing import Broken
from dewstack.http import Response

NEWCOMER_SECONDS = 3600.0
CONFIRMED = Alert("Your registration has been confirmed. You can sign in now.", "notice")


class Newcomer(Struct, frozen=True, kw_only=True):
    """Somebody who has their user still to confirm; sealed, they go along with the form. Seconds since the epoch."""

    username: str
    proved: bool
    """Whether they have given their password: they are then signed in at once."""
    until: float


class Confirmation:
    """Answers /confirm and /confirmUser."""

    def __init__(
        self,
        directory: Directory,
        authorizations: Authorizations,
        arrival: Arrival,
        api: Api,
        csrf: Csrf,
        pages: Pages,
        seals: Seals,
    ) -> None:
        self._directory = directory
        self._authorizations = authorizations
        self._arrival = arrival
        self._api = api
        self._csrf = csrf
        self._pages = pages
        self._seals = seals

    async def __call__(self, ask: Ask) -> Response:
        """Answer /confirm: show the form, or take the code."""
        authorization = await asyncio.to_thread(self._authorizations.read, ask)
        if ask.method != "POST":
            return await self._show(ask, authorization, None)
        self._csrf.check(ask)
        newcomer = await asyncio.to_thread(self._newcomer, ask, authorization.pool)
        name = newcomer.username if newcomer else ask.form.get("username", "").strip()
        if "resend" in ask.form:
            return await self._resend(ask, authorization, newcomer, name)
        params = {"ConfirmationCode": ask.form.get("code", "").strip()}
        try:
            await self._api.of_user("ConfirmSignUp", authorization.client, name, **params)
        except errors.CognitoError as error:
            return await self._show(ask, authorization, newcomer, error=error, name=name)
        return await self._confirmed(ask, authorization, newcomer)

    async def ask_for_code(
        self, ask: Ask, authorization: Authorization, name: str, *, proved: bool, destination: str = ""
    ) -> Response:
        """The form, for the user called `name`."""
        until = self._directory.clock.time() + NEWCOMER_SECONDS
        newcomer = Newcomer(username=name, proved=proved, until=until)
        return await self._show(ask, authorization, newcomer, destination=destination)

    async def _confirmed(self, ask: Ask, authorization: Authorization, newcomer: Newcomer | None) -> Response:
        user = None
        if newcomer is not None and newcomer.proved:
            user = await asyncio.to_thread(self._directory.find, authorization.pool, newcomer.username)
        if user is not None:
            try:
                return await self._arrival.welcome(ask, authorization, user)
            except errors.CognitoError as error:
                return await self._arrival.show(
                    ask, authorization, self._done(authorization, alert_of(error))
                )
        return await self._arrival.show(ask, authorization, self._done(authorization, CONFIRMED))

    def _done(self, authorization: Authorization, alert: Alert) -> Page:
        return Page(title="Confirmed", alert=alert, links=(Link(authorization.at("/login"), "Sign in"),))

    async def _resend(
        self, ask: Ask, authorization: Authorization, newcomer: Newcomer | None, name: str
    ) -> Response:
        try:
            sent = await self._api.of_user("ResendConfirmationCode", authorization.client, name)
        except errors.CognitoError as error:
            return await self._show(ask, authorization, newcomer, error=error, name=name)
        to = (sent.get("CodeDeliveryDetails") or {}).get("Destination", "")
        return await self._show(ask, authorization, newcomer, destination=to, name=name)

    async def _show(
        self,
        ask: Ask,
        authorization: Authorization,
        newcomer: Newcomer | None,
        *,
        destination: str = "",
        name: str = "",
        error: errors.CognitoError | None = None,
    ) -> Response:
        hidden = {}
        named: tuple[Field, ...] = (username_field(authorization.pool, name),)
        if newcomer is not None:
            hidden = {"newcomer": await asyncio.to_thread(self._seals.seal, authorization.pool, newcomer)}
            named = ()
        fields: tuple[Field, ...] = (*named, code_field("code", "Verification code"))
        fields, alert = blamed(fields, error) if error else (fields, None)
        action = authorization.at("/confirm")
        again = Form(
            action=action,
            submit="Send a new code",
            fields=named,
            hidden={**hidden, "resend": "1"},
            quiet=True,
        )
        lead = (
            f"We have sent a code to {destination}."
            if destination
            else "Enter the code that we have sent you."
        )
        page = Page(
            title="Confirm your account",
            lead=f"{lead} To confirm your account, type it here.",
            alert=alert,
            forms=(
                Form(action=action, submit="Confirm account", fields=fields, hidden=hidden),
                *(() if named else (again,)),
            ),
            links=(Link(authorization.at("/login"), "Back to sign in"),),
        )
        return await self._arrival.show(ask, authorization, page)

    def _newcomer(self, ask: Ask, pool: UserPool) -> Newcomer | None:
        try:
            newcomer = self._seals.open(pool, ask.form.get("newcomer", ""), Newcomer)
        except Broken:
            return None
        return newcomer if self._directory.clock.time() < newcomer.until else None

    async def by_link(self, ask: Ask) -> Response:
        """Answer /confirmUser, where the links in mails lead."""
        _, client = await asyncio.to_thread(self._authorizations.client, ask, ask.query.get("client_id"))
        name, code = ask.query.get("user_name", ""), ask.query.get("confirmation_code", "")
        try:
            await self._api.of_user("ConfirmSignUp", client, name, ConfirmationCode=code)
        except errors.CognitoError as error:
            page = Page(title="Your registration could not be confirmed", alert=alert_of(error))
            return self._pages.show(ask, page, status=400)
        return self._pages.show(
            ask, Page(title="Your registration has been confirmed!", lead="You can sign in now.")
        )
