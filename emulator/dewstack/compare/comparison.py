"""A recorded request, as Flask would have seen it: the shim gets the same bytes, and the same answer of the function.

Handlers don't run a second time: what the function has answered is in the record. Lambda authorizers do, if the map
has any: what they say is not.
"""

import time
from collections.abc import Mapping
from typing import Any

import flask
import msgspec
from msgspec import Struct
from werkzeug.test import run_wsgi_app

from dewstack.clock import Clock
from dewstack.compare.differences import Difference, differences
from dewstack.compare.handler_code import handler_code
from dewstack.compare.mapping import Pair, pairs
from dewstack.compare.payloads import Payloads, payloads_of
from dewstack.compare.seen import Seen, environ_of, look, response_of
from dewstack.errors import AwsError, UserError
from dewstack.service.views import view_code
from dewstack.shim.app import make_app
from dewstack.shim.embedded import Found
from dewstack.shim.endpoint import EndpointClock
from dewstack.shim.functions import Functions, Result

TIMEOUTS = {"http": 503, "rest": 504}
"""What an API answers when its function takes too long."""
ERROR_KEYS = {"errorType", "errorMessage"}
"""What Lambda says of a function that failed; one that has answered nonsense has not."""
THROTTLED = "Throttled: it depends on how many requests came just before, and each side counts its own."
NO_FUNCTION = "The route's integration is no Lambda function; Flask serves functions alone."
ANEW = "The Lambda authorizer was asked anew, and may answer differently each time."


class Compared(Struct, frozen=True):
    """One request from both sides. `response` is the function's, the same for both; the other two are the clients'."""

    summary: Mapping[str, Any]
    request: Mapping[str, Any]
    flask: Seen
    handler: str
    event: Any
    flask_event: Any
    identity: Any
    response: Any
    flask_response: Mapping[str, Any]
    http_response: Mapping[str, Any]
    mapping: list[Pair]
    event_differences: list[Difference]
    response_differences: list[Difference]
    payloads: Payloads | None

    @property
    def unexplained(self) -> list[Difference]:
        """What differs without a reason."""
        return [each for each in (*self.event_differences, *self.response_differences) if not each.reason]

    @property
    def same(self) -> bool:
        """Whether nothing differs but what has a reason to, such as ids and times."""
        return not self.unexplained

    def told(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        document: dict[str, Any] = msgspec.to_builtins(self)
        return {**document, "same": self.same}


class _NotCalled(AwsError):
    """The gateway had an event, and came to no function with it."""

    code = "NotCalled"
    status = 500


class _Recorded(Functions):
    """Functions that answer what was recorded, and note what they were asked."""

    answer: Result | Exception = Result(b"null")
    event: bytes | None = None
    asked_anew = False

    def call(self, arn: str, event: bytes, seconds: float) -> Result:
        """The recorded answer. Raises what became of the function then."""
        self.event = event
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def invoke(self, arn: str, event: bytes) -> Result:
        """An authorizer's, which decides anew."""
        import asyncio

        self.asked_anew = True
        return await asyncio.to_thread(super().call, arn, event, 30.0)


class _Then(Clock):
    """The time that a recorded request came at: a token that was good then is good."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._endpoint = EndpointClock(url)
        self.moment = 0.0

    def time(self) -> float:
        """Seconds since the epoch."""
        return self.moment

    def set(self, detail: Mapping[str, Any]) -> None:
        """Be at the time of a request."""
        event = detail["event"]
        context = (event.get("requestContext") or {}) if isinstance(event, dict) else {}
        told = context.get("timeEpoch") or context.get("requestTimeEpoch")
        moved = self._endpoint.time() - time.time()
        self.moment = told / 1000 if told else float(detail["summary"]["at"]) + moved


class Comparison:
    """Compares requests of the service that was `found`. Not safe for several threads at once."""

    def __init__(self, found: Found) -> None:
        service = found.service
        names = {function.name for function in service.functions.values()}
        directory = service.directory.resolve()
        self._functions = _Recorded(directory, found.url, service.region, invoked=names)
        self._clock = _Then(found.url)
        self._app = make_app(found, self._functions, self._clock)
        self._app.before_request(self._look)
        self._app.after_request(self._note)
        self._seen: dict[str, Any] = {}
        self._asked: Any = None

    def close(self) -> None:
        """End the loop that authorizers run on."""
        self._app.extensions["dewstack"].loop.close()

    def compare(self, detail: Mapping[str, Any]) -> Compared:
        """A request as `GET /_dew/invocation` tells it. Raises UserError for one that can't be compared."""
        summary, request = detail["summary"], detail["request"]
        if request is None or summary["kind"] not in TIMEOUTS:
            raise UserError(
                f"{summary['id']} is no request to an HTTP or REST API: there is nothing to compare."
            )
        if detail.get("cut"):
            raise UserError(f"{summary['id']} is too large to be recorded whole.")
        functions = self._functions
        functions.event, functions.asked_anew, self._asked = None, False, None
        functions.answer = _answer(detail)
        self._clock.set(detail)
        environ = environ_of(request, detail["event"])
        chunks, status, headers = run_wsgi_app(self._app.wsgi_app, environ, buffered=True)
        ours = response_of(int(status.split(" ")[0]), list(headers), b"".join(chunks))
        theirs, event = detail["http_response"], detail["event"]
        if request["method"] == "HEAD":
            theirs = {**theirs, "body": "", "base64": False}  # the connection leaves it out
        told = msgspec.json.decode(functions.event) if functions.event else None
        view, handler = _code(summary, detail)
        seen = Seen(code=view, rule=view.split('"')[1] if view else "", **self._seen)
        reason = _reason(detail, ours, asked_anew=functions.asked_anew)
        return Compared(
            summary,
            request,
            seen,
            handler,
            event,
            told,
            detail["identity"],
            detail["response"],
            ours,
            theirs,
            pairs(event, seen) if isinstance(event, dict) else [],
            differences(told, event, reason),
            differences(_flat(ours), _flat(theirs), reason),
            payloads_of(self._asked, seen),
        )

    def _look(self) -> None:
        self._seen = look()

    def _note(self, response: flask.Response) -> flask.Response:
        """Keep what the event was made of."""
        self._asked = flask.g.get("asked")
        return response


def _answer(detail: Mapping[str, Any]) -> Result | Exception:
    """What the function has answered, or why it has not."""
    status = (detail["http_response"] or {}).get("status", 0)
    broken = bool(detail["summary"]["error"]) and status >= 500
    if broken and status == TIMEOUTS[detail["summary"]["kind"]]:
        return TimeoutError()
    if detail.get("function_arn") is None:
        return _NotCalled("it was not called")
    answered = detail["response"]
    failed = broken and isinstance(answered, dict) and not answered.keys().isdisjoint(ERROR_KEYS)
    return Result(_payload(detail), "Unhandled" if failed else None)


def _payload(detail: Mapping[str, Any]) -> bytes:
    """The function's answer as it was written, where the client got it so: without a `statusCode` it is the body."""
    answered, response = detail["response"], detail["http_response"]
    if not (isinstance(answered, dict) and "statusCode" in answered) and not response["base64"]:
        try:
            if msgspec.json.decode(response["body"]) == answered:
                return str(response["body"]).encode()
        except msgspec.DecodeError:
            pass  # the gateway's own answer
    return msgspec.json.encode(answered)


def _reason(detail: Mapping[str, Any], ours: Mapping[str, Any], *, asked_anew: bool) -> str:
    """Why the two may differ altogether, where they may."""
    theirs = detail["http_response"]
    if 429 in (ours["status"], theirs["status"]) and ours["status"] != theirs["status"]:
        return THROTTLED
    summary = detail["summary"]
    if summary["function"] is None and summary["route"] and not summary["error"] and ours["status"] >= 500:
        return NO_FUNCTION
    return ANEW if asked_anew else ""


def _code(summary: Mapping[str, Any], detail: Mapping[str, Any]) -> tuple[str, str]:
    """The view that would be what the route is, and the handler that does the same; empty where no route was found."""
    method, _, path = (summary["route"] or "").partition(" ")
    if not path:
        return "", ""
    function = (summary["function"] or "view").rpartition("-")[2]
    event = detail["event"] if isinstance(detail["event"], dict) else {}
    refused = (detail["http_response"] or {}).get("status") in (401, 403) and not summary["function"]
    guarded = detail["identity"] is not None or refused
    return (
        view_code(method, path, function, event, guarded=guarded),
        handler_code(method, path, event, guarded=guarded),
    )


def _flat(response: Mapping[str, Any]) -> dict[str, Any]:
    """A response with its headers by lower-case name, for comparing."""
    headers: dict[str, list[str]] = {}
    for name, value in response["headers"]:
        headers.setdefault(str(name).lower(), []).append(str(value))
    return {"status": response["status"], "headers": headers, "body": response["body"]}
