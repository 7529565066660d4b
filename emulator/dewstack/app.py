"""The emulator: every service made, wired to the others, and put behind its doors.

This is the composition root. Services do not import each other; here each is handed the callables it needs.
"""

import asyncio
import concurrent.futures
import functools
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import msgspec

from dewstack import __version__
from dewstack.apigateway import ApiGateway
from dewstack.clock import Clock
from dewstack.cloudformation import CloudFormation
from dewstack.cognito import Cognito
from dewstack.config import Caller, Config
from dewstack.connection import Door
from dewstack.control import BadRequest, ControlApi, Pages, answer, body_of, ndjson, refusal
from dewstack.errors import AwsError
from dewstack.frontdoor import AwsDoor, FrontendDoor, ServiceDoor
from dewstack.http import Request, Response
from dewstack.lambda_ import Function, LambdaService
from dewstack.logs import LogEvent, Logs, LogStream
from dewstack.server import HttpServer, bind
from dewstack.store import Store
from dewstack.sts import SecurityTokens
from dewstack.wire.api import AwsApi

logger = logging.getLogger("dewstack")

CALL_SECONDS = 900.0
"""The bound of a call from another thread: the longest a function may run."""


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the emulator is reached."""

    aws: str
    service: str
    frontend: str


@dataclass(slots=True)
class Deployed:
    """What the map that runs here says of itself, for `dew routes` and the console."""

    name: str = ""
    stage: str = ""
    region: str = ""
    stack: str = ""
    routes: list[dict[str, Any]] = field(default_factory=list)
    functions: list[dict[str, Any]] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)


class Emulator:
    """API Gateway, Lambda, Cognito and CloudFormation in this process. Start and stop it on one event loop."""

    def __init__(
        self, config: Config | None = None, clock: Clock | None = None, *, pages: Pages | None = None
    ) -> None:
        self.config = config or Config()
        self._pages = pages
        self.clock = clock or Clock()
        self.deployed = Deployed()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Listen and serve. Raises UserError when a port is taken or state cannot be kept."""
        self._loop = asyncio.get_running_loop()
        config = self.config
        sockets = []
        try:
            for port in (config.aws_port, config.service_port, config.frontend_port):
                sockets.append(bind(config.host, port))
            aws, service, frontend = (listener.getsockname()[1] for listener in sockets)
            self.config = config = replace(config, aws_port=aws, service_port=service, frontend_port=frontend)
            self.store = Store(config.state_dir / "state.db" if config.state_dir else None)
        except BaseException:
            for listener in sockets:
                listener.close()
            raise
        self._compose()
        doors: tuple[Door, ...] = (self._aws_door, self.service_door, self.frontend_door)
        self._server = HttpServer(dict(zip(sockets, doors, strict=True)))
        await self._server.start()

    def _compose(self) -> None:
        config, store, clock = self.config, self.store, self.clock
        self.api = AwsApi(config)
        self.logs = Logs(clock, config)
        self.functions = LambdaService(store, clock, config, self._open_log)
        self.functions.invoker.endpoint_url = self.urls.aws
        self.cognito = Cognito(store, clock, config)
        self.gateway = ApiGateway(store, clock, config, self.functions.invoke, self._keys)
        self.cloudformation = CloudFormation(store, clock, config, self.api.call)
        for name, operations in {
            "lambda": self.functions.operations,
            "logs": self.logs.operations,
            "cognito-idp": self.cognito.operations,
            "apigatewayv2": self.gateway.operations,
            "cloudformation": self.cloudformation.operations,
            "sts": SecurityTokens().operations,
        }.items():
            self.api.register(name, operations)
        self.service_door = ServiceDoor(self.gateway)
        self.frontend_door = FrontendDoor()
        self._aws_door = AwsDoor(self.gateway, self.api, self.cognito, self._control())

    async def _keys(self, issuer: str) -> dict[str, Any] | None:
        """A local pool's keys, for authorizers; made on first need, and that not on the loop."""
        known = self.cognito.known_keys(issuer)
        return known if known is not None else await asyncio.to_thread(self.cognito.keys, issuer)

    async def make_keys(self) -> None:
        """Make the keys of the pools that have none yet, so that the first sign-in need not wait for them."""
        for pool in (await self.api.call("cognito-idp", "ListUserPools", {"MaxResults": 60}, self.caller))[
            "UserPools"
        ]:
            await asyncio.to_thread(self.cognito.jwks, pool["Id"])

    def _open_log(self, function: Function, stream: str) -> LogStream:
        """A log stream in the function's own account and region."""
        return self.logs.stream(function.log_group_name, stream, Caller(function.account_id, function.region))

    @property
    def caller(self) -> Caller:
        """Who we ourselves are to the AWS APIs: the emulator's account, in the region of what is deployed."""
        return Caller(self.config.account_id, self.deployed.region or self.config.region)

    @property
    def urls(self) -> Urls:
        """Base URLs, without a trailing slash."""
        host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
        if host in ("0.0.0.0", "[::]"):
            host = "127.0.0.1"
        ports = (self.config.aws_port, self.config.service_port, self.config.frontend_port)
        return Urls(*(f"http://{host}:{port}" for port in ports))

    async def stop(self) -> None:
        """Stop accepting, end functions and background work, close the store."""
        await self._server.stop()
        await self.cloudformation.close()
        self.functions.close()
        self.api.close()
        self.store.close()

    def call(
        self, service: str, operation: str, params: dict[str, Any], caller: Caller | None = None
    ) -> dict[str, Any]:
        """Call an AWS operation from another thread, as boto3 would. Raises the AwsError it answers."""
        assert self._loop is not None, "the emulator has not started"
        work = self.api.call(service, operation, params, caller or self.caller)
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout=CALL_SECONDS)
        except concurrent.futures.TimeoutError:
            future.cancel()
            raise

    # The control API.

    def _control(self) -> ControlApi:
        return ControlApi(
            {
                ("GET", "health"): self._health,
                ("GET", "mail"): self._mail,
                ("GET", "clock"): self._clock,
                ("POST", "clock"): self._clock,
                ("POST", "reset"): self._reset,
                ("GET", "routes"): self._routes,
                ("GET", "functions"): self._functions,
                ("GET", "logs"): self._logs,
            },
            _refusing(self._call),
            self._pages,
        )

    async def _health(self, request: Request, query: dict[str, str]) -> Response:
        return answer(
            {
                "status": "running",
                "version": __version__,
                "service": self.deployed.name,
                "stage": self.deployed.stage,
                "urls": asdict(self.urls),
                "outputs": self.deployed.outputs,
            }
        )

    async def _mail(self, request: Request, query: dict[str, str]) -> Response:
        messages = await asyncio.to_thread(self.cognito.mailbox.messages, query.get("to"))
        return answer({"messages": messages})

    async def _clock(self, request: Request, query: dict[str, str]) -> Response:
        if request.method == "POST":
            try:
                seconds = float(body_of(request)["advance"])
                self.clock.advance(seconds)
            except (KeyError, TypeError, ValueError) as error:
                return refusal(BadRequest(f'expected {{"advance": seconds}}, zero or more: {error}'))
            except BadRequest as error:
                return refusal(error)
        return answer({"time": self.clock.time(), "offset": self.clock.offset})

    async def _reset(self, request: Request, query: dict[str, str]) -> Response:
        """Remove every user and message; what is deployed stays."""
        caller, removed = self.caller, 0
        for pool in (await self.api.call("cognito-idp", "ListUserPools", {"MaxResults": 60}, caller))[
            "UserPools"
        ]:
            in_pool = {"UserPoolId": pool["Id"]}
            while users := (await self.api.call("cognito-idp", "ListUsers", in_pool, caller))["Users"]:
                for user in users:
                    params = {**in_pool, "Username": user["Username"]}
                    await self.api.call("cognito-idp", "AdminDeleteUser", params, caller)
                removed += len(users)
        await asyncio.to_thread(self.cognito.mailbox.clear)
        self.logs.clear()
        return answer({"users": removed})

    async def _routes(self, request: Request, query: dict[str, str]) -> Response:
        return answer({"service_url": self.urls.service, "routes": self.deployed.routes})

    async def _functions(self, request: Request, query: dict[str, str]) -> Response:
        pools = {pool.function.name: pool for pool in self.functions.invoker.pools}
        listed = []
        for function in self.deployed.functions:
            pool = pools.get(function["name"])
            listed.append({**function, "environments": len(pool.environments) if pool else 0})
        return answer({"functions": listed})

    async def _logs(self, request: Request, query: dict[str, str]) -> Response:
        """Recent lines, and with `follow=1` those to come, as NDJSON."""
        names = {f["key"]: f["log_group"] for f in self.deployed.functions}
        wanted = query.get("function")
        groups = (
            {names.get(wanted, wanted): wanted} if wanted else {group: key for key, group in names.items()}
        )
        follower = self.logs.follow(list(groups)) if query.get("follow") in ("1", "true") else None
        recent = await self._recent(list(groups))
        told = set(recent)  # what was written while we read comes by both ways

        async def events() -> AsyncGenerator[dict[str, Any], None]:
            for event in recent:
                yield _log_line(event, groups)
            if follower is not None:
                async with aclosing(follower):
                    async for event in follower:
                        if event not in told:
                            yield _log_line(event, groups)

        return ndjson(events())

    async def _recent(self, groups: list[str]) -> list[LogEvent]:
        """The latest thousand lines of each group, oldest first."""
        found: list[LogEvent] = []
        for group in groups:
            params = {"logGroupName": group, "limit": 1000, "startFromHead": False}
            try:
                page = await self.api.call("logs", "FilterLogEvents", params, self.caller)
            except AwsError:
                continue  # nothing has been written yet
            found += [
                LogEvent(group, event["logStreamName"], event["timestamp"], event["message"])
                for event in reversed(page["events"])
            ]
        return sorted(found, key=lambda event: event.timestamp_ms)

    async def _call(self, request: Request, query: dict[str, str]) -> Response:
        service, _, operation = request.raw_path.removeprefix("/_dew/call/").partition("/")
        params = body_of(request)
        if isinstance(params.get("Payload"), str):
            params["Payload"] = params["Payload"].encode()
        await self.api.check(service, operation, params)
        return answer(await self.api.call(service, operation, params, self.caller))


def _log_line(event: LogEvent, keys: dict[str, str]) -> dict[str, Any]:
    return {
        "function": keys.get(event.group, event.group),
        "group": event.group,
        "stream": event.stream,
        "timestamp": event.timestamp_ms,
        "message": event.message,
    }


def _refusing(
    endpoint: Callable[[Request, dict[str, str]], Awaitable[Response]],
) -> Callable[[Request, dict[str, str]], Awaitable[Response]]:
    """The endpoint, with AWS's errors told as the control API tells them."""

    @functools.wraps(endpoint)
    async def guarded(request: Request, query: dict[str, str]) -> Response:
        try:
            return await endpoint(request, query)
        except AwsError as error:
            return refusal(error)
        except (KeyError, TypeError, msgspec.DecodeError) as error:
            return refusal(BadRequest(f"the parameters are not those of the operation: {error!r}"))

    return guarded
