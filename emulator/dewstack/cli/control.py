"""A client of a running emulator's control API (`/_dew/` at the AWS address)."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dewstack.errors import UserError
from dewstack.project import RunFile, find_project, running_or_refuse

if TYPE_CHECKING:
    from http.client import HTTPResponse

TIMEOUT_SECONDS = 910.0
"""Longer than the longest function may run."""


class CallRefused(UserError):
    """AWS's answer was an error: its `code`, and the message it came with."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.said = message


class ControlApi:
    """Speaks to the emulator at `run.aws_url`. Every method raises UserError when it does not answer."""

    def __init__(self, run: RunFile) -> None:
        self.run = run

    def get(self, path: str, **query: str) -> Any:
        """The JSON document at `/_dew/{path}`."""
        with self._request("GET", path, query) as response:
            return self._decoded(response)

    def text(self, path: str, **query: str) -> str:
        """What `/_dew/{path}` says, which is no JSON. Raises CallRefused for an error."""
        with self._request("GET", path, query) as response:
            if response.status >= 400:
                self._decoded(response)
            return response.read().decode()

    def post(self, path: str, document: Mapping[str, Any], **query: str) -> Any:
        """What `/_dew/{path}` answers to a JSON document. Raises CallRefused for an error."""
        with self._request("POST", path, query, document) as response:
            return self._decoded(response)

    def call(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """One AWS operation in boto3's shapes. Raises CallRefused with the error AWS answers."""
        with self._request("POST", f"call/{service}/{operation}", {}, params) as response:
            output = self._decoded(response)
        assert isinstance(output, dict)
        return output

    def functions(self) -> list[dict[str, Any]]:
        """The functions of the map."""
        found: list[dict[str, Any]] = self.get("functions")["functions"]
        return found

    def routes(self) -> dict[str, Any]:
        """The routes of the map, and the region that it is in."""
        told: dict[str, Any] = self.get("routes")
        return told

    def stream(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """The lines of an NDJSON answer, each as it arrives."""
        with self._request("GET", path, query) as response:
            if response.status >= 400:
                self._decoded(response)
            while line := response.readline():
                if line.strip():
                    yield json.loads(line)

    def _request(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None = None
    ) -> "HTTPResponse":
        from http.client import HTTPConnection, HTTPException
        from urllib.parse import urlencode, urlsplit

        url = urlsplit(self.run.aws_url)
        assert url.hostname is not None
        connection = HTTPConnection(url.hostname, url.port, timeout=TIMEOUT_SECONDS)
        target = f"/_dew/{path}?{urlencode(query)}" if query else f"/_dew/{path}"
        payload = None if body is None else json.dumps(body, default=_blob).encode()
        try:
            connection.request(method, target, payload, {"Content-Type": "application/json"})
            return connection.getresponse()
        except (OSError, HTTPException) as error:
            raise UserError(
                f"The emulator (pid {self.run.pid}) does not answer at {self.run.aws_url}: {error}",
                hint="Stop it with 'dew down' and start it again.",
            ) from error

    def _decoded(self, response: "HTTPResponse") -> Any:
        content = response.read()
        try:
            document = json.loads(content)
        except ValueError:
            document = {
                "error": {"code": f"HTTP {response.status}", "message": content.decode(errors="replace")}
            }
        if isinstance(document, dict) and "error" in document and response.status >= 400:
            error = document["error"]
            raise CallRefused(error.get("code", f"HTTP {response.status}"), error.get("message", ""))
        return document


def named_function(wanted: str, functions: list[dict[str, Any]]) -> dict[str, Any]:
    """The function that `wanted` means: `key` is its name in the map, `name` its full one, both will do.

    Raises UserError when there is none, naming those there are.
    """
    for function in functions:
        if wanted in (function["key"], function["name"]):
            return function
    from dewstack.service.problems import did_you_mean

    keys = sorted(function["key"] for function in functions)
    hint = f"Functions: {', '.join(keys)}" if keys else "The map has no functions."
    raise UserError(f"There is no function {wanted!r}{did_you_mean(wanted, keys) or '.'}", hint=hint)


def _blob(value: Any) -> str:
    """How the control API takes what JSON has no word for: bytes as base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"not JSON: {type(value).__name__}")


def connect() -> ControlApi:
    """The control API of the project one stands in. Raises UserError without a project or an emulator."""
    return ControlApi(running_or_refuse(find_project()))
