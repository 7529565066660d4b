"""A pool with a hosted UI, and what browsers and token clients do with it, without a socket."""

import base64
import hashlib
import html
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from dewstack.http import Request, Response
from tests.api.cognito.conftest import World

CALLBACK = "http://localhost:5173/callback"
HOME = "http://localhost:5173/"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
SCOPES = ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"]
OAUTH: dict[str, Any] = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code", "implicit"],
    "AllowedOAuthScopes": SCOPES,
    "CallbackURLs": [CALLBACK, "myapp://callback"],
    "LogoutURLs": [HOME],
    "SupportedIdentityProviders": ["COGNITO"],
}


@dataclass
class Answer:
    """A response, read."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def location(self) -> str:
        assert self.status == 302, self.text
        return self.headers["location"]

    @property
    def told(self) -> dict[str, str]:
        """The parameters that a redirect carries, in the query or the fragment."""
        parts = urlsplit(self.location)
        return dict(parse_qsl(parts.query or parts.fragment))

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def words(self) -> str:
        """The page's text."""
        shown = re.sub(r"(?s)<style>.*?</style>|<[^>]+>", " ", self.text)
        return " ".join(html.unescape(shown).split())

    @property
    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page's first form that has any to fill in."""
        forms = re.findall(r"(?s)<form.*?</form>", self.text)
        chosen = next((form for form in forms if 'type="hidden"' in form and "<label" in form), forms[0])
        pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', chosen)
        return {name: html.unescape(value) for name, value in pairs}


@dataclass
class Browser:
    """A browser with a cookie jar, or a program without one."""

    world: World
    host: str = "localhost:4566"
    cookies: dict[str, str] = field(default_factory=dict)

    def __call__(
        self,
        method: str,
        path: str,
        query: dict[str, str] | str | None = None,
        form: dict[str, str] | None = None,
        **headers: str,
    ) -> Answer:
        sent = {"host": self.host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = b""
        if form is not None:
            sent.setdefault("content-type", "application/x-www-form-urlencoded")
            body = urlencode(form).encode()
        raw = [(name.encode(), value.encode("latin-1")) for name, value in sent.items()]
        text = query if isinstance(query, str) else urlencode(query or {})
        seen = Request(method, path, text, raw, body)
        return self._read(self.world.door.runner.run(self.world.cognito.hosted(seen)))

    def _read(self, response: Response) -> Answer:
        headers = {}
        for name, value in response.headers:
            headers[name.decode().lower()] = value.decode()
            if name.lower() == b"set-cookie":
                pair, _, attributes = value.decode().partition(";")
                key, _, content = pair.partition("=")
                self.cookies[key] = content
                if "Max-Age=0" in attributes:
                    del self.cookies[key]
        return Answer(response.status, headers, response.body.decode())

    def go(self, location: str) -> Answer:
        """Follow a link of the hosted UI."""
        parts = urlsplit(location)
        return self("GET", parts.path, parts.query)

    def submit(self, page: Answer, **fields: str) -> Answer:
        """Fill in a page's form and send it."""
        action = html.unescape(re.search(r'<form method="post" action="([^"]+)"', page.text)[1])  # type: ignore[index]
        parts = urlsplit(action)
        return self("POST", parts.path, parts.query, {**page.hidden, **fields})


@dataclass
class Site:
    """A pool with a domain, a client for it, and a browser."""

    world: World
    client: str
    secret: str | None
    browser: Browser

    def request(self, **changes: str) -> dict[str, str]:
        """The parameters of an authorization request; empty ones are left out."""
        asked = {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": CALLBACK,
            "scope": "openid email",
            "state": "s & 1",
            "nonce": "n-1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        return {name: value for name, value in asked.items() if value}

    def authorize(self, **changes: str) -> Answer:
        return self.browser("GET", "/oauth2/authorize", self.request(**changes))

    def log_in(self, name: str, password: str | None = None, **changes: str) -> Answer:
        """From the authorization request through the login page, where the browser isn't signed in already."""
        answer = self.authorize(**changes)
        if not answer.location.startswith("/login?"):
            return answer
        page = self.browser.go(answer.location)
        return self.browser.submit(page, username=name, password=password or self.world.password)

    def code(self, name: str, **changes: str) -> str:
        return self.log_in(name, **changes).told["code"]

    def token(self, *, secret: str | None = None, **form: str) -> Answer:
        """Ask the token endpoint, as a program does."""
        program = Browser(self.world, self.browser.host)
        given = {"client_id": self.client, **form}
        if secret or self.secret:
            given["client_secret"] = secret or self.secret or ""
        return program("POST", "/oauth2/token", form={name: value for name, value in given.items() if value})

    def exchange(self, code: str, **changes: str) -> Answer:
        form = {"redirect_uri": CALLBACK, "code_verifier": VERIFIER, **changes}
        return self.token(grant_type="authorization_code", code=code, **form)

    def tokens(self, name: str, **changes: str) -> dict[str, str]:
        answer = self.exchange(self.code(name, **changes))
        assert answer.status == 200, answer.text
        return answer.json

    def user_info(self, token: str) -> Answer:
        return Browser(self.world)("GET", "/oauth2/userInfo", authorization=f"Bearer {token}")


def make_site(world: World, **settings: Any) -> Site:
    """A pool with the domain `people`, unless the world has a pool already, and a client."""
    if not world.pool:
        world.make_pool()
        world.api.create_user_pool_domain(UserPoolId=world.pool, Domain="people")
    made = world.make_client(**{**OAUTH, **settings})
    return Site(world, made["ClientId"], made.get("ClientSecret"), Browser(world))


def query_of(location: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(location).query)
