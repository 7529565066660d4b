"""Which service a request is for.

Port 4566 is the AWS endpoint and more: execute-api and function URLs by host or path, the pools' keys, the control API,
health.
The service's own port leads straight to its APIs; the front end's serves its files and `/config.json`.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from dewstack.authority import is_aws_name
from dewstack.http import Request, Response, json_response

OWN_HOST = re.compile(r"([a-z0-9]+)\.(?:execute-api|lambda-(url))\.")
"""The host of an API, or of a function URL."""
FUNCTION_URL_PATH = re.compile(r"/_aws/lambda-url/([a-z0-9]+)(/.*)?")
"""The same function URL for clients that don't resolve names below `localhost`."""
EXECUTE_API_PATH = re.compile(
    r"/(?:_aws/execute-api/(?P<a>[a-z0-9]+)(?P<a_rest>/.*)?"
    r"|execute-api/(?P<b>[a-z0-9]+)(?P<b_rest>/.*)?"
    r"|restapis/(?P<c>[a-z0-9]+)/(?P<c_stage>[^/]+)/_user_request_(?P<c_rest>/.*)?)"
)
WELL_KNOWN = re.compile(r"/([\w-]+_[0-9a-zA-Z]+)/\.well-known/(jwks\.json|openid-configuration)")
CONNECTIONS_PATH = re.compile(r"(?:/[^/]+)?(/@connections/[^/]+)")
"""A client of a WebSocket API, as a backend names it: alone, or below the name of its stage."""
HOSTED_HOST = re.compile(r"[a-z0-9-]+\.auth\.(?:[a-z0-9-]+\.)?(?:amazoncognito\.com|localhost)(?::\d+)?")
"""A user pool's domain."""
HOSTED_PATHS = frozenset(
    {
        *("/oauth2/authorize", "/oauth2/token", "/oauth2/userInfo", "/oauth2/revoke", "/oauth2/idpresponse"),
        *("/login", "/logout", "/signup", "/confirm", "/confirmUser", "/error"),
        *("/forgotPassword", "/confirmforgotPassword", "/saml2/idpresponse"),
    }
)
"""What a domain serves; at other addresses the client, or the token, says which pool is meant."""
IMPORTS = "/_aws/cognito-idp/imports/"
"""Where files of users are uploaded to."""
CORS_ANY = (b"Access-Control-Allow-Origin", b"*")
DEPLOYMENT_SECONDS = 20.0
"""How long a request waits for the first deployment."""
REVALIDATE = (b"Cache-Control", b"no-cache")


class Gateway(Protocol):
    """API Gateway's data plane."""

    async def execute(self, api_id: str, request: Request) -> Response:
        """The API's response."""

    def has_domain(self, host: str) -> bool:
        """Whether APIs have this name of their own."""

    async def execute_at(self, host: str, request: Request) -> Response:
        """The response at a name of one's own."""


class FunctionUrls(Protocol):
    """The data plane of function URLs."""

    async def execute(self, url_id: str, request: Request, base: str = "") -> Response:
        """The response of the URL with this id, whose own paths begin after `base`."""


class AwsEndpoint(Protocol):
    """The AWS APIs over HTTP."""

    def is_aws_request(self, request: Request) -> bool:
        """Whether `handle` is meant."""

    async def handle(self, request: Request) -> Response:
        """The operation's response."""


class UserPools(Protocol):
    """What pools publish."""

    def jwks(self, pool_id: str) -> dict[str, Any] | None:
        """The pool's JWK set."""

    def openid_configuration(self, pool_id: str, base_url: str) -> dict[str, Any] | None:
        """The pool's discovery document."""

    def upload(self, request: Request) -> Response:
        """The answer to a CSV file of users, sent to the URL of an import job."""

    async def hosted(self, request: Request) -> Response:
        """The hosted UI and the OAuth endpoints."""


class Responses(Protocol):
    """Where CloudFormation's custom resources answer."""

    def is_response(self, host: str, path: str) -> bool:
        """Whether `take` is meant."""

    def take(self, request: Request) -> Response:
        """The answer to an answer."""


class AwsDoor:
    """Everything on the AWS port."""

    def __init__(
        self,
        gateway: Gateway,
        aws: AwsEndpoint,
        pools: UserPools,
        control: Callable[[Request], Awaitable[Response]],
        urls: Callable[[], FunctionUrls],
        responses: Responses,
    ) -> None:
        self._gateway = gateway
        self._urls = urls
        self._aws = aws
        self._pools = pools
        self._control = control
        self._responses = responses

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        host = (request.header("host") or "").lower()
        by_host = OWN_HOST.match(host)
        if by_host:
            owner = self._urls() if by_host[2] else self._gateway
            return await owner.execute(by_host[1], request)
        if self._gateway.has_domain(host):
            return await self._gateway.execute_at(host, request)
        path = request.raw_path
        if path.startswith("/_dew/"):
            return await self._control(request)
        by_path = EXECUTE_API_PATH.fullmatch(path)
        if by_path:
            return await self._execute(by_path, request)
        by_url = FUNCTION_URL_PATH.fullmatch(path)
        if by_url:
            return await self._urls().execute(by_url[1], request, path[: len(path) - len(by_url[2] or "")])
        if path.startswith(IMPORTS):
            return await asyncio.to_thread(self._pools.upload, request)
        well_known = WELL_KNOWN.fullmatch(path)
        if well_known:
            return await self._publish(well_known[1], well_known[2], host)
        if path == "/_localstack/health":
            return json_response(200, {"services": {}, "edition": "dewstack", "version": "4.14.0"})
        if HOSTED_HOST.fullmatch(host):
            return await self._pools.hosted(request)
        return await self._aws_or_nothing(request, path)

    async def _aws_or_nothing(self, request: Request, path: str) -> Response:
        """AWS's APIs; where it is none of them, a page of the hosted UI, or nothing."""
        if path == "/_dew":
            return Response(307, b"", [(b"Location", b"/_dew/")])
        connection = CONNECTIONS_PATH.fullmatch(path)
        if connection:
            return await self._aws.handle(replace(request, raw_path=connection[1], sent_path=path))
        if self._responses.is_response((request.header("host") or "").lower(), path):
            return self._responses.take(request)
        if self._aws.is_aws_request(request):
            return await self._aws.handle(request)
        if path in HOSTED_PATHS:
            return await self._pools.hosted(request)
        return json_response(
            404,
            {
                "message": f"{request.method} {path}: nothing is here. AWS SDKs and the AWS CLI use this address as"
                " their endpoint; the service itself is on its own port (dew routes), the console at /_dew/."
            },
        )

    async def _execute(self, match: re.Match[str], request: Request) -> Response:
        """An API by path: the stage that follows the id is part of the API's own path, except `$default`."""
        api_id = match["a"] or match["b"] or match["c"]
        rest = match["a_rest"] or match["b_rest"] or f"/{match['c_stage'] or ''}{match['c_rest'] or ''}"
        for default in ("/$default", "/%24default"):
            if rest == default or rest.startswith(default + "/"):
                rest = rest.removeprefix(default) or "/"
        return await self._gateway.execute(
            api_id, replace(request, raw_path=rest, sent_path=request.raw_path)
        )

    async def _publish(self, pool_id: str, name: str, host: str) -> Response:
        if name == "jwks.json":
            document = await asyncio.to_thread(self._pools.jwks, pool_id)
        else:
            document = self._pools.openid_configuration(pool_id, _origin(host))
        if document is None:
            return json_response(404, {"message": f"User pool {pool_id} does not exist."})
        return json_response(200, document, CORS_ANY)


class Served(Struct, frozen=True):
    """An API at the service's port. Below `base` (`/dev`, or '' for everything) its own paths go on behind
    `own_base`: the stage of a REST API, nothing for an HTTP API."""

    api_id: str
    base: str = ""
    own_base: str = ""

    def path(self, raw_path: str) -> str | None:
        """The API's own path for a request's, or None where the request is for another. Slashes too many before the
        base mean nothing, as at AWS."""
        base = self.base
        if not base:
            return self.own_base + raw_path if self.own_base else raw_path
        if not raw_path.startswith(base):
            raw_path = "/" + raw_path.lstrip("/")
            if not raw_path.startswith(base):
                return None
        rest = raw_path[len(base) :]
        return None if rest and rest[0] != "/" else self.own_base + rest or "/"


class ServiceDoor:
    """The service's own port: its HTTP API at `/`, its REST API at `/{stage}/`, its WebSocket API at both for who wants
    to speak WebSocket. Until they are deployed, requests wait for them."""

    def __init__(self, gateway: Gateway) -> None:
        self._apis: tuple[Served, ...] = ()
        self._websockets: Served | None = None
        self._gateway = gateway
        self._opened = asyncio.Event()

    def lead_to(self, *apis: Served | None, websockets: Served | None = None) -> None:
        """Serve these APIs from now on. Where two bases fit a request, the longer one is meant. `websockets` gets what
        only a WebSocket API answers, whatever its path."""
        self._websockets = websockets
        self._apis = tuple(sorted((api for api in apis if api), key=lambda api: len(api.base), reverse=True))
        self._opened.set()

    @property
    def apis(self) -> tuple[Served, ...]:
        """The APIs it leads to, HTTP and REST."""
        return self._apis

    @property
    def websockets(self) -> Served | None:
        """The WebSocket API it leads to."""
        return self._websockets

    async def __call__(self, request: Request) -> Response:
        """Answer one request."""
        if not self._opened.is_set():
            try:
                async with asyncio.timeout(DEPLOYMENT_SECONDS):
                    await self._opened.wait()
            except TimeoutError:
                still = {"message": "The service is still being deployed."}
                return json_response(503, still, (b"Retry-After", b"1"))
        if self._websockets is not None and _is_for_websockets(request):
            own = self._websockets.own_base
            asked = request.raw_path.rstrip("/") or own
            asked = asked if asked == own or asked.startswith(f"{own}/") else own + asked
            request = replace(request, raw_path=asked, sent_path=request.raw_path)
            return await self._gateway.execute(self._websockets.api_id, request)
        for api in self._apis:
            path = api.path(request.raw_path)
            if path is not None:
                if path != request.raw_path:
                    request = replace(request, raw_path=path, sent_path=request.raw_path)
                return await self._gateway.execute(api.api_id, request)
        return json_response(404, {"message": self._astray(request)})

    def _astray(self, request: Request) -> str:
        """What to tell a client that missed every API."""
        if not self._apis and self._websockets is not None:
            return f"The map has a WebSocket API only: connect to ws://…{self._websockets.own_base}"
        if not self._apis:
            return "The map has neither an HTTP API nor a REST API."
        bases = " and ".join(f"{api.base}/" for api in self._apis)
        return f"{request.method} {request.raw_path}: nothing is here. The API is at {bases}"


def _is_for_websockets(request: Request) -> bool:
    """Whether only a WebSocket API can be meant: a handshake, or what a backend has to say to a client."""
    return "/@connections/" in request.raw_path or (request.header("upgrade") or "").lower() == "websocket"


def _origin(host: str) -> str:
    """The origin by which a client came: AWS's own names lead here over TLS alone."""
    return f"{'https' if is_aws_name(host) else 'http'}://{host}"
