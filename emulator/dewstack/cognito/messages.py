"""What a user pool writes to its users: the pool's own templates, and AWS's texts where it has none."""

import html
import re
from typing import Any, Literal
from urllib.parse import urlencode

from msgspec import Struct

from dewstack.cognito.mailbox import Mailbox
from dewstack.cognito.model import User, UserPool

Medium = Literal["EMAIL", "SMS"]

MEDIUMS: dict[str, Medium] = {"email": "EMAIL", "phone_number": "SMS"}
LINK = re.compile(r"\{##([^#].*?)##\}", re.DOTALL)

CODE_SUBJECT = "Your verification code"
CODE_BODY = "Your verification code is {####}. "
LINK_SUBJECT = "Your verification link"
LINK_BODY = "Please click the link below to verify your email address. {##Verify Email##} "
RESET_SUBJECT = "Your password reset code"
RESET_BODY = "Your password reset code is {####}. "
INVITATION_SUBJECT = "Your temporary password"
INVITATION_BODY = "Your username is {username} and temporary password is {####}. "


class Template(Struct, frozen=True):
    """Subject and body with their placeholders `{####}`, `{username}` or `{##text##}`."""

    subject: str
    body: str


def mask(attribute: str, value: str) -> str:
    """Where a code went, as AWS tells it: `a***@e***`, `+*******9934`."""
    if attribute == "phone_number":
        return "+" + "*" * 7 + value[-4:]
    name, _, domain = value.partition("@")
    return f"{name[:1]}***@{domain[:1]}***"


def delivery_details(attribute: str, value: str) -> dict[str, Any]:
    """CodeDeliveryDetails for a code sent to this attribute."""
    return {
        "Destination": mask(attribute, value),
        "DeliveryMedium": MEDIUMS[attribute],
        "AttributeName": attribute,
    }


def verification_template(pool: UserPool, medium: Medium, *, link: bool) -> Template:
    """The message that carries a verification code, or (e-mail at sign-up) its link."""
    settings = pool.settings
    own = settings.get("VerificationMessageTemplate") or {}
    if medium == "SMS":
        return Template("", own.get("SmsMessage") or settings.get("SmsVerificationMessage") or CODE_BODY)
    if link and own.get("DefaultEmailOption") == "CONFIRM_WITH_LINK":
        return Template(
            own.get("EmailSubjectByLink") or LINK_SUBJECT, own.get("EmailMessageByLink") or LINK_BODY
        )
    return Template(
        own.get("EmailSubject") or settings.get("EmailVerificationSubject") or CODE_SUBJECT,
        own.get("EmailMessage") or settings.get("EmailVerificationMessage") or CODE_BODY,
    )


def reset_template(pool: UserPool, medium: Medium) -> Template:
    """The message that carries a password reset code: the verification message where the pool has its own."""
    own = verification_template(pool, medium, link=False)
    return Template(
        RESET_SUBJECT if own.subject == CODE_SUBJECT else own.subject,
        RESET_BODY if own.body == CODE_BODY else own.body,
    )


def invitation_template(pool: UserPool, medium: Medium) -> Template:
    """The message that carries an administrator-made user's temporary password."""
    own = (pool.settings.get("AdminCreateUserConfig") or {}).get("InviteMessageTemplate") or {}
    if medium == "SMS":
        return Template("", own.get("SMSMessage") or INVITATION_BODY)
    return Template(own.get("EmailSubject") or INVITATION_SUBJECT, own.get("EmailMessage") or INVITATION_BODY)


class Messenger:
    """Fills in templates and delivers. `base_url` is where confirmation links lead."""

    def __init__(self, mailbox: Mailbox, base_url: str) -> None:
        self._mailbox = mailbox
        self._base_url = base_url

    def verification(
        self, pool: UserPool, user: User, attribute: str, value: str, code: str, client_id: str | None = None
    ) -> None:
        """Send a verification code; with `client_id` (sign-up) as a link, where the pool wants links."""
        template = verification_template(pool, MEDIUMS[attribute], link=client_id is not None)
        query = urlencode(
            {"client_id": client_id or "", "user_name": user.username, "confirmation_code": code}
        )
        self._send(template, attribute, value, user, code, f"{self._base_url}/confirmUser?{query}")

    def reset(self, pool: UserPool, user: User, attribute: str, value: str, code: str) -> None:
        """Send a password reset code."""
        self._send(reset_template(pool, MEDIUMS[attribute]), attribute, value, user, code)

    def invitation(self, pool: UserPool, user: User, attribute: str, value: str, password: str) -> None:
        """Send a temporary password. In pools without usernames the user is told their address."""
        template = invitation_template(pool, MEDIUMS[attribute])
        self._send(
            template, attribute, value, user, password, name=value if pool.username_attributes else None
        )

    def _send(
        self,
        template: Template,
        attribute: str,
        value: str,
        user: User,
        code: str,
        link: str = "",
        name: str | None = None,
    ) -> None:
        def anchor(match: re.Match[str]) -> str:
            return f'<a href="{html.escape(link)}">{match[1]}</a>'

        def fill(text: str) -> str:
            text = LINK.sub(anchor, text) if link else text
            return text.replace("{username}", name or user.username).replace("{####}", code)

        body = fill(template.body).strip()
        self._mailbox.deliver(value, MEDIUMS[attribute], fill(template.subject), body, code)
