"""The pages between password and tokens: a form for each challenge that the hosted UI puts to people."""

import json
from collections.abc import Callable
from urllib.parse import quote, urlencode

from msgspec import Struct

from dewstack.cognito.oauth.authorization import Authorization
from dewstack.cognito.oauth.fields import attribute_field, new_password
from dewstack.cognito.oauth.page import Enrolment, Field

PREFIX = "userAttributes."
FACTORS = {
    "SMS_MFA": "Text message",
    "EMAIL_OTP": "E-mail message",
    "SOFTWARE_TOKEN_MFA": "Authenticator app",
}
"""The factors that people may choose, by their names in SELECT_MFA_TYPE."""


class Asked(Struct, frozen=True, kw_only=True):
    """A challenge that a page shows; sealed, it goes along with the form."""

    name: str
    username: str
    session: str | None
    parameters: dict[str, str]
    secret: str | None = None
    """The authenticator app's, while it is being set up."""


class Question(Struct, frozen=True, kw_only=True):
    """What a page says and asks. The fields are named after the answer's parameters."""

    title: str
    lead: str
    fields: tuple[Field, ...]
    submit: str = "Continue"
    enrolment: Enrolment | None = None
    answers: dict[str, str] = {}
    """The answer's parameter for a field, where the two have different names."""


def code_field(name: str, label: str = "Code") -> Field:
    """A field for six digits that were sent or shown."""
    return Field(name=name, label=label, autocomplete="one-time-code", inputmode="numeric")


def _new_password(authorization: Authorization, asked: Asked) -> Question:
    missing = json.loads(asked.parameters.get("requiredAttributes") or "[]")
    fields = [new_password(authorization.pool, "NEW_PASSWORD")]
    fields += [attribute_field(name.removeprefix(PREFIX), prefix=PREFIX) for name in missing]
    return Question(
        title="Change password",
        lead="Your password was given to you. Choose one of your own.",
        fields=tuple(fields),
    )


def _sent(parameter: str, how: str) -> Callable[[Authorization, Asked], Question]:
    def question(authorization: Authorization, asked: Asked) -> Question:
        to = asked.parameters.get("CODE_DELIVERY_DESTINATION") or "you"
        return Question(
            title="Enter the code",
            lead=f"We have sent a code by {how} to {to}.",
            fields=(code_field(parameter),),
        )

    return question


def _software_token(authorization: Authorization, asked: Asked) -> Question:
    device = asked.parameters.get("FRIENDLY_DEVICE_NAME")
    where = f"on {device} " if device else ""
    return Question(
        title="Enter the code",
        lead=f"Open your authenticator app {where}and type the code that it shows.",
        fields=(code_field("SOFTWARE_TOKEN_MFA_CODE"),),
    )


def _select(authorization: Authorization, asked: Asked) -> Question:
    names = json.loads(asked.parameters.get("MFAS_CAN_CHOOSE") or "[]")
    options = tuple((name, FACTORS.get(name, name)) for name in names)
    field = Field(name="ANSWER", label="How do you want to get your code?", type="radio", options=options)
    return Question(title="Confirm that it's you", lead="", fields=(field,))


def _setup(authorization: Authorization, asked: Asked) -> Question:
    if asked.secret is None:
        return Question(
            title="Set up a second factor",
            lead="From now on we send you a code by e-mail whenever you sign in.",
            fields=(attribute_field("email"),),
            answers={"email": "EMAIL"},
        )
    label = quote(f"{authorization.pool.name}:{asked.username}")
    query = urlencode({"secret": asked.secret, "issuer": authorization.pool.name})
    return Question(
        title="Set up your authenticator app",
        lead="Scan the code with an authenticator app, then type the six digits that it shows.",
        fields=(code_field("UserCode"),),
        enrolment=Enrolment(asked.secret, f"otpauth://totp/{label}?{query}"),
    )


def can_set_up(asked: Asked) -> list[str]:
    """The factors that somebody at MFA_SETUP may choose, of those that a page can set up."""
    offered = json.loads(asked.parameters.get("MFAS_CAN_SETUP") or "[]")
    return [name for name in ("SOFTWARE_TOKEN_MFA", "EMAIL_OTP") if name in offered]


QUESTIONS: dict[str, Callable[[Authorization, Asked], Question]] = {
    "NEW_PASSWORD_REQUIRED": _new_password,
    "SMS_MFA": _sent("SMS_MFA_CODE", "text message"),
    "SMS_OTP": _sent("SMS_OTP_CODE", "text message"),
    "EMAIL_OTP": _sent("EMAIL_OTP_CODE", "e-mail"),
    "SOFTWARE_TOKEN_MFA": _software_token,
    "SELECT_MFA_TYPE": _select,
    "MFA_SETUP": _setup,
}
"""The challenges that have a page."""
