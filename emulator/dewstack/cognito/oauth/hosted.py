"""The door of the hosted UI: which path is whose, and what each kind of refusal becomes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct

from dewstack.cognito.model import UserPool, UserPoolClient
from dewstack.cognito.oauth.arrival import Arrival
from dewstack.cognito.oauth.asking import Api
from dewstack.cognito.oauth.authorization import Authorizations, BadClient, Refused
from dewstack.cognito.oauth.authorize import Authorize, Logout
from dewstack.cognito.oauth.browsers import Browsers
from dewstack.cognito.oauth.client_authentication import ClientAuthentication
from dewstack.cognito.oauth.confirmation import Confirmation
from dewstack.cognito.oauth.csrf import Csrf, Forged
from dewstack.cognito.oauth.errorpage import ErrorPage
from dewstack.cognito.oauth.exchange import (
    CORS,
    Ask,
    Malformed,
    read_cookies,
    read_form,
    read_parameters,
    redirect,
)
from dewstack.cognito.oauth.federated_users import FederatedUsers
from dewstack.cognito.oauth.federation import Federation
from dewstack.cognito.oauth.granting import Grants
from dewstack.cognito.oauth.login import Login
from dewstack.cognito.oauth.page import Alert, Look, Page, Pages
from dewstack.cognito.oauth.places import Places, UnknownDomain
from dewstack.cognito.oauth.provider import Providers
from dewstack.cognito.oauth.recovery import Recovery
from dewstack.cognito.oauth.sealing import Seals
from dewstack.cognito.oauth.signup import SignUp
from dewstack.cognito.oauth.token import TokenEndpoint, method_refused, refusal
from dewstack.cognito.oauth.user_info import Revocation, UserInfo
from dewstack.cognito.parts import Parts
from dewstack.cognito.signin import SignIns
from dewstack.errors import NotEmulated
from dewstack.http import Request, Response
from dewstack.wire import Handler

Handle = Callable[[Ask], Awaitable[Response]]


class Route(Struct, frozen=True):
    """Who answers a path, and to which methods."""

    handle: Handle
    methods: tuple[str, ...]
    machine: bool = False
    """Whether programs call it, which want JSON, also from pages of other origins."""


class Hosted:
    """The hosted UI and the OAuth endpoints of all pools."""

    def __init__(self, parts: Parts, sign_ins: SignIns, operations: Mapping[str, Handler]) -> None:
        directory = parts.directory
        self._places = places = Places(directory, parts.domains, parts.config.region)
        authorizations = Authorizations(directory, places, parts.resource_servers)
        authentication = ClientAuthentication(directory, places)
        csrf, seals, browsers = Csrf(), Seals(directory), Browsers(directory)
        self._pages = pages = Pages(csrf)
        self._error_page = error_page = ErrorPage(directory, pages)
        api = Api(operations, parts.config.caller)
        grants = Grants(directory, parts.issuer)

        def look(pool: UserPool, client: UserPoolClient) -> Look:
            own = parts.customizations.of(pool, client.id)
            return Look(own.css or "", own.image_url or "") if own else Look()

        arrival = Arrival(sign_ins, api, grants, browsers, pages, seals, look)
        confirmation = Confirmation(directory, authorizations, arrival, api, csrf, pages, seals)
        recovery = Recovery(authorizations, arrival, api, csrf, seals)
        providers = Providers(directory, parts.keys, parts.config, self)
        users = FederatedUsers(directory, parts.identities, parts.triggers)
        federation = Federation(
            parts.config,
            directory,
            authorizations,
            arrival,
            browsers,
            csrf,
            parts.providers,
            providers,
            seals,
            users,
        )
        sign_up = SignUp(authorizations, arrival, api, confirmation, csrf)
        login = Login(authorizations, arrival, browsers, csrf, parts.providers, confirmation, recovery, seals)
        authorize = Authorize(authorizations, browsers, grants, parts.providers, federation)
        token = TokenEndpoint(authentication, authorizations, grants, parts.issuer, parts.tokens)
        user_info = UserInfo(parts.bearers, places)
        revocation = Revocation(authentication, parts.tokens)

        async def error(ask: Ask) -> Response:
            return await asyncio.to_thread(error_page, ask)

        async def saml(ask: Ask) -> Response:
            raise NotEmulated("Sign-in with SAML providers is not emulated: only OIDC providers are.")

        browser, form = ("GET", "HEAD"), ("GET", "HEAD", "POST")
        self._routes = {
            "/oauth2/authorize": Route(authorize, browser),
            "/oauth2/token": Route(token, ("POST",), machine=True),
            "/oauth2/userInfo": Route(user_info, ("GET", "POST"), machine=True),
            "/oauth2/revoke": Route(revocation, ("POST",), machine=True),
            "/oauth2/idpresponse": Route(federation, browser),
            "/saml2/idpresponse": Route(saml, form),
            "/login": Route(login, form),
            "/signup": Route(sign_up, form),
            "/confirm": Route(confirmation, form),
            "/confirmUser": Route(confirmation.by_link, browser),
            "/forgotPassword": Route(recovery, form),
            "/confirmforgotPassword": Route(recovery.confirm, form),
            "/logout": Route(Logout(authorizations, browsers), browser),
            "/error": Route(error, browser),
        }

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        route = self._routes.get(request.raw_path)
        if route is not None and route.machine and request.method == "OPTIONS":
            return _preflight(route)
        try:
            ask = await self._read(request)
        except UnknownDomain as error:
            return self._pages.show(_bare(request), _no_domain(str(error)), status=404)
        except Malformed as error:
            if route is not None and route.machine:
                return refusal("invalid_request", str(error))
            return self._error_page.lead(BadClient("invalid_request", reason="unreadable"))
        if route is None:
            return self._pages.show(ask, Page(title="There is no such page."), status=404)
        if request.method not in route.methods:
            return method_refused(*route.methods)
        return await self._answer(route, ask)

    async def _answer(self, route: Route, ask: Ask) -> Response:
        try:
            return await route.handle(ask)
        except BadClient as error:
            return self._error_page.lead(error)
        except Refused as error:
            return redirect(error.location)
        except Forged:
            expired = Alert("This page has expired, or your browser keeps no cookies. Go back and try again.")
            return self._pages.show(ask, Page(title="Try again", alert=expired), status=403)
        except NotEmulated as error:
            page = Page(title="Not emulated", alert=Alert(error.message))
            return self._pages.show(ask, page, status=501)

    async def _read(self, request: Request) -> Ask:
        host = request.header("host") or ""
        pool = await asyncio.to_thread(self._places.pool_of, host)
        return _bare(request, pool, whole=True)


def _bare(request: Request, pool: UserPool | None = None, *, whole: bool = False) -> Ask:
    return Ask(
        method=request.method,
        path=request.raw_path,
        query=read_parameters(request.query) if whole else {},
        form=read_form(request) if whole else {},
        request=request,
        base_url=f"http://{request.header('host') or ''}",
        pool=pool,
        cookies=read_cookies(request),
    )


def _preflight(route: Route) -> Response:
    """What a page of another origin may ask, as AWS allows it to everybody."""
    methods = ", ".join((*route.methods, "OPTIONS")).encode()
    headers = [
        *CORS,
        (b"Access-Control-Allow-Methods", methods),
        (b"Access-Control-Allow-Headers", b"authorization, content-type"),
        (b"Access-Control-Max-Age", b"600"),
    ]
    return Response(204, b"", headers)


def _no_domain(host: str) -> Page:
    prefix = host.partition(".")[0]
    return Page(
        title="There is no user pool here.",
        details=(
            f"No user pool has the domain {prefix}.",
            "Make it with CreateUserPoolDomain, or AWS::Cognito::UserPoolDomain in a template.",
        ),
    )
