"""What AWS does with a request to a route, step by step, with the route's own settings and the limits that apply."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from dewstack.apigateway.throttle import ACCOUNT_BURST, ACCOUNT_RATE
from dewstack.explain.model import Access, Facts, Function, Step

NAMES = {
    "http": "the HTTP API",
    "rest": "the REST API",
    "websocket": "the WebSocket API",
    "url": "the function's URL",
}
REQUEST_LIMITS = {
    "http": "request ≤ 10 MB, its headers ≤ 10,240 bytes",
    "rest": "request ≤ 10 MB, its headers ≤ 10,240 bytes",
    "websocket": "message ≤ 128 KB, in frames of 32 KB",
    "url": "request ≤ 6 MB",
}
LONGEST_WAIT = {
    "http": "≤ 30 s",
    "rest": "≤ 29 s unless AWS raises it",
    "websocket": "≤ 29 s",
    "url": "≤ 15 min",
}
IDLE = {"websocket": "a connection ends after 10 minutes without a message, or 2 hours"}
RESPONSES = {
    (
        "http",
        "2.0",
    ): "The statusCode, headers, cookies and body become the response; anything without a statusCode"
    " becomes the JSON body of a 200",
    (
        "http",
        "1.0",
    ): "The statusCode, headers, multiValueHeaders and body become the response; without a statusCode: 500"
    " Internal Server Error",
    (
        "rest",
        "1.0",
    ): "The statusCode, headers, multiValueHeaders and body (a string) become the response; anything else:"
    " 502 Internal server error",
    (
        "websocket",
        "1.0",
    ): "Of $connect the statusCode alone counts; of other routes the body is sent back only where"
    " the route has a route response",
    ("url", "2.0"): "As with an HTTP API's format 2.0; where it can't be read: 502 Internal Server Error",
}


def steps_of(api: str, key: str, facts: Facts, function: Function) -> list[Step]:
    """The steps, in their order. `api` is http, rest, websocket or url."""
    steps = [
        Step(
            "DNS and TLS",
            f"The client resolves {urlsplit(facts.aws_address).hostname} (or your own domain's name) and speaks TLS"
            f" with it; here it is {urlsplit(facts.address).netloc}, without TLS.",
            IDLE.get(api, ""),
        ),
        Step("Routing", _routing(api, key), REQUEST_LIMITS[api]),
    ]
    if facts.cors:
        steps.append(Step("CORS", _CORS[api](facts.cors)))
    steps.append(Step("Authorizer", _authorizer(facts.access), _AUTHORIZER_LIMITS.get(facts.access.kind, "")))
    steps.append(_throttling(api, facts, function))
    steps.append(_integration(api, facts, function))
    steps.append(
        Step(
            "Lambda environment",
            f"A warm environment is taken, or a cold one started: {function.runtime}, {function.memory_mb} MB, the"
            f" imports of {function.handler or 'its image'} run once. Now {function.environments or 'none'} of them"
            f" {'are' if function.environments > 1 else 'is'} here.",
            f"function timeout {function.timeout} s (≤ 900 s); init ≤ 10 s; one request at a time in each",
        )
    )
    said = RESPONSES.get((api, facts.payload)) if facts.event is not None else None
    text = said or "Mapping templates make the response of what the function returned"
    steps.append(Step("Response mapping", f"{text}.", "the function's answer ≤ 6 MB"))
    steps.append(Step("Access log", _log(api, facts, function)))
    return steps


def _routing(api: str, key: str) -> str:
    if api == "url":
        return "Every method and path reaches the function; it routes by itself (rawPath)."
    if key == "$default":
        return f"Whatever no other route of {NAMES[api]} takes comes to $default."
    if api == "websocket":
        return f"{'The connection itself' if key in ('$connect', '$disconnect') else 'A message'} leads to {key}."
    missed = "403 Missing Authentication Token" if api == "rest" else "404 Not Found"
    return f"The route {key} is picked: literals before parameters before {{proxy+}}. No route: {missed}."


def _http_cors(cors: Mapping[str, object]) -> str:
    origins = ", ".join(map(str, _many(cors.get("allow_origins")))) or "none"
    return (
        f"API Gateway itself answers preflights (OPTIONS) and adds headers to responses; allowed origins: {origins}."
        " The CORS headers that the function sends are dropped."
    )


def _rest_cors(cors: Mapping[str, object]) -> str:
    origin = cors.get("Access-Control-Allow-Origin", "none")
    return (
        f"OPTIONS is a mock integration that answers preflights, allowed origin: {origin}. The function's responses"
        " need Access-Control-Allow-Origin by its own doing."
    )


def _url_cors(cors: Mapping[str, object]) -> str:
    origins = ", ".join(map(str, _many(cors.get("AllowOrigins")))) or "none"
    return f"The URL answers preflights and adds the headers; allowed origins: {origins}."


_CORS: Mapping[str, Callable[[Mapping[str, object]], str]] = {
    "http": _http_cors,
    "rest": _rest_cors,
    "url": _url_cors,
}


def _many(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


_REFUSED = {
    "jwt": "Without a good token: 401 Unauthorized. The function is not started.",
    "cognito": "Without a good token: 401 Unauthorized. The function is not started.",
    "iam": "Without a good signature, or a policy that allows it: 403. The function is not started.",
    "lambda": "It is asked before the function; without an identity source: 401 Unauthorized, denied: 403.",
    "none": "Nobody is asked who he is.",
}
_AUTHORIZER_LIMITS = {
    "lambda": "the authorizer's answer ≤ 10 s, remembered ≤ 1 hour",
    "jwt": "keys are cached",
}


def _authorizer(access: Access) -> str:
    scoped = " Without one of the scopes: 403 Forbidden." if access.kind == "jwt" and access.scopes else ""
    return f"May call: {access.text}. {_REFUSED[access.kind]}{scoped}"


def _throttling(api: str, facts: Facts, function: Function) -> Step:
    if api == "url":
        text = "None of its own: the concurrency of the function is the limit; beyond it 429."
        return Step("Throttling", text, "10 requests a second for each environment")
    if facts.rate is None:
        text = (
            "The stage sets no limit for the route; the account's applies, to all APIs of a region together."
        )
        limit = f"account: {ACCOUNT_RATE:,.0f} requests a second, bursts of {ACCOUNT_BURST:,}; beyond: 429"
        return Step("Throttling", text, limit)
    limit = f"{facts.rate:g} requests a second, bursts of {facts.burst}; beyond: 429 Too Many Requests"
    return Step("Throttling", "The stage limits the route.", limit)


def _integration(api: str, facts: Facts, function: Function) -> Step:
    seconds = facts.timeout_ms / 1000
    text = f"{facts.integration}: the event (payload format {facts.payload}) goes to {function.name}."
    if facts.event is None:
        text = f"{facts.integration}: a mapping template makes the event for {function.name}."
    if api != "url" and function.timeout > seconds:
        text += (
            f" Mind: the function may run {function.timeout} s, and its caller gets an error after {seconds:g} s while"
            " it goes on."
        )
    return Step("Integration", text, f"waits {seconds:g} s ({LONGEST_WAIT[api]}); event ≤ 6 MB")


def _log(api: str, facts: Facts, function: Function) -> str:
    own = f"The function's lines go to /aws/lambda/{function.name} (here: dew logs -f {function.key})."
    if api == "url":
        return f"A function URL has none. {own}"
    if facts.access_log is None:
        return f"The stage keeps none. {own}"
    return f"A line goes to {facts.access_log.rpartition(':log-group:')[2] or facts.access_log}. {own}"
