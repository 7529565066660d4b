"""Payload format 2.0 of HTTP APIs: the event, and what a function may answer."""

import json
from base64 import b64encode

import pytest

from tests.api.apigateway.http_api_client import Gateway, Result, header

ALWAYS = {
    "version",
    "routeKey",
    "rawPath",
    "rawQueryString",
    "headers",
    "requestContext",
    "isBase64Encoded",
}


def test_a_bare_request_has_no_empty_members(gateway: Gateway) -> None:
    event = gateway.create("GET /hello").event("GET", "/hello")
    assert set(event) == ALWAYS
    assert event["version"] == "2.0"
    assert event["routeKey"] == event["requestContext"]["routeKey"] == "GET /hello"
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/hello"
    assert event["rawQueryString"] == ""
    assert event["isBase64Encoded"] is False


def test_the_request_context(gateway: Gateway) -> None:
    gateway.clock.advance(0.5)
    event = gateway.create("GET /hello").event("GET", "/hello", headers={"Host": "x.example.com:3000"})
    context = event["requestContext"]
    assert set(context) == {
        "accountId",
        "apiId",
        "domainName",
        "domainPrefix",
        "http",
        "requestId",
        "routeKey",
        "stage",
        "time",
        "timeEpoch",
    }
    assert (context["domainName"], context["domainPrefix"]) == ("x.example.com", "x")
    assert context["stage"] == "$default"
    assert context["apiId"] == gateway.api_id
    assert context["http"] == {
        "method": "GET",
        "path": "/hello",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "",
    }
    assert abs(context["timeEpoch"] / 1000 - gateway.clock.time()) < 5
    assert context["time"].endswith(" +0000")
    assert len(context["requestId"]) == 16


def test_paths_and_parameters_are_decoded_and_the_query_string_is_not(gateway: Gateway) -> None:
    gateway.create("GET /u/{name}/{rest+}")
    event = gateway.event("GET", "/u/a%20b/%E2%98%95/x%2Fy?q=Hello%20World&tag=C%23+x&tag=.NET&flag")
    assert event["rawPath"] == "/u/a b/☕/x/y"
    assert event["pathParameters"] == {"name": "a b", "rest": "☕/x/y"}
    assert event["rawQueryString"] == "q=Hello%20World&tag=C%23+x&tag=.NET&flag"
    assert event["queryStringParameters"] == {"q": "Hello World", "tag": "C# x,.NET", "flag": ""}


def test_headers_are_lower_case_joined_and_completed(gateway: Gateway) -> None:
    lines = [
        ("tEsT-HEADeR", "a"),
        ("Test-Header", "b"),
        ("Connection", "keep-alive"),
        ("Transfer-Encoding", "chunked"),
        ("X-Forwarded-For", "1.2.3.4"),
        ("X-Forwarded-Proto", "http"),
    ]
    headers = gateway.create("POST /").event("POST", "/", headers=lines, body=b"xyz")["headers"]
    assert headers["test-header"] == "a,b"
    assert headers["content-length"] == "3"
    assert headers["x-forwarded-for"] == "1.2.3.4, 127.0.0.1"
    assert (headers["x-forwarded-port"], headers["x-forwarded-proto"]) == ("443", "https")
    assert headers["x-amzn-trace-id"].startswith("Root=1-")
    assert "connection" not in headers
    assert "transfer-encoding" not in headers


def test_a_trace_id_of_the_client_is_kept(gateway: Gateway) -> None:
    trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"
    event = gateway.create("GET /").event("GET", "/", headers={"X-Amzn-Trace-Id": trace})
    assert event["headers"]["x-amzn-trace-id"] == trace


def test_cookies_are_a_list_and_no_header(gateway: Gateway) -> None:
    event = gateway.create("GET /").event("GET", "/", headers=[("Cookie", "a=1; b=2;c"), ("cookie", "d=4")])
    assert event["cookies"] == ["a=1", "b=2", "c", "d=4"]
    assert "cookie" not in event["headers"]


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/json; charset=utf-8", "application/ld+json", "image/svg+xml", ""],
)
def test_text_stays_text(gateway: Gateway, content_type: str) -> None:
    event = gateway.create("POST /").event(
        "POST", "/", headers={"Content-Type": content_type}, body="é".encode()
    )
    assert (event["body"], event["isBase64Encoded"]) == ("é", False)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/octet-stream", b"\x01\x02"),
        ("multipart/form-data; boundary=x", b"--x"),
        ("application/x-www-form-urlencoded", b"a=1"),
        ("text/plain", b"\xff\xfe"),
    ],
)
def test_everything_else_is_base64(gateway: Gateway, content_type: str, body: bytes) -> None:
    event = gateway.create("POST /").event("POST", "/", headers={"Content-Type": content_type}, body=body)
    assert (event["body"], event["isBase64Encoded"]) == (b64encode(body).decode(), True)


def test_stage_variables_and_a_named_stage(gateway: Gateway) -> None:
    gateway.create("GET /hello", stage="dev")
    gateway.call("UpdateStage", StageName="dev", StageVariables={"table": "users"})
    event = gateway.event("GET", "/dev/hello")
    assert event["stageVariables"] == {"table": "users"}
    assert event["requestContext"]["stage"] == "dev"
    assert event["rawPath"] == "/dev/hello"
    assert gateway.get("/hello").status == 404


def test_a_response_as_the_function_says(gateway: Gateway) -> None:
    gateway.create("GET /").function = lambda event: {
        "statusCode": 201,
        "headers": {
            "content-type": "text/html",
            "myheader": "a,b",
            "x-count": 3,
            "x-yes": True,
            "x-none": None,
        },
        "cookies": ["a=1; HttpOnly", "b=2"],
        "body": "<p>",
    }
    response = gateway.get("/")
    assert (response.status, response.body) == (201, b"<p>")
    assert header(response, "Content-Type") == ["text/html"]
    assert header(response, "Myheader") == ["a,b"]
    assert header(response, "X-Count") == ["3"]
    assert header(response, "X-Yes") == ["true"]
    assert header(response, "X-None") == []
    assert header(response, "Set-Cookie") == ["a=1; HttpOnly", "b=2"]
    assert header(response, "Content-Length") == ["3"]
    assert header(response, "Date")[0].endswith("GMT")
    assert len(header(response, "Apigw-Requestid")[0]) == 16


@pytest.mark.parametrize(
    ("payload", "body"),
    [
        (b'{"hello": "world"}', b'{"hello":"world"}'),
        (b'[1, 2, "x y"]', b'[1,2,"x y"]'),
        (b'"hello"', b"hello"),
        (b"3.1", b"3.1"),
        (b"12345678901234567890123", b"12345678901234567890123"),
        (b"true", b"true"),
        (b"null", b"null"),
    ],
)
def test_without_a_status_code_the_payload_is_the_json_body(
    gateway: Gateway, payload: bytes, body: bytes
) -> None:
    gateway.create("GET /").function = lambda event: payload
    response = gateway.get("/")
    assert (response.status, response.body) == (200, body)
    assert header(response, "Content-Type") == ["application/json"]


@pytest.mark.parametrize(
    ("output", "body"),
    [
        ({"statusCode": 200}, b""),
        ({"statusCode": "200", "body": None}, b""),
        ({"statusCode": 200, "body": {"a": [1]}}, b'{"a":[1]}'),
        ({"statusCode": 200, "body": 5}, b"5"),
        ({"statusCode": 200, "body": "AAE=", "isBase64Encoded": True}, b"\x00\x01"),
        ({"statusCode": 200, "body": "é", "unknown": 1, "multiValueHeaders": {"a": ["b"]}}, "é".encode()),
    ],
)
def test_bodies(gateway: Gateway, output: object, body: bytes) -> None:
    gateway.create("GET /").function = lambda event: output
    response = gateway.get("/")
    assert (response.status, response.body) == (200, body)
    assert header(response, "Content-Type") == ["text/plain; charset=utf-8"]
    assert header(response, "A") == []


@pytest.mark.parametrize(
    "output",
    [
        {"statusCode": 0},
        {"statusCode": "test"},
        {"statusCode": None},
        {"statusCode": True},
        {"statusCode": 99},
        {"statusCode": 600},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "cookies": "a=1"},
        {"statusCode": 200, "body": "!", "isBase64Encoded": True},
        b"not json",
        b"",
        b'{"statusCode": 200, "body": "\xff"}',
        b"[" * 100_000,
        Result(b'{"errorMessage": "secret", "errorType": "KeyError"}', "Unhandled"),
    ],
)
def test_whatever_is_malformed_or_failed_is_an_internal_server_error(
    gateway: Gateway, output: object
) -> None:
    gateway.create("GET /").function = lambda event: output
    response = gateway.get("/")
    assert (response.status, response.body) == (500, b'{"message":"Internal Server Error"}')
    assert header(response, "Content-Type") == ["application/json"]


def test_a_function_cannot_break_the_response_apart(gateway: Gateway) -> None:
    gateway.create("GET /").function = lambda event: {
        "statusCode": 200,
        "headers": {
            "X-A": "1\r\nSet-Cookie: evil=1",
            "X-B": " a\tb\x01\x7f\0c ",
            "bad name": "x",
            "Content-Length": "999",
            "Transfer-Encoding": "chunked",
            "connection": "close",
        },
        "body": "ok",
    }
    response = gateway.get("/")
    assert header(response, "X-A") == ["1  Set-Cookie: evil=1"]
    assert header(response, "X-B") == ["a\tb   c"]
    assert header(response, "Content-Length") == ["2"]
    assert header(response, "Connection") == ["keep-alive"]
    names = {key.lower() for key, _ in response.headers}
    assert not names & {b"bad name", b"transfer-encoding", b"set-cookie"}


@pytest.mark.parametrize("status", [204, 304])
def test_a_response_that_has_no_body(gateway: Gateway, status: int) -> None:
    gateway.create("GET /").function = lambda event: {"statusCode": status, "body": "ignored"}
    response = gateway.get("/")
    assert (response.status, response.body, header(response, "Content-Length")) == (status, b"", [])


def test_the_event_is_json_for_any_bytes(gateway: Gateway) -> None:
    gateway.create("$default")
    odd = ["/%", "/%zz", "/%ff%fe", "/a%00b", "/\xe9\xff", "/a//b/", "//", "", "/?%=%&&=&a=%ff", "/?a=\xe9"]
    for path in odd:
        assert gateway.request("GET", path, {"X-Odd": "\xff\xe9"}).status == 200
    assert gateway.event("GET", "/%ff")["rawPath"] == "/\ufffd"
    assert gateway.event("GET", "/\u2615\ud800")["rawPath"] == "/☕?"
    assert json.loads(gateway.get("/%zz").body)["rawPath"] == "/%zz"
