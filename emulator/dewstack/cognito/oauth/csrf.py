"""Against forged forms: each form carries a token that belongs to a cookie of the browser that was given the form.

The cookie isn't sent with other sites' posts (SameSite), and the token is a MAC of it. Pages at other ports of this
machine are the same site and can set its cookies, so one of them could plant a cookie whose token it was given itself:
a browser that says where a form comes from (Sec-Fetch-Site, Origin) must say that it is a page of ours.
"""

import hmac
import secrets

from dewstack.cognito.oauth.exchange import Ask, cookie
from dewstack.http import Headers

COOKIE = "cognito-xsrf"
FIELD = "_csrf"
SECONDS = 3600
OURS = ("same-origin", "none")


class Forged(Exception):
    """A form that this browser wasn't given, or not lately."""


class Csrf:
    """Makes and checks tokens; a new start of the emulator makes the old ones void."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def token(self, ask: Ask) -> tuple[str, Headers]:
        """The token for the forms of a page, and the cookie that goes with it."""
        value, cookies = self.browser(ask)
        return self._mac(value), cookies

    def browser(self, ask: Ask) -> tuple[str, Headers]:
        """What tells this browser from others, and the cookie that keeps it."""
        value = self.cookie(ask) or secrets.token_urlsafe(24)
        return value, [cookie(COOKIE, value, SECONDS)]

    def cookie(self, ask: Ask) -> str:
        """What tells this browser from others, or nothing."""
        return ask.cookies.get(COOKIE, "")

    def check(self, ask: Ask) -> None:
        """Refuse a form that isn't this browser's. Raises Forged."""
        value, given = self.cookie(ask), ask.form.get(FIELD, "")
        same = bool(value) and hmac.compare_digest(self._mac(value).encode(), given.encode())
        if not (same and _is_ours(ask)):
            raise Forged

    def _mac(self, value: str) -> str:
        return hmac.digest(self._key, value.encode(), "sha256").hex()


def _is_ours(ask: Ask) -> bool:
    """Whether the form comes from a page of this origin, as far as the browser tells."""
    told, origin = ask.header("sec-fetch-site"), ask.header("origin")
    if told:
        return told in OURS
    return not origin or origin.partition("://")[2] == ask.header("host")
