"""What a user pool writes to its users: the pool's own templates, and AWS's texts where it has none."""

import html
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from dewstack.cognito import errors
from dewstack.cognito.mail.mailbox import Mailbox
from dewstack.cognito.model import User, UserPool
from dewstack.cognito.triggers import CustomMessageAnswer, Medium, Occasion, Senders, Sending, Triggers

MEDIUMS: dict[str, Medium] = {"email": "EMAIL", "phone_number": "SMS"}
CODE = "{####}"
USERNAME = "{username}"
LINK_PARAMETER = "{##Click Here##}"
ANY = r"[\p{L}\p{M}\p{S}\p{N}\p{P}\s*]*"
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


class Delivery:
    """The messages of one operation: worded before its transaction, posted in it, handed to custom senders after
    it. `kind` is what triggers call the occasion: `SignUp`, `ForgotPassword`, ..."""

    def __init__(self, occasion: Occasion, kind: str, custom: CustomMessageAnswer | None) -> None:
        self.occasion = occasion
        self.kind = kind
        self._custom = custom
        self.for_senders: list[Sending] = []

    def worded(self, template: Template, medium: Medium) -> Template:
        """The template, or what CustomMessage put in its place."""
        custom = self._custom
        if custom is None:
            return template
        if medium == "SMS":
            return Template("", custom.sms_message or template.body)
        return Template(custom.email_subject or template.subject, custom.email_message or template.body)


class Messenger:
    """Fills in templates and delivers. `base_url` is where confirmation links lead."""

    def __init__(self, mailbox: Mailbox, base_url: str, triggers: Triggers, senders: Senders) -> None:
        self._mailbox = mailbox
        self._base_url = base_url
        self._triggers = triggers
        self._senders = senders

    async def prepare(
        self, occasion: Occasion, kind: str, user: User, attributes: Sequence[str | None]
    ) -> Delivery:
        """Ask CustomMessage for the texts of the messages that `attributes` will get, if any. Raises what the
        trigger's failure means, and InvalidParameterException where a text lacks its placeholders."""
        pool = occasion.pool
        mediums = {MEDIUMS[attribute] for attribute in attributes if attribute is not None}
        if all(self._senders.carry(pool, medium) for medium in mediums):
            return Delivery(occasion, kind, None)
        invites = kind == "AdminCreateUser"
        request = {
            "codeParameter": CODE,
            "linkParameter": LINK_PARAMETER,
            "usernameParameter": USERNAME if invites else None,
        }
        custom = await self._triggers.custom_message(occasion, f"CustomMessage_{kind}", user, request)
        if custom is not None:
            _check_placeholders(custom, username=invites, link=kind in ("SignUp", "ResendCode"))
        return Delivery(occasion, kind, custom)

    async def complete(self, delivery: Delivery) -> None:
        """Hand over what custom senders are to deliver. Call it when the transaction has been committed."""
        for sending in delivery.for_senders:
            await self._senders.send(delivery.occasion, delivery.kind, sending)

    def verification(
        self,
        delivery: Delivery,
        user: User,
        attribute: str,
        value: str,
        code: str,
        client_id: str | None = None,
    ) -> None:
        """Send a verification code; with `client_id` (sign-up) as a link, where the pool wants links."""
        pool = delivery.occasion.pool
        template = verification_template(pool, MEDIUMS[attribute], link=client_id is not None)
        query = urlencode(
            {"client_id": client_id or "", "user_name": user.username, "confirmation_code": code}
        )
        link = f"{self._base_url}/confirmUser?{query}"
        self.post(delivery, template, user, attribute, value, code, link=link)

    def reset(self, delivery: Delivery, user: User, attribute: str, value: str, code: str) -> None:
        """Send a password reset code."""
        template = reset_template(delivery.occasion.pool, MEDIUMS[attribute])
        self.post(delivery, template, user, attribute, value, code)

    def invitation(self, delivery: Delivery, user: User, attribute: str, value: str, password: str) -> None:
        """Send a temporary password. In pools without usernames the user is told their address."""
        pool = delivery.occasion.pool
        template = invitation_template(pool, MEDIUMS[attribute])
        name = value if pool.username_attributes else None
        self.post(delivery, template, user, attribute, value, password, name=name)

    def post(
        self,
        delivery: Delivery,
        template: Template,
        user: User,
        attribute: str,
        value: str,
        code: str,
        *,
        link: str = "",
        name: str | None = None,
    ) -> None:
        """Send `template`, or what CustomMessage made of it, to the address `value` of an attribute."""
        medium = MEDIUMS[attribute]
        if self._senders.carry(delivery.occasion.pool, medium):
            delivery.for_senders.append(Sending(medium, user, code))
            return

        def anchor(match: re.Match[str]) -> str:
            return f'<a href="{html.escape(link)}">{match[1]}</a>'

        def fill(text: str) -> str:
            text = LINK.sub(anchor, text) if link else text
            return text.replace(USERNAME, name or user.username).replace(CODE, code)

        template = delivery.worded(template, medium)
        settings = delivery.occasion.pool.settings.get("EmailConfiguration") or {}
        self._mailbox.deliver(
            value,
            medium,
            fill(template.subject),
            fill(template.body).strip(),
            code,
            sender=settings.get("From") or "",
            reply_to=settings.get("ReplyToEmailAddress") or "",
        )


def _check_placeholders(custom: CustomMessageAnswer, *, username: bool, link: bool) -> None:
    """A message that doesn't say its code is refused, in the words of the service behind Cognito."""
    for member, text in (("emailBody", custom.email_message), ("smsMessage", custom.sms_message)):
        if not text or (CODE in text and (not username or USERNAME in text)):
            continue
        if link and LINK.search(text):
            continue
        pattern = rf"{ANY}\{{####\}}{ANY}" + (rf"\{{username\}}{ANY}" if username else "")
        raise errors.InvalidParameterException(
            f"1 validation error detected: Value '{text}' at '{member}' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {pattern}"
        )
