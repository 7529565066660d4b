"""The same bytes sent to the gateway and to the Flask shim: the same event, the same response."""

import json
import re
from typing import Any

import pytest

from tests.api.shim.conftest import Answer, Mirror

NOT_COMPARED = frozenset("requestId extendedRequestId time timeEpoch requestTime requestTimeEpoch".split())
TRACE = re.compile(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}(;.*)?")


def told(answer: Answer) -> Any:
    """The event that the function was told of, without ids and times."""
    assert answer.status == 200, answer
    event = json.loads(answer.body)
    for name in NOT_COMPARED:
        event["requestContext"].pop(name, None)
    return replace_traces(event)


def replace_traces(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: replace_traces(item) for name, item in value.items()}
    if isinstance(value, list):
        return [replace_traces(item) for item in value]
    return "a trace" if isinstance(value, str) and TRACE.fullmatch(value) else value


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    """A request as it travels."""
    lines = [f"{line} HTTP/1.1", "Host: api.example:8080", *headers]
    if body or line.startswith(("POST", "PUT", "PATCH")):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


REQUESTS: dict[str, tuple[bytes, ...]] = {
    "nothing but a path": (request("GET @"),),
    "any method": (request("DELETE @"), request("OPTIONS @"), request("PATCH @"), request("PURGE @")),
    "HTTP/1.0": (b"GET @ HTTP/1.0\r\nHost: api.example\r\n\r\n",),
    "no host": (b"GET @ HTTP/1.0\r\n\r\n",),
    "an IPv6 host": (b"GET @ HTTP/1.1\r\nHost: [::1]:3000\r\n\r\n",),
    "an absolute URL": (b"GET http://other.example@ HTTP/1.1\r\nHost: api.example\r\n\r\n",),
    "duplicate query": (request("GET @?a=1&a=2&b=&c&a=3"), request("GET @?a=1,2&a=3")),
    "encoded query": (
        request("GET @?q=a+b%20c%2Bd&caf%C3%A9=%E2%98%95&x=%26%3D"),
        request("GET @?broken=%zz&half=%e2%98&percent=%"),
        request("GET @?=nameless&&&x"),
        request("GET @?"),
        request("GET @?&"),
        request("GET @?a;b=c|d"),
    ),
    "duplicate headers": (request("GET @", "X-Twice: 1", "x-twice: 2", "X-TWICE: 3"),),
    "header spellings": (request("GET @", "tEsT-HEADeR: v", "X_Under: score", "authorization: a"),),
    "odd header values": (
        request("GET @", "X-Empty:", "X-Spaces:   a  b  ", "X-Comma: a, b"),
        "GET @ HTTP/1.1\r\nHost: api.example\r\nX-Utf8: café ☕\r\n\r\n".encode(),
        b"GET @ HTTP/1.1\r\nHost: api.example\r\nX-Latin: caf\xe9\r\n\r\n",
    ),
    "cookies": (
        request("GET @", "Cookie: a=1; b=2", "cookie: c=3"),
        request("GET @", "Cookie: ;; a=1;b = 2 ;"),
        request("GET @", "Cookie:"),
    ),
    "what concerns the connection": (
        request("GET @", "TE: trailers", "Keep-Alive: 5", "Upgrade: x", "Proxy-Connection: x"),
        request("GET @", "Expect: nothing", "Max-Forwards: 3", "Via: 1.1 proxy"),
    ),
    "what the gateway adds": (
        request("GET @", "X-Forwarded-For: 10.1.2.3", "X-Forwarded-Proto: http", "X-Forwarded-Port: 1"),
        request("GET @", "X-Forwarded-For: 10.1.2.3", "X-Forwarded-For: 10.1.2.4"),
        request("GET @", "X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"),
        request("GET @", "X-Amzn-Trace-Id: nonsense"),
    ),
    "text bodies": (
        request("POST @", "Content-Type: application/json", body=b'{"a": 1}'),
        request("POST @", "Content-Type: text/plain; charset=utf-8", body="café ☕".encode()),
        request("POST @", body=b"no type"),
        request("POST @", "Content-Type: application/problem+json", body=b"{}"),
        request("GET @", "Content-Type: text/plain", body=b"with GET"),
    ),
    "binary bodies": (
        request("POST @", "Content-Type: application/octet-stream", body=bytes(range(256))),
        request("POST @", "Content-Type: text/plain", body=b"\xff\xfe"),
        request("POST @", "Content-Type: application/json", "Content-Encoding: gzip", body=b"\x1f\x8b"),
        request("POST @", "Content-Type: application/x-www-form-urlencoded", body=b"a=1&b=2&a=3"),
        request("POST @", "Content-Type: multipart/form-data; boundary=x", body=b"--x\r\n\r\n--x--"),
    ),
    "empty bodies": (
        request("POST @"),
        request("POST @", "Content-Type: application/json"),
    ),
    "a chunked body": (
        b"POST @ HTTP/1.1\r\nHost: api.example\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    ),
}
PATHS = {
    "2.0": "/echo",
    "2.0 {first}": "/echo/a%2Fb/caf%C3%A9%20%2B+%25",
    "2.0 {proxy+}": "/rest/x//y%2Fz/",
    "1.0": "/v1/echo",
    "1.0 {first}": "/v1/echo/a%2Fb/%F0%9F%98%80",
    "1.0 {proxy+}": "/v1/rest/%7Euser/../x",
    "REST": "/dev/echo",
    "REST {first}": "/dev/echo/a%2Fb+%2b/caf%C3%A9",
    "REST {proxy+}": "/dev/rest/x//y%2Fz/%7E~/",
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("requests", REQUESTS.values(), ids=REQUESTS)
def test_a_function_is_told_the_same(mirror: Mirror, requests: tuple[bytes, ...], path: str) -> None:
    for raw in requests:
        gateway, flask = mirror.both(raw.replace(b"@", path.encode(), 1))
        assert told(flask) == told(gateway), raw


@pytest.mark.parametrize(
    "line",
    [
        "GET /nowhere",
        "GET /",
        "GET //echo",
        "GET /echo/",
        "GET /%65cho",
        "GET /Echo",
        "GET /echo/a",
        "GET /echo/a/b/c",
        "GET /rest",
        "GET /rest/",
        "GET /answer",
        "HEAD /answer",
        "OPTIONS /answer",
        "PUT /answer/",
        "GET /dev",
        "GET /dev/",
        "GET /dev//echo",
        "GET //dev/echo",
        "GET /dev/echo/",
        "GET /dev/%65cho",
        "GET /dev/nowhere",
        "PUT /dev/answer",
        "GET /dev/rest/",
        "GET /develop",
    ],
)
def test_a_path_leads_to_the_same_function_or_nowhere(mirror: Mirror, line: str) -> None:
    gateway, flask = mirror.both(request(line))
    assert (flask.status, flask.body[:20]) == (gateway.status, gateway.body[:20])


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "//",
        "/plain",
        "/plain/",
        "/plain//",
        "//plain",
        "/pl%61in",
        "/x%3Ay",
        "/x:y/",
        "/one/",
        "/a/b/",
        "/%20",
    ],
)
def test_corners_of_routing_lead_to_the_same_route(mirror: Mirror, path: str) -> None:
    gateway, flask = mirror.both(request(f"GET /corner{path}"))
    assert flask.status == gateway.status
    if gateway.status == 200:
        assert told(flask) == told(gateway)


ANSWERS: dict[str, str] = {
    "plain": '{"statusCode": 200, "body": "text"}',
    "typed": '{"statusCode": 201, "headers": {"Content-Type": "text/html"}, "body": "<p>"}',
    "header spellings": '{"statusCode": 200, "headers": {"my-HEADER": "a", "etag": "\\"x\\"", "x": "1"}, "body": ""}',
    "header types": '{"statusCode": 200, "headers": {"a": 1, "b": true, "c": null, "d": ["x"], "e": {"f": 1}}}',
    "bad headers": '{"statusCode": 200, "headers": {"a b": "1", "": "2", "c": "x\\r\\nSet-Cookie: y"}}',
    "reserved headers": '{"statusCode": 200, "headers": {"Content-Length": "7", "Date": "x", "Connection": "y"}}',
    "headers that are none": '{"statusCode": 200, "headers": "x"}',
    "unicode": '{"statusCode": 200, "headers": {"x-u": "café ☕"}, "body": "café ☕"}',
    "cookies": '{"statusCode": 200, "cookies": ["a=1; HttpOnly", "b=2"], "body": ""}',
    "cookies that are none": '{"statusCode": 200, "cookies": "a=1", "body": ""}',
    "multiple headers": '{"statusCode": 200, "headers": {"x-a": "1"}, "multiValueHeaders": {"X-A": ["2", "3"]}}',
    "multiple that are none": '{"statusCode": 200, "multiValueHeaders": {"X-A": "2"}}',
    "base64": '{"statusCode": 200, "isBase64Encoded": true, "body": "AAH/"}',
    "bad base64": '{"statusCode": 200, "isBase64Encoded": true, "body": "%%%"}',
    "an object as body": '{"statusCode": 200, "body": {"a": [1, 2]}}',
    "no body": '{"statusCode": 204}',
    "a body with 204": '{"statusCode": 204, "body": "x"}',
    "not modified": '{"statusCode": 304, "headers": {"etag": "x"}}',
    "redirect": '{"statusCode": 302, "headers": {"location": "/else where?q=é"}}',
    "a string as status": '{"statusCode": "418", "body": "tea"}',
    "no status": '{"hello": "world"}',
    "a status that is none": '{"statusCode": "x"}',
    "zero": '{"statusCode": 0}',
    "hundred": '{"statusCode": 101}',
    "a number": "7",
    "a string": '"text"',
    "a list": '[1, {"a": 2}]',
    "nothing": "=none",
    "what JSON cannot say": "=set",
    "not a number": "=nan",
    "CORS of its own": '{"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}, "body": ""}',
}
OWN_HEADERS = {"apigw-requestid", "x-amzn-requestid"}
NOT_COMPARED_HEADERS = OWN_HEADERS | {"date", "server", "connection", "x-amz-apigw-id", "x-amzn-trace-id"}


def essence(answer: Answer) -> Any:
    """A response without what differs from one to the next, or from one server to another."""
    headers = sorted(
        (name, value) for name, value in answer.headers if name.lower() not in NOT_COMPARED_HEADERS
    )
    assert OWN_HEADERS & {name.lower() for name, _ in answer.headers}
    return answer.status, headers, answer.body


@pytest.mark.parametrize("path", ["/answer", "/v1/answer", "/dev/answer"])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_what_a_function_answers_means_the_same(mirror: Mirror, answer: str, path: str) -> None:
    for more in ((), ("Origin: https://page.example",), ("Accept: image/png",)):
        raw = request(f"POST {path}", "Content-Type: text/plain", *more, body=answer.encode())
        gateway, flask = mirror.both(raw)
        assert essence(flask) == essence(gateway)


@pytest.mark.parametrize(
    "origin", ["https://page.example", "HTTPS://PAGE.EXAMPLE", "https://evil.example", "null"]
)
@pytest.mark.parametrize(
    "path", ["/answer", "/nowhere", "/guarded", "/", "/dev/answer", "/dev/token/x", "/dev/nowhere", "/dev"]
)
def test_preflights_are_answered_the_same(mirror: Mirror, path: str, origin: str) -> None:
    asked = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: x-one")
    gateway, flask = mirror.both(request(f"OPTIONS {path}", f"Origin: {origin}", *asked))
    assert essence(flask) == essence(gateway)


@pytest.mark.parametrize(
    "headers", [(), ("Authorization: open",), ("Authorization: shut",), ("Authorization: broken",)]
)
@pytest.mark.parametrize("query", ["", "?door=front"])
def test_a_lambda_authorizer_decides_the_same(mirror: Mirror, headers: tuple[str, ...], query: str) -> None:
    gateway, flask = mirror.both(request(f"GET /guarded{query}", *headers))
    if gateway.status == 200:
        assert told(flask) == told(gateway)
        assert told(flask)["requestContext"]["authorizer"] == {"lambda": {"door": "front", "n": 7}}
    else:
        assert essence(flask) == essence(gateway)


@pytest.mark.parametrize("word", ["open", "shut", "neither", "out", "broken", ""])
@pytest.mark.parametrize("path", ["/dev/token/x", "/dev/request/x", "/dev/request/x?door=front"])
def test_a_policy_decides_the_same(mirror: Mirror, path: str, word: str) -> None:
    gateway, flask = mirror.both(request(f"GET {path}", *([f"Authorization: {word}"] if word else [])))
    if gateway.status == 200:
        assert told(flask) == told(gateway)
        assert told(flask)["requestContext"]["authorizer"]["principalId"] == "me"
    else:
        assert essence(flask) == essence(gateway)


def test_an_api_key_opens_the_same(mirror: Mirror) -> None:
    value = mirror.dew.client("apigateway").get_api_keys(includeValues=True)["items"][0]["value"]
    for header, status in ((f"x-api-key: {value}", 200), ("x-api-key: wrong", 403), ("X-Nothing: 1", 403)):
        gateway, flask = mirror.both(request("GET /dev/key", header))
        assert (flask.status, gateway.status) == (status, status)
        if status == 200:
            assert told(flask) == told(gateway)


def test_too_large_a_request_is_refused_the_same(mirror: Mirror) -> None:
    for raw in (
        request("POST /echo", "Content-Type: text/plain", body=b"x" * 7_000_000),
        request("POST /echo", "Content-Type: text/plain", body=b"x" * (10 * 1024 * 1024 + 1)),
        request("POST /dev/echo", "Content-Type: text/plain", body=b"x" * 7_000_000),
        request("POST /dev/echo", "Content-Type: text/plain", body=b"x" * (10 * 1024 * 1024 + 1)),
        request("GET /dev/echo", f"X-Large: {'x' * 10_300}"),
        request("GET /echo", f"X-Large: {'x' * 10_300}"),
    ):
        gateway, flask = mirror.both(raw)
        assert (flask.status, flask.body) == (gateway.status, gateway.body)
        assert flask.status >= 400
