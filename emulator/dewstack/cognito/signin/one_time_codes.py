"""Codes that are sent to somebody who is signing in, by text message or e-mail. Only a hash is kept, in the session."""

import asyncio
import hashlib
import hmac
import secrets
from typing import Any

from dewstack.cognito.directory import Directory
from dewstack.cognito.mail.messages import CODE_BODY, MEDIUMS, Delivery, Messenger, Template, mask
from dewstack.cognito.model import User, UserPool
from dewstack.cognito.signin.steps import SignIn

SMS_BODY = "Your authentication code is {####}. "
EMAIL_SUBJECT = "Your authentication code"


class OneTimeCodes:
    """Sends them, and tells a right one."""

    def __init__(self, directory: Directory, messenger: Messenger) -> None:
        self._directory = directory
        self._messenger = messenger

    async def send(
        self, sign_in: SignIn, user: User, attribute: str, *, digits: int = 6
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """Send a code to the user's `email` or `phone_number`: what the challenge tells of it, and what to keep."""
        return await self.send_to(sign_in, user, attribute, user.attributes[attribute], digits=digits)

    async def send_to(
        self, sign_in: SignIn, user: User, attribute: str, value: str, *, digits: int = 6
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """As `send`, to an address that isn't the user's yet."""
        delivery = await self._messenger.prepare(sign_in.occasion, "Authentication", user, [attribute])
        code = f"{secrets.randbelow(10**digits):0{digits}d}"
        await asyncio.to_thread(self._post, sign_in.pool, delivery, user, attribute, value, code)
        await self._messenger.complete(delivery)
        told = {
            "CODE_DELIVERY_DELIVERY_MEDIUM": MEDIUMS[attribute],
            "CODE_DELIVERY_DESTINATION": mask(attribute, value),
        }
        salt = secrets.token_hex(8)
        return told, {"salt": salt, "digest": _digest(salt, code)}

    def matches(self, kept: dict[str, Any], given: str) -> bool:
        """Whether `given` is the code of which `kept` was kept."""
        return hmac.compare_digest(_digest(kept["salt"], given), kept["digest"])

    def _post(
        self, pool: UserPool, delivery: Delivery, user: User, attribute: str, value: str, code: str
    ) -> None:
        template = self._template(pool, attribute)
        self._messenger.post(delivery, template, user, attribute, value, code)

    def _template(self, pool: UserPool, attribute: str) -> Template:
        kept = self._directory.mfa_settings.get(*pool.key) or {}
        if attribute == "phone_number":
            own = (kept.get("SmsMfaConfiguration") or {}).get("SmsAuthenticationMessage")
            return Template("", own or pool.settings.get("SmsAuthenticationMessage") or SMS_BODY)
        settings = kept.get("EmailMfaConfiguration") or {}
        return Template(settings.get("Subject") or EMAIL_SUBJECT, settings.get("Message") or CODE_BODY)


def _digest(salt: str, code: str) -> str:
    return hashlib.sha256(f"{salt}{code}".encode()).hexdigest()
