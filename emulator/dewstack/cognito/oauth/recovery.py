"""/forgotPassword and /confirmforgotPassword: a code to a verified address, and a new password with it."""

import asyncio

from msgspec import Struct

from dewstack.cognito import errors
from dewstack.cognito.oauth.arrival import Arrival, alert_of
from dewstack.cognito.oauth.asking import Api
from dewstack.cognito.oauth.authorization import Authorization, Authorizations
from dewstack.cognito.oauth.challenges import code_field
from dewstack.cognito.oauth.csrf import Csrf
from dewstack.cognito.oauth.exchange import Ask
from dewstack.cognito.oauth.fields import blamed, new_password, username_field
from dewstack.cognito.oauth.page import Alert, Field, Form, Link, Page
from dewstack.cognito.oauth.sealing import Seals
from dewstack.cognito.secrets.sealing import Broken
from dewstack.http import Response

CHANGED = Alert("Your password has been changed. Sign in with the new one.", "notice")


class Forgetful(Struct, frozen=True, kw_only=True):
    """Whom a code was sent to; sealed, they go along with the form."""

    username: str
    destination: str


class Recovery:
    """Answers /forgotPassword and /confirmforgotPassword."""

    def __init__(
        self, authorizations: Authorizations, arrival: Arrival, api: Api, csrf: Csrf, seals: Seals
    ) -> None:
        self._authorizations = authorizations
        self._arrival = arrival
        self._api = api
        self._csrf = csrf
        self._seals = seals

    async def __call__(self, ask: Ask) -> Response:
        """Answer /forgotPassword: ask for a name, and send the code."""
        authorization = await asyncio.to_thread(self._authorizations.read, ask)
        name = ask.form.get("username", "").strip()
        if ask.method != "POST":
            return await self.ask_for_name(ask, authorization, ask.query.get("login_hint", ""))
        self._csrf.check(ask)
        if not name:
            return await self.ask_for_name(ask, authorization, "", Alert("Enter who you are."))
        try:
            sent = await self._api.of_user("ForgotPassword", authorization.client, name)
        except errors.CognitoError as error:
            return await self.ask_for_name(ask, authorization, name, alert_of(error))
        to = (sent.get("CodeDeliveryDetails") or {}).get("Destination", "")
        return await self._ask_for_code(ask, authorization, Forgetful(username=name, destination=to))

    async def ask_for_name(
        self, ask: Ask, authorization: Authorization, name: str, alert: Alert | None = None
    ) -> Response:
        """The first form."""
        form = Form(
            action=authorization.at("/forgotPassword"),
            submit="Reset my password",
            fields=(username_field(authorization.pool, name),),
        )
        page = Page(
            title="Forgot your password?",
            lead="We send you a code, with which you can choose a new password.",
            alert=alert,
            forms=(form,),
            links=(Link(authorization.at("/login"), "Back to sign in"),),
        )
        return await self._arrival.show(ask, authorization, page)

    async def confirm(self, ask: Ask) -> Response:
        """Answer /confirmforgotPassword: set the new password."""
        authorization = await asyncio.to_thread(self._authorizations.read, ask)
        if ask.method != "POST":
            return await self._ask_for_code(ask, authorization, None)
        self._csrf.check(ask)
        forgetful = await asyncio.to_thread(self._forgetful, ask, authorization)
        name = forgetful.username if forgetful else ask.form.get("username", "").strip()
        params = {
            "ConfirmationCode": ask.form.get("code", "").strip(),
            "Password": ask.form.get("password", ""),
        }
        try:
            await self._api.of_user("ConfirmForgotPassword", authorization.client, name, **params)
        except errors.CognitoError as error:
            return await self._ask_for_code(ask, authorization, forgetful, error)
        links = (Link(authorization.at("/login", login_hint=name), "Sign in"),)
        return await self._arrival.show(
            ask, authorization, Page(title="Password changed", alert=CHANGED, links=links)
        )

    async def _ask_for_code(
        self,
        ask: Ask,
        authorization: Authorization,
        forgetful: Forgetful | None,
        error: errors.CognitoError | None = None,
    ) -> Response:
        """The second form."""
        pool = authorization.pool
        fields: tuple[Field, ...] = (code_field("code"), new_password(pool))
        hidden = {}
        if forgetful is None:
            fields = (username_field(pool, ask.form.get("username", "")), *fields)
        else:
            hidden = {"forgetful": await asyncio.to_thread(self._seals.seal, pool, forgetful)}
        fields, alert = blamed(fields, error) if error else (fields, None)
        to = forgetful.destination if forgetful else ""
        page = Page(
            title="Choose a new password",
            lead=f"We have sent a password reset code to {to or 'you'}.",
            alert=alert,
            forms=(
                Form(
                    action=authorization.at("/confirmforgotPassword"),
                    submit="Change password",
                    fields=fields,
                    hidden=hidden,
                ),
            ),
            links=(Link(authorization.at("/forgotPassword"), "Send a new code"),),
        )
        return await self._arrival.show(ask, authorization, page)

    def _forgetful(self, ask: Ask, authorization: Authorization) -> Forgetful | None:
        try:
            return self._seals.open(authorization.pool, ask.form.get("forgetful", ""), Forgetful)
        except Broken:
            return None
