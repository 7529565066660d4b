"""The way from a form to the client: the steps of the sign-in's table, a page for each challenge, then back."""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from dewstack.cognito import errors
from dewstack.cognito.model import User, UserPool, UserPoolClient
from dewstack.cognito.oauth.asking import Api, sign_in_of
from dewstack.cognito.oauth.authorization import Authorization, Refused
from dewstack.cognito.oauth.browsers import Browsers
from dewstack.cognito.oauth.challenges import PREFIX, QUESTIONS, Asked, can_set_up
from dewstack.cognito.oauth.exchange import Ask, redirect
from dewstack.cognito.oauth.fields import blamed
from dewstack.cognito.oauth.granting import Grants
from dewstack.cognito.oauth.page import Alert, Form, Link, Look, Page, Pages
from dewstack.cognito.oauth.sealing import Seals
from dewstack.cognito.signin import SignIns
from dewstack.cognito.signin.steps import Next, Passed, SignIn
from dewstack.errors import NotEmulated
from dewstack.http import Response

Looks = Callable[[UserPool, UserPoolClient], Look]


class Arrival:
    """Takes people through a sign-in."""

    def __init__(
        self,
        sign_ins: SignIns,
        api: Api,
        grants: Grants,
        browsers: Browsers,
        pages: Pages,
        seals: Seals,
        looks: Looks,
    ) -> None:
        self._sign_ins = sign_ins
        self._api = api
        self._grants = grants
        self._browsers = browsers
        self._pages = pages
        self._seals = seals
        self._looks = looks

    async def show(self, ask: Ask, authorization: Authorization, page: Page, status: int = 200) -> Response:
        """A page in the client's own look."""
        return await asyncio.to_thread(self._show, ask, authorization, page, status)

    def _show(self, ask: Ask, authorization: Authorization, page: Page, status: int) -> Response:
        look = self._looks(authorization.pool, authorization.client)
        return self._pages.show(ask, page, status=status, look=look)

    async def password(self, ask: Ask, authorization: Authorization, name: str, password: str) -> Response:
        """Sign in with a password. Raises CognitoErrors."""
        sign_in = sign_in_of(authorization, name, {"PASSWORD": password})
        return await self._go_on(ask, authorization, sign_in, await self._sign_ins.at_hosted_ui(sign_in))

    async def welcome(self, ask: Ask, authorization: Authorization, user: User) -> Response:
        """Sign in somebody who has just confirmed their sign-up. Raises CognitoErrors."""
        sign_in = sign_in_of(authorization, user.username, {})
        outcome = await self._sign_ins.welcome(sign_in, user)
        return await self._go_on(ask, authorization, sign_in, outcome)

    async def answer(self, ask: Ask, authorization: Authorization, asked: Asked) -> Response:
        """Take the answer to a challenge. What can be mended is said beside it.

        Raises NotAuthorizedException when the sign-in is over, NotEmulated.
        """
        if asked.name not in QUESTIONS:
            raise NotEmulated(f"The hosted UI has no page for the challenge {asked.name}")
        try:
            if "instead" in ask.form and "EMAIL_OTP" in can_set_up(asked):
                return await self._question(ask, authorization, replace(asked, secret=None))
            if asked.secret is not None:
                asked = await self._verify(ask, asked)
            parameters = self._parameters(ask, authorization, asked)
            sign_in = sign_in_of(authorization, asked.username, parameters, asked.session)
            outcome = await self._sign_ins.at_hosted_ui(sign_in, asked.name)
        except errors.NotAuthorizedException:
            raise
        except errors.CognitoError as error:
            return await self._question(ask, authorization, asked, error)
        return await self._go_on(ask, authorization, sign_in, outcome)

    def _parameters(self, ask: Ask, authorization: Authorization, asked: Asked) -> dict[str, str]:
        if asked.secret is not None:
            return {}
        question = QUESTIONS[asked.name](authorization, asked)
        names = {field.name: question.answers.get(field.name, field.name) for field in question.fields}
        return {parameter: _typed(ask.form.get(name, ""), name) for name, parameter in names.items()}

    async def _verify(self, ask: Ask, asked: Asked) -> Asked:
        """Check the first code of the authenticator app that is being set up."""
        params = {"Session": asked.session, "UserCode": ask.form.get("UserCode", "").strip()}
        verified = await self._api("VerifySoftwareToken", params)
        return replace(asked, session=verified["Session"])

    async def _go_on(
        self, ask: Ask, authorization: Authorization, sign_in: SignIn, outcome: Next
    ) -> Response:
        if isinstance(outcome, Passed):
            cookie = await asyncio.to_thread(self._browsers.open, authorization.pool, outcome.user)
            return await self.send_back(authorization, outcome.user, cookie)
        output = await asyncio.to_thread(self._sign_ins.ask, sign_in, outcome)
        asked = Asked(
            name=output["ChallengeName"],
            username=outcome.user.username if outcome.user else sign_in.parameters["USERNAME"],
            session=output.get("Session"),
            parameters=output["ChallengeParameters"],
        )
        if asked.name == "MFA_SETUP" and not can_set_up(asked):
            raise errors.NotAuthorizedException("Contact your administrator to set up a second factor.")
        if asked.name == "MFA_SETUP" and "SOFTWARE_TOKEN_MFA" in can_set_up(asked):
            begun = await self._api("AssociateSoftwareToken", {"Session": asked.session})
            asked = replace(asked, secret=begun["SecretCode"], session=begun["Session"])
        return await self._question(ask, authorization, asked)

    async def send_back(
        self, authorization: Authorization, user: User, *headers: tuple[bytes, bytes]
    ) -> Response:
        """Back to the client with a code or tokens. Raises Refused where PreTokenGeneration does."""
        try:
            return redirect(await self._grants.location(authorization, user), *headers)
        except errors.CognitoError as error:
            raise Refused(authorization.back, "invalid_request", error.message) from error

    async def _question(
        self, ask: Ask, authorization: Authorization, asked: Asked, error: errors.CognitoError | None = None
    ) -> Response:
        if asked.name not in QUESTIONS:
            raise NotEmulated(f"The hosted UI has no page for the challenge {asked.name}")
        question = QUESTIONS[asked.name](authorization, asked)
        fields, alert = blamed(question.fields, error) if error else (question.fields, None)
        kept = tuple(
            replace(field, value=ask.form.get(field.name, "")) if field.name.startswith(PREFIX) else field
            for field in fields
        )
        sealed = await asyncio.to_thread(self._seals.seal, authorization.pool, asked)
        form = Form(
            action=authorization.at("/login"),
            submit=question.submit,
            fields=kept,
            hidden={"challenge": sealed},
        )
        page = Page(
            title=question.title,
            lead=question.lead,
            alert=alert,
            forms=(form, *self._instead(form, asked)),
            links=(Link(authorization.at("/login", prompt="login"), "Start again"),),
            enrolment=question.enrolment,
        )
        return await self.show(ask, authorization, page)

    def _instead(self, form: Form, asked: Asked) -> tuple[Form, ...]:
        """The way to e-mail for those who have no authenticator app."""
        if asked.secret is None or "EMAIL_OTP" not in can_set_up(asked):
            return ()
        hidden = {**form.hidden, "instead": "1"}
        return (Form(action=form.action, submit="Use e-mail instead", hidden=hidden, quiet=True),)


def _typed(text: str, name: str) -> str:
    """What was typed in; a password keeps its spaces."""
    return text if name == "NEW_PASSWORD" else text.strip()


def alert_of(error: errors.CognitoError) -> Alert:
    """The error as a page says it."""
    return Alert(error.message or error.code)
