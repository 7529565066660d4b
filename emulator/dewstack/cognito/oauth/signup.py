"""/signup: a person makes their own user."""

import asyncio

from msgspec.structs import replace

from dewstack.cognito import errors
from dewstack.cognito.model import UserPool, UserPoolClient
from dewstack.cognito.oauth.arrival import Arrival
from dewstack.cognito.oauth.asking import Api
from dewstack.cognito.oauth.authorization import Authorization, Authorizations, BadClient
from dewstack.cognito.oauth.authorize import OWN_USERS
from dewstack.cognito.oauth.confirmation import Confirmation
from dewstack.cognito.oauth.csrf import Csrf
from dewstack.cognito.oauth.exchange import Ask
from dewstack.cognito.oauth.fields import attribute_field, blamed, new_password, username_field
from dewstack.cognito.oauth.page import Alert, Field, Form, Link, Page
from dewstack.http import Response

PREFIX = "attribute."
AGAIN = "password_again"
DIFFERENT = "The two passwords are not the same."


class SignUp:
    """Answers /signup."""

    def __init__(
        self,
        authorizations: Authorizations,
        arrival: Arrival,
        api: Api,
        confirmation: Confirmation,
        csrf: Csrf,
    ) -> None:
        self._authorizations = authorizations
        self._arrival = arrival
        self._api = api
        self._confirmation = confirmation
        self._csrf = csrf

    async def __call__(self, ask: Ask) -> Response:
        """Show the form, or make the user."""
        authorization = await asyncio.to_thread(self._authorizations.read, ask)
        if OWN_USERS not in authorization.providers:
            raise BadClient("invalid_request", authorization.client.id, "no_provider")
        fields = form_fields(authorization.pool, authorization.client)
        if authorization.pool.admin_create_only:
            closed = Alert("SignUp is not permitted for this user pool")
            return await self._show(ask, authorization, (), closed, status=400)
        if ask.method != "POST":
            return await self._show(ask, authorization, fields)
        self._csrf.check(ask)
        return await self._sign_up(ask, authorization, fields)

    async def _sign_up(self, ask: Ask, authorization: Authorization, fields: tuple[Field, ...]) -> Response:
        form = ask.form
        filled = tuple(
            field if field.type == "password" else replace(field, value=form.get(field.name, "").strip())
            for field in fields
        )
        name, password = form.get("username", "").strip(), form.get("password", "")
        if form.get(AGAIN, password) != password:
            told = tuple(
                replace(field, error=DIFFERENT) if field.name == AGAIN else field for field in filled
            )
            return await self._show(ask, authorization, told)
        attributes = [
            {"Name": field.name.removeprefix(PREFIX), "Value": field.value}
            for field in filled
            if field.name.startswith(PREFIX) and field.value
        ]
        params = {"Password": password, "UserAttributes": attributes}
        try:
            made = await self._api.of_user("SignUp", authorization.client, name, **params)
            if made["UserConfirmed"]:
                return await self._arrival.password(ask, authorization, name, password)
        except errors.CognitoError as error:
            told, alert = blamed(filled, error)
            return await self._show(ask, authorization, told, alert)
        to = (made.get("CodeDeliveryDetails") or {}).get("Destination", "")
        return await self._confirmation.ask_for_code(ask, authorization, name, proved=True, destination=to)

    async def _show(
        self,
        ask: Ask,
        authorization: Authorization,
        fields: tuple[Field, ...],
        alert: Alert | None = None,
        status: int = 200,
    ) -> Response:
        form = Form(action=authorization.at("/signup"), submit="Sign up", fields=fields)
        page = Page(
            title="Create an account",
            alert=alert,
            forms=(form,) if fields else (),
            links=(Link(authorization.at("/login"), "Sign in to an account that you have"),),
        )
        return await self._arrival.show(ask, authorization, page, status)


def form_fields(pool: UserPool, client: UserPoolClient) -> tuple[Field, ...]:
    """What a new user of the pool is asked: who they are, what the pool needs or verifies, and a password twice."""
    own = pool.username_attributes
    asked = [
        attribute.name
        for attribute in pool.schema
        if attribute.name != "sub" and (attribute.required or attribute.name in pool.auto_verified)
    ]
    writable = client.settings.get("WriteAttributes")
    fields = [
        attribute_field(name, PREFIX)
        for name in asked
        if not (len(own) == 1 and name in own) and (writable is None or name in writable)
    ]
    if len(own) > 1:  # an e-mail address or a phone number: whichever is given becomes that attribute
        fields = [field for field in fields if field.name.removeprefix(PREFIX) not in own]
    again = Field(name=AGAIN, label="Password, again", type="password", autocomplete="new-password")
    return (username_field(pool, new=True), *fields, new_password(pool, label="Password"), again)
