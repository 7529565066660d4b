"""The hosted UI's pages as values, and how they become HTML: one template, no script, nothing from elsewhere."""

import base64
import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from dewstack.cognito.model import UserPool, UserPoolClient
from dewstack.cognito.oauth.csrf import Csrf
from dewstack.cognito.oauth.exchange import NO_STORE, Ask, Parameters
from dewstack.http import Response

if TYPE_CHECKING:
    from jinja2 import Template

# No form-action: browsers hold a form to it through all redirects that follow, and where an app goes on to after its
# callback is its own affair.
POLICY = "default-src 'none'; style-src {styles}; img-src data:; base-uri 'none'; frame-ancestors 'none'"


class Field(Struct, frozen=True, kw_only=True):
    """A field of a form, with its label. `type` is an input's, or `radio` with options."""

    name: str
    label: str
    type: str = "text"
    value: str = ""
    autocomplete: str = "off"
    inputmode: str = ""
    hint: str = ""
    error: str = ""
    required: bool = True
    options: tuple[tuple[str, str], ...] = ()
    """Value and label of each choice."""


class Form(Struct, frozen=True, kw_only=True):
    """A form and its button."""

    action: str
    submit: str
    fields: tuple[Field, ...] = ()
    hidden: Parameters = {}
    quiet: bool = False
    """Whether its button is not what most people come for."""


class Link(Struct, frozen=True):
    """A way to another page."""

    href: str
    text: str


class Enrolment(Struct, frozen=True):
    """What an authenticator app is given: the secret in base32, and the otpauth URI that a QR code shows."""

    secret: str
    uri: str


class Alert(Struct, frozen=True):
    """A sentence above everything else."""

    text: str
    kind: Literal["error", "notice"] = "error"


class Page(Struct, frozen=True, kw_only=True):
    """One page."""

    title: str
    lead: str = ""
    alert: Alert | None = None
    providers: tuple[Link, ...] = ()
    forms: tuple[Form, ...] = ()
    links: tuple[Link, ...] = ()
    enrolment: Enrolment | None = None
    details: tuple[str, ...] = ()
    """Lines for a developer: what to change where."""


class Look(Struct, frozen=True):
    """A client's own look: SetUICustomization's CSS, and its logo as a `data:` URL."""

    css: str = ""
    logo: str = ""


class Pages:
    """Makes responses of pages. Loads its template with the first one."""

    def __init__(self, csrf: Csrf) -> None:
        self._csrf = csrf
        self._template: Template | None = None
        self._css = files(__package__).joinpath("templates/hosted.css").read_text()

    def show(
        self,
        ask: Ask,
        page: Page,
        *headers: tuple[bytes, bytes],
        status: int = 200,
        look: Look | None = None,
    ) -> Response:
        """The response that shows `page`; each of its forms gets a token against forgery."""
        token, set_cookie = self._csrf.token(ask) if page.forms else ("", [])
        look = look or Look()
        styles = [style for style in (self._css, look.css) if style and "<" not in style]
        html = self._load().render(
            page=page, csrf=token, styles=styles, logo=look.logo, qr=_qr(page.enrolment)
        )
        return Response(status, html.encode(), [*_headers(styles), *NO_STORE, *set_cookie, *headers])

    def _load(self) -> "Template":
        if self._template is None:
            from jinja2 import Environment, PackageLoader, StrictUndefined

            environment = Environment(
                loader=PackageLoader("dewstack.cognito.oauth"),
                autoescape=True,
                undefined=StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
            )
            self._template = environment.get_template("page.html")
        return self._template


def heading(pool: UserPool, client: UserPoolClient) -> str:
    """How a page calls the app that a user signs in to."""
    return client.name or pool.name


def _headers(styles: list[str]) -> list[tuple[bytes, bytes]]:
    digests = [base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in styles]
    policy = POLICY.format(styles=" ".join(f"'sha256-{digest}'" for digest in digests))
    return [
        (b"Content-Type", b"text/html; charset=utf-8"),
        (b"Content-Security-Policy", policy.encode()),
        (b"X-Frame-Options", b"DENY"),
        (b"X-Content-Type-Options", b"nosniff"),
        (b"Referrer-Policy", b"same-origin"),
    ]


def _qr(enrolment: Enrolment | None) -> str:
    """An SVG of the otpauth URI, dark on light whatever the page's colours: readers want it so."""
    if enrolment is None:
        return ""
    import segno

    svg: str = segno.make(enrolment.uri, error="m").svg_inline(
        scale=5, border=3, light="#fff", dark="#12262b"
    )
    return svg
