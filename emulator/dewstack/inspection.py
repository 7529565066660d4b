"""What people ask to understand: a token looked at from all sides, and the configuration as it came out.

Values that look like secrets are left out until somebody asks for them (`reveal=1`).
"""

import asyncio
import platform
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from dewstack import __version__
from dewstack.config import Caller, Config
from dewstack.control import BadRequest, answer, body_of
from dewstack.http import Request, Response

Endpoint = Callable[[Request, dict[str, str]], Awaitable[Response]]
Inspect = Callable[[str], Any]
"""A token, to what there is to say of it. In a thread."""
Call = Callable[[str, str, dict[str, Any], Caller], Awaitable[dict[str, Any]]]

TOKEN_CHARACTERS = 65536
SECRET_NAME = re.compile(r"secret|passw|token|key|credential|private|dsn|salt|signature|cert", re.IGNORECASE)
SECRET_VALUE = re.compile(r"://[^/\s:@]+:[^/\s@]+@|^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[\w+/=-]{24,}$")
"""A password within a URL, or what looks drawn by lot."""
HIDDEN = "••••••••"


class Deployed(Protocol):
    """What the map says of itself."""

    name: str
    stage: str
    region: str
    stack: str
    functions: list[dict[str, Any]]
    map: dict[str, Any] | None
    file: str


class Host(Protocol):
    """The emulator, as it is seen here."""

    @property
    def config(self) -> Config:
        """What was decided before it started."""

    @property
    def deployed(self) -> Deployed:
        """What runs here."""

    @property
    def caller(self) -> Caller:
        """Who it is to the AWS APIs."""


class Inspections:
    """`POST /_dew/tokens/check` and `GET /_dew/configuration`."""

    def __init__(self, host: Host, call: Call, inspect: Inspect) -> None:
        self._host = host
        self._call = call
        self._inspect = inspect

    def endpoints(self) -> dict[tuple[str, str], Endpoint]:
        """By method and path."""
        return {("POST", "tokens/check"): self.check_token, ("GET", "configuration"): self.configuration}

    async def check_token(self, request: Request, query: dict[str, str]) -> Response:
        """All there is to say of `{"token": …}`; it is logged nowhere. Raises BadRequest."""
        token = body_of(request).get("token")
        if not isinstance(token, str) or not token.strip() or len(token) > TOKEN_CHARACTERS:
            raise BadRequest('expected {"token": a token}')
        return answer(await asyncio.to_thread(self._inspect, token))

    async def configuration(self, request: Request, query: dict[str, str]) -> Response:
        """The map with its variables resolved, and every function as it is. A hidden value is null in an environment,
        dots in the map."""
        reveal = query.get("reveal") in ("1", "true")
        deployed, config = self._host.deployed, self._host.config
        return answer(
            {
                "service": deployed.name,
                "stage": deployed.stage,
                "region": deployed.region,
                "stack": deployed.stack,
                "file": deployed.file,
                "account": config.account_id,
                "state": str(config.state_dir) if config.state_dir else None,
                "iam": config.iam,
                "issuer": config.issuer,
                "versions": {"dewstack": __version__, "python": platform.python_version()},
                "functions": await self._functions(reveal),
                "map": deployed.map if reveal else hidden(deployed.map),
            }
        )

    async def _functions(self, reveal: bool) -> list[dict[str, Any]]:
        keys = {each["name"]: each["key"] for each in self._host.deployed.functions}
        found = await self._all("ListFunctions", "Functions", {})
        order = {name: at for at, name in enumerate(keys)}
        found.sort(key=lambda each: order.get(each["FunctionName"], len(order)))
        return [await self._function(each, keys.get(each["FunctionName"]), reveal) for each in found]

    async def _function(self, one: dict[str, Any], key: str | None, reveal: bool) -> dict[str, Any]:
        named = {"FunctionName": one["FunctionName"]}
        versions = await self._all("ListVersionsByFunction", "Versions", named)
        aliases = await self._all("ListAliases", "Aliases", named)
        variables: dict[str, str] = one.get("Environment", {}).get("Variables", {})
        return {
            "key": key,
            "name": one["FunctionName"],
            "handler": one.get("Handler"),
            "runtime": one.get("Runtime") or one.get("PackageType"),
            "memory_mb": one["MemorySize"],
            "timeout": one["Timeout"],
            "role": one.get("Role"),
            "code_size": one.get("CodeSize"),
            "modified": one.get("LastModified"),
            "layers": [each["Arn"] for each in one.get("Layers") or ()],
            "versions": [each["Version"] for each in versions if each["Version"] != "$LATEST"],
            "aliases": [{"name": each["Name"], "version": each["FunctionVersion"]} for each in aliases],
            "environment": {
                name: value if reveal or not is_secret(name, value) else None
                for name, value in variables.items()
            },
        }

    async def _all(self, operation: str, key: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        """All pages of an operation of Lambda that lists."""
        found: list[dict[str, Any]] = []
        marker: dict[str, Any] = {}
        while True:
            page = await self._call("lambda", operation, {**params, **marker}, self._host.caller)
            found += page[key]
            if not page.get("NextMarker"):
                return found
            marker = {"Marker": page["NextMarker"]}


def is_secret(name: str, value: object) -> bool:
    """Whether a setting looks like one: by its name, or by what it is."""
    return (
        isinstance(value, str)
        and bool(value)
        and bool(SECRET_NAME.search(name) or SECRET_VALUE.search(value))
    )


def hidden(document: Any) -> Any:
    """A document with what looks like a secret replaced by dots. `${…}` and references stay: they are none yet."""
    if isinstance(document, Mapping):
        return {
            name: HIDDEN if is_secret(str(name), value) and "${" not in value else hidden(value)
            for name, value in document.items()
        }
    return [hidden(each) for each in document] if isinstance(document, list | tuple) else document
