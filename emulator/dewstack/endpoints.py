"""What the control API answers: health, mail, clock, reset, routes, functions, logs, and any AWS operation."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Literal, Protocol

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from dewstack import __version__
from dewstack.authority import Authority
from dewstack.clock import Clock
from dewstack.cognito import Cognito
from dewstack.config import Caller, Config
from dewstack.control import BadRequest, ControlApi, Pages, answer, body_of, ndjson, refusal, refusing
from dewstack.errors import AwsError
from dewstack.events import Events
from dewstack.http import Request, Response
from dewstack.inspection import Inspections
from dewstack.logs import LogEvent, Logs
from dewstack.wire.api import AwsApi


class Urls(Struct, frozen=True):
    """Where the emulator is reached."""

    aws: str
    service: str
    frontend: str


class Deployed(Struct):
    """What the map that runs here says of itself, for `dew routes` and the console."""

    name: str = ""
    stage: str = ""
    region: str = ""
    stack: str = ""
    routes: list[dict[str, Any]] = field(default_factory=list)
    functions: list[dict[str, Any]] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    map: dict[str, Any] | None = None
    """The map with its variables resolved."""
    file: str = ""
    directory: str = ""
    """Where the map is."""


class UserImport(Struct):
    """What an import of users is asked for."""

    pool: str
    users: list[Any]
    groups: list[Any] = field(default_factory=list)
    mode: Literal["add", "compare", "replace"] = "compare"


class Host(Protocol):
    """The emulator, as its endpoints see it."""

    config: Config
    deployed: Deployed
    authority: Authority
    events: Events

    @property
    def urls(self) -> Urls:
        """Where it is reached."""

    @property
    def caller(self) -> Caller:
        """Who it is to the AWS APIs."""

    def empty_others(self) -> None:
        """Empty the services behind moto; what is deployed in them stays."""

    def environments(self) -> dict[str, int]:
        """How many execution environments each function has now, by its name."""


class Endpoints:
    """One method an endpoint."""

    def __init__(self, host: Host, api: AwsApi, logs: Logs, cognito: Cognito, clock: Clock) -> None:
        self._host = host
        self._api = api
        self._log_service = logs
        self._cognito = cognito
        self._mailbox = cognito.mailbox
        self._time = clock

    def control(self, pages: Pages | None) -> ControlApi:
        """The control API with these endpoints."""
        inspections = Inspections(self._host, self._api.call, self._cognito.inspect)
        return ControlApi(
            {
                **{key: refusing(each) for key, each in inspections.endpoints().items()},
                ("GET", "health"): self._health,
                ("GET", "mail"): self._mail,
                ("GET", "users"): refusing(self._export_users),
                ("POST", "users"): refusing(self._import_users),
                ("GET", "clock"): self._clock,
                ("POST", "clock"): self._clock,
                ("POST", "reset"): refusing(self._reset),
                ("GET", "routes"): self._routes,
                ("GET", "functions"): self._functions,
                ("GET", "logs"): self._logs,
                ("GET", "authority"): self._authority,
                ("POST", "schedules/fire"): refusing(self._fire),
            },
            refusing(self._call),
            pages,
        )

    async def _health(self, request: Request, query: dict[str, str]) -> Response:
        return answer(
            {
                "status": "running",
                "version": __version__,
                "service": self._host.deployed.name,
                "stage": self._host.deployed.stage,
                "urls": msgspec.structs.asdict(self._host.urls),
                "outputs": self._host.deployed.outputs,
            }
        )

    async def _authority(self, request: Request, query: dict[str, str]) -> Response:
        """The certificate by which functions trust AWS's names here."""
        pem = await asyncio.to_thread(self._host.authority.certificate)
        return Response(200, pem.encode(), [(b"Content-Type", b"application/x-pem-file")])

    async def _fire(self, request: Request, query: dict[str, str]) -> Response:
        """Fire the schedules of a name now, whatever their time."""
        name = str(body_of(request).get("name") or "")
        if not await self._host.events.fire(name):
            raise BadRequest(f"no schedule is called '{name}': expected {{\"name\": its name or ARN}}")
        return answer({"fired": name})

    async def _mail(self, request: Request, query: dict[str, str]) -> Response:
        messages = await asyncio.to_thread(self._mailbox.messages, query.get("to"))
        return answer({"messages": messages})

    async def _export_users(self, request: Request, query: dict[str, str]) -> Response:
        """A pool's users with what is kept of their passwords: for this machine's own programs."""
        self._require_neighbour(request)
        export = self._cognito.files.export_users
        with_totp = query.get("totp") in ("1", "true")
        pool = query.get("pool", "")
        return answer(await asyncio.to_thread(export, self._host.caller, pool, with_totp=with_totp))

    async def _import_users(self, request: Request, query: dict[str, str]) -> Response:
        """All users of a file, or the mistakes in it."""
        self._require_neighbour(request)
        body = msgspec.convert(body_of(request), UserImport)
        load = self._cognito.files.import_users
        report = await asyncio.to_thread(
            load, self._host.caller, body.pool, body.users, body.groups, body.mode
        )
        return answer(report)

    def _require_neighbour(self, request: Request) -> None:
        """Refuse other machines, which a wider --host lets in. Raises BadRequest."""
        if not (request.source_ip in ("", "::1") or request.source_ip.startswith("127.")):
            raise BadRequest("users are exported and imported on the emulator's own machine")

    async def _clock(self, request: Request, query: dict[str, str]) -> Response:
        if request.method == "POST":
            try:
                seconds = float(body_of(request)["advance"])
                self._time.advance(seconds)
            except (KeyError, TypeError, ValueError) as error:
                return refusal(BadRequest(f'expected {{"advance": seconds}}, zero or more: {error}'))
            except BadRequest as error:
                return refusal(error)
        return answer({"time": self._time.time(), "offset": self._time.offset})

    async def _reset(self, request: Request, query: dict[str, str]) -> Response:
        """Remove every user and message, and what handlers wrote elsewhere; what is deployed stays."""
        caller, removed = self._host.caller, 0
        for pool in (await self._api.call("cognito-idp", "ListUserPools", {"MaxResults": 60}, caller))[
            "UserPools"
        ]:
            in_pool = {"UserPoolId": pool["Id"]}
            while users := (await self._api.call("cognito-idp", "ListUsers", in_pool, caller))["Users"]:
                for user in users:
                    params = {**in_pool, "Username": user["Username"]}
                    await self._api.call("cognito-idp", "AdminDeleteUser", params, caller)
                removed += len(users)
        await asyncio.to_thread(self._mailbox.clear)
        await asyncio.to_thread(self._host.empty_others)
        self._log_service.clear()
        return answer({"users": removed})

    async def _routes(self, request: Request, query: dict[str, str]) -> Response:
        deployed = self._host.deployed
        told = {"service_url": self._host.urls.service, "region": deployed.region, "routes": deployed.routes}
        return answer(told)

    async def _functions(self, request: Request, query: dict[str, str]) -> Response:
        counts = self._host.environments()
        listed = [
            {**each, "environments": counts.get(each["name"], 0)} for each in self._host.deployed.functions
        ]
        return answer({"functions": listed})

    async def _logs(self, request: Request, query: dict[str, str]) -> Response:
        """Recent lines, and with `follow=1` those to come, as NDJSON."""
        names = {f["key"]: f["log_group"] for f in self._host.deployed.functions}
        wanted = query.get("function")
        groups = (
            {names.get(wanted, wanted): wanted} if wanted else {group: key for key, group in names.items()}
        )
        follower = self._log_service.follow(list(groups)) if query.get("follow") in ("1", "true") else None
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
                page = await self._api.call("logs", "FilterLogEvents", params, self._host.caller)
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
        await self._api.check(service, operation, params)
        caller = self._host.caller
        if region := query.get("region"):
            caller = replace(caller, region=region)
        output = await self._api.call(service, operation, params, caller)
        for name, value in output.items():
            if hasattr(value, "__aiter__"):  # an event stream
                output[name] = [event async for event in value]
        return answer(output)


def _log_line(event: LogEvent, keys: dict[str, str]) -> dict[str, Any]:
    return {
        "function": keys.get(event.group, event.group),
        "group": event.group,
        "stream": event.stream,
        "timestamp": event.timestamp_ms,
        "message": event.message,
    }
