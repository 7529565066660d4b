"""The emulator: every service made, wired to the others, and put behind its doors.

This is the composition root. Services do not import each other; here each is handed the callables it needs.
"""

import asyncio
import concurrent.futures
import functools
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from dewstack.apigateway import ApiGateway
from dewstack.apigateway.guards import Guards
from dewstack.apigateway.observers import Observers
from dewstack.authority import Authority
from dewstack.clock import Clock
from dewstack.cloudformation import CloudFormation
from dewstack.cloudwatch import CloudWatch, MeteredStream, Overview
from dewstack.cognito import Cognito
from dewstack.config import Caller, Config
from dewstack.connection import Door
from dewstack.control import Pages
from dewstack.costs import Costs
from dewstack.endpoints import Deployed, Endpoints, Urls
from dewstack.events import Events, LogSource
from dewstack.explain import Explanations
from dewstack.frontdoor import AwsDoor, ServiceDoor
from dewstack.frontend import FrontendDoor
from dewstack.iam import Iam, SecurityTokens
from dewstack.lambda_ import Function, LambdaService
from dewstack.loads import Loads
from dewstack.logs import Logs
from dewstack.metrics import Metrics
from dewstack.others import OtherServices
from dewstack.principals import gateway_permits, iam_sources
from dewstack.recording import Recorder, Shelf
from dewstack.recordings import Recordings
from dewstack.server import HttpServer, bind
from dewstack.store import Store
from dewstack.wire.api import AwsApi

if TYPE_CHECKING:
    from dewstack.apigateway.function_urls import FunctionUrls

CALL_SECONDS = 900.0
"""The bound of a call from another thread: the longest a function may run."""
COGNITO = "cognito-idp.amazonaws.com"
"""The principal that a user pool's triggers are invoked by."""


class Emulator:
    """API Gateway, Lambda, Cognito and CloudFormation in this process. Start and stop it on one event loop."""

    def __init__(
        self, config: Config | None = None, clock: Clock | None = None, *, pages: Pages | None = None
    ) -> None:
        self.config = config or Config()
        self._pages = pages
        self.clock = clock or Clock()
        self.deployed = Deployed()
        self.authority = Authority()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.closing: list[Callable[[], None]] = []
        """What else ends when this does; may wait."""

    async def start(self) -> None:
        """Listen and serve. Raises UserError when a port is taken or state cannot be kept."""
        self._loop = asyncio.get_running_loop()
        config = self.config
        sockets = []
        try:
            for port in (config.aws_port, config.service_port, config.frontend_port):
                sockets.append(bind(config.host, port))
            secure = None if config.allow_aws else bind("127.0.0.1", 0)
            sockets += [secure] if secure else []
            aws, service, frontend = (listener.getsockname()[1] for listener in sockets[:3])
            self.config = config = replace(config, aws_port=aws, service_port=service, frontend_port=frontend)
            self.store = Store(config.state_dir / "state.db" if config.state_dir else None)
        except BaseException:
            for listener in sockets:
                listener.close()
            raise
        self._compose()
        doors: tuple[Door, ...] = (self._aws_door, self.service_door, self.frontend_door)
        served: dict[socket.socket, Door] = dict(zip(sockets[:3], doors, strict=True))
        contexts = {}
        if secure:
            # Behind it are AWS's own names, as functions call them.
            self.functions.invoker.launcher.interception = (
                f"127.0.0.1:{secure.getsockname()[1]} {self.urls.aws.removeprefix('http://')}"
            )
            served[secure] = self._aws_door
            contexts[secure] = self.authority.context()
        self._server = HttpServer(served, contexts)
        await self._server.start()
        await self.functions.resume()
        self.events.resume()

    def _compose(self) -> None:
        config, store, clock = self.config, self.store, self.clock
        self.others = self._other_services()
        self.api = AwsApi(config, self.others)
        self.logs = Logs(clock, config)
        self.metrics = Metrics(clock)
        self.functions = LambdaService(
            store, clock, config, self._open_log, metrics=self.metrics, call=self.api.call
        )
        self.functions.invoker.launcher.endpoint_url = self.urls.aws
        self.recorder = self._open_record()
        if self.recorder is not None:
            self.functions.invoker.record = self.recorder.invoked
        self.cloudformation = CloudFormation(store, clock, config, self.api.call)
        self.iam = self.api.guard = Iam(
            clock, config, iam_sources(self.cloudformation, self.others.identities)
        )
        self.functions.invoker.launcher.opened = self._environment_opened
        logs = LogSource(self.logs.follow, self.logs.compile_filter)
        durable = config.state_dir is not None
        self.events = Events(store, clock, self.api.call, self.functions.permits, logs, durable=durable)
        self.functions.tags.owners["event-source-mapping"] = self.events.sources.operations.retag
        self.others.written = self.events.sources.written
        self.cognito = Cognito(
            store,
            clock,
            config,
            self.functions.invoke,
            send=self.functions.send,
            permits=self._permits_cognito,
            patience=self.functions.invoker.debugging.patience,
            write_log=self.logs.write,
        )
        self.gateway = ApiGateway(
            store,
            clock,
            config,
            self.functions.invoke,
            self._keys,
            send=self.functions.send,
            patience=self.functions.invoker.debugging.patience,
            forward=self.api.handle,
            stream=self.functions.stream,
            guards=Guards(self.iam.authorize, gateway_permits(self.functions.permits)),
            observers=Observers(
                self.metrics, self.logs.stream, self.recorder.exchanged if self.recorder else None
            ),
        )
        self.functions.functions.watchers.append(self.gateway.permissions_changed)
        for name, operations in {
            "lambda": self.functions.operations,
            "logs": self.logs.operations,
            "cognito-idp": self.cognito.operations,
            **self.gateway.operations,
            "cloudformation": self.cloudformation.operations,
            "scheduler": self.events.operations["scheduler"],
            "sts": SecurityTokens(self.iam, clock, enforced=config.iam == "enforce").operations,
        }.items():
            self.api.register(name, operations)
        self.api.register("logs", self.events.operations["logs"])
        self.api.register("lambda", self.events.operations["lambda"])
        self.api.register("events", self.events.operations["events"], others_elsewhere=True)
        self.api.register("cloudwatch", CloudWatch(self.metrics).operations, others_elsewhere=True)
        self.service_door = ServiceDoor(self.gateway)
        self.frontend_door = FrontendDoor()
        control = Endpoints(self, self.api, self.logs, self.cognito, clock).control(self._pages)
        self.control = control
        control.add("GET", "metrics", Overview(self.metrics, lambda: self.caller))
        looks = {"mail": lambda: self.cognito.mailbox.edition, "deployed": lambda: id(self.deployed)}
        invoker, door = self.functions.invoker, self.service_door
        recordings = Recordings(self, self.recorder, self.gateway, invoker, self.api.call, looks, door)
        self.recordings = recordings
        costs = Costs(self, self.recorder, invoker, self.api.call)
        self.loads = Loads(self, self.recorder, self.gateway.execute, door, invoker)
        for part in (recordings, costs, self.loads, Explanations(self, self.recorder, door)):
            control.add_all(part.endpoints())
        control.add("GET", "lambda/code", self.functions.packages.download)
        urls, responses = functools.cache(self._function_urls), self.cloudformation.responses
        self._aws_door = AwsDoor(self.gateway, self.api, self.cognito, control, urls, responses)

    def _open_record(self) -> Recorder | None:
        """What takes note of all that runs, unless nobody wants that."""
        if not self.config.record:
            return None
        state = self.config.state_dir
        return Recorder(Shelf(state / "recorded.db") if state else Shelf(rows=10_000))

    def _other_services(self) -> OtherServices:
        """What is called beside the services that are emulated here."""
        account, notify = self.config.account_id, lambda notices: self.events.notices.take(notices)
        state, kept = self.config.state_dir, None
        if state is not None:
            from dewstack.others.kept.insides import keeper

            kept = keeper(state / "data.db", account, self.urls.aws)
        return OtherServices(account, self.urls.aws, self._restore, notify, keeper=kept)

    def _function_urls(self) -> "FunctionUrls":
        """What answers at function URLs; loaded with the first request to one."""
        from dewstack.apigateway.function_urls import FunctionUrls

        return FunctionUrls(
            self.clock,
            self.functions.urls.served,
            lambda: self.functions.functions.edition,
            self.functions.invoke,
            self.functions.stream,
            self.iam.authorize,
            metrics=self.metrics,
        )

    async def _restore(self, service: str) -> None:
        """Make again what stacks have in a service that keeps nothing when the emulator stops."""
        await self.cloudformation.restore(service)

    def _environment_opened(
        self, function: Function, key: str, secret: str, token: str
    ) -> Callable[[], None]:
        """An environment has credentials of its function's role, until it ends."""
        self.iam.environment_opened(function.name, function.role, key, secret, token)
        return lambda: self.iam.environment_closed(key)

    async def _keys(self, issuer: str) -> dict[str, Any] | None:
        """A local pool's keys, for authorizers; made on first need, and that not on the loop."""
        known = self.cognito.known_keys(issuer)
        return known if known is not None else await asyncio.to_thread(self.cognito.keys, issuer)

    async def _permits_cognito(self, function: str, user_pool: str) -> bool:
        """Whether a function's resource policy lets Cognito invoke it for a user pool; both are ARNs."""
        return await asyncio.to_thread(self.functions.permits, function, COGNITO, user_pool)

    async def make_keys(self) -> None:
        """Make the keys of the pools that have none yet, so that the first sign-in need not wait for them."""
        for pool in (await self.api.call("cognito-idp", "ListUserPools", {"MaxResults": 60}, self.caller))[
            "UserPools"
        ]:
            await asyncio.to_thread(self.cognito.jwks, pool["Id"])

    def _open_log(self, function: Function, stream: str) -> MeteredStream:
        """A log stream in the function's own account and region."""
        owner = Caller(function.account_id, function.region)
        return MeteredStream(self.logs.stream(function.log_group_name, stream, owner), owner, self.metrics)

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
        for close in self.closing:
            await asyncio.to_thread(close)
        await self.loads.close()
        if self.recorder is not None:
            await self.recorder.close()
        self.events.close()
        await self.cloudformation.close()
        self.functions.close()
        self.gateway.close()
        await asyncio.to_thread(self.cognito.import_jobs.close)
        self.api.close()
        self.cognito.close()
        self.others.close()
        self.store.close()

    def empty_others(self) -> None:
        """Empty the services behind moto; what is deployed in them is made again before they are used."""
        self.others.empty()

    def environments(self) -> dict[str, int]:
        """How many execution environments each function has now, by its name."""
        return {pool.function.name: len(pool.environments) for pool in self.functions.invoker.pools}

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
