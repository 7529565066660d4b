"""What an HTTP API answers by itself: CORS, limits, throttling, time-outs, and Lambda's failures."""

import asyncio
import json
from typing import Any

import pytest

from dewstack.errors import AwsError
from dewstack.http import Response
from tests.api.apigateway.http_api_client import Gateway, Result, header

ORIGIN = "http://127.0.0.1:8000"
CORS = {
    "AllowOrigins": [ORIGIN, "https://app.example"],
    "AllowMethods": ["GET", "POST"],
    "AllowHeaders": ["content-type", "authorization"],
    "ExposeHeaders": ["x-total"],
    "AllowCredentials": True,
    "MaxAge": 300,
}
PREFLIGHT = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}


def cors_headers(response: Response) -> dict[str, str]:
    return {
        key.decode(): value.decode()
        for key, value in response.headers
        if key.lower().startswith(b"access-control-")
    }


def test_nothing_matches(gateway: Gateway) -> None:
    gateway.create("GET /hello")
    for method, path in (("GET", "/nowhere"), ("POST", "/hello"), ("OPTIONS", "/hello")):
        response = gateway.request(method, path)
        assert (response.status, response.body) == (404, b'{"message":"Not Found"}')
        assert header(response, "Content-Length") == ["23"]
    assert gateway.invoked == []


def test_an_unknown_api_is_forbidden(gateway: Gateway) -> None:
    gateway.api_id = "nosuchapi0"
    response = gateway.get("/")
    assert (response.status, response.body) == (403, b'{"message":"Forbidden"}')


def test_a_deleted_api_is_forbidden(gateway: Gateway) -> None:
    gateway.create("GET /hello")
    assert gateway.get("/hello").status == 200
    gateway.call("DeleteApi")
    assert gateway.get("/hello").status == 403
    assert gateway.api_id not in gateway.api


@pytest.mark.parametrize("path", ["/hello", "/not/routed"])
def test_a_preflight_is_answered_without_a_route_or_a_function(gateway: Gateway, path: str) -> None:
    gateway.create("GET /hello", CorsConfiguration=CORS)
    response = gateway.request("OPTIONS", path, PREFLIGHT)
    assert (response.status, response.body) == (204, b"")
    assert cors_headers(response) == {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET,POST",
        "access-control-allow-headers": "content-type,authorization",
        "access-control-expose-headers": "x-total",
        "access-control-max-age": "300",
    }
    assert gateway.invoked == []


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://127.0.0.1:8001", ORIGIN + ".evil.example", "null"]
)
def test_another_origin_gets_no_cors_headers(gateway: Gateway, origin: str) -> None:
    gateway.create("GET /hello", CorsConfiguration=CORS)
    response = gateway.request("OPTIONS", "/hello", PREFLIGHT | {"Origin": origin})
    assert (response.status, cors_headers(response)) == (204, {})
    response = gateway.get("/hello", Origin=origin)
    assert (response.status, cors_headers(response)) == (200, {})


def test_the_configuration_overrides_the_function(gateway: Gateway) -> None:
    gateway.create("GET /hello", CorsConfiguration=CORS).function = lambda event: {
        "statusCode": 200,
        "headers": {"Access-Control-Allow-Origin": "*", "access-control-max-age": "1", "X-Total": "3"},
    }
    response = gateway.get("/hello", Origin=ORIGIN)
    assert cors_headers(response) == {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "x-total",
    }
    assert header(response, "X-Total") == ["3"]
    assert cors_headers(gateway.get("/hello")) == {}


def test_without_a_configuration_cors_is_the_functions_business(gateway: Gateway) -> None:
    gateway.create("ANY /hello").function = lambda event: {
        "statusCode": 200,
        "headers": {"access-control-allow-origin": "*"},
        "body": event["requestContext"]["http"]["method"],
    }
    response = gateway.request("OPTIONS", "/hello", PREFLIGHT)
    assert (response.body, cors_headers(response)) == (b"OPTIONS", {"Access-Control-Allow-Origin": "*"})


@pytest.mark.parametrize(
    ("allowed", "origin", "answer"),
    [
        (["*"], "http://any.example", "*"),
        (["https://*"], "https://any.example", "https://any.example"),
        (["https://*"], "http://any.example", None),
    ],
)
def test_wildcards(gateway: Gateway, allowed: list[str], origin: str, answer: str | None) -> None:
    gateway.create("GET /", CorsConfiguration={"AllowOrigins": allowed})
    assert cors_headers(gateway.get("/", Origin=origin)).get("access-control-allow-origin") == answer


def test_errors_carry_cors_headers_too(gateway: Gateway) -> None:
    gateway.create("GET /hello", CorsConfiguration=CORS).function = lambda event: b"broken"
    for path, status in (("/hello", 500), ("/nowhere", 404), ("/" + "x" * 10_240, 431)):
        response = gateway.get(path, Origin=ORIGIN)
        assert response.status == status
        assert cors_headers(response)["access-control-allow-origin"] == ORIGIN


def test_a_plain_options_request_reaches_a_route_that_takes_it(gateway: Gateway) -> None:
    gateway.create("OPTIONS /hello", CorsConfiguration=CORS)
    assert gateway.request("OPTIONS", "/hello").status == 200
    assert gateway.request("OPTIONS", "/other").status == 204
    assert gateway.request("OPTIONS", "/hello", PREFLIGHT).status == 204


def test_bodies_over_ten_megabytes_are_too_large(gateway: Gateway) -> None:
    gateway.create("POST /")
    response = gateway.request("POST", "/", body=b"x" * (10 * 1024 * 1024 + 1))
    assert (response.status, response.body) == (413, b'{"message":"Request Entity Too Large"}')
    assert gateway.invoked == []


def test_events_over_six_megabytes_are_too_large_for_lambda(gateway: Gateway) -> None:
    gateway.create("POST /").function = lambda event: {"statusCode": 200}
    assert gateway.request("POST", "/", body=b"x" * (6 * 1024 * 1024)).status == 413
    assert gateway.request("POST", "/", body=b"x" * (5 * 1024 * 1024)).status == 200


def test_the_request_line_and_headers_have_a_limit(gateway: Gateway) -> None:
    gateway.create("$default")
    for path, lines in (
        ("/", {"X-Long": "x" * 10_240}),
        ("/?q=" + "x" * 10_240, {}),
        ("/", {f"X-{n}": "x" * 100 for n in range(103)}),
    ):
        response = gateway.request("GET", path, lines)
        assert (response.status, response.body) == (431, b'{"message":"Request Header Fields Too Large"}')
    assert gateway.request("GET", "/?q=" + "x" * 10_000).status == 200


class Failure(AwsError):
    code = "TooManyRequestsException"
    status = 429


class Missing(AwsError):
    code = "ResourceNotFoundException"
    status = 404


class TooLarge(AwsError):
    code = "RequestTooLargeException"
    status = 413


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (Failure("Rate Exceeded."), 503, b'{"message":"Service Unavailable"}'),
        (Missing("Function not found"), 500, b'{"message":"Internal Server Error"}'),
        (TooLarge(), 413, b'{"message":"Request Entity Too Large"}'),
        (RuntimeError("a mistake of ours"), 500, b'{"message":"Internal Server Error"}'),
    ],
)
def test_what_lambda_refuses(gateway: Gateway, error: Exception, status: int, body: bytes) -> None:
    async def refuse(function: str, event: bytes) -> Result:
        raise error

    gateway.create("GET /").invoke = refuse
    response = gateway.get("/")
    assert (response.status, response.body) == (status, body)
    assert header(response, "Content-Type") == ["application/json"]


def test_a_function_that_takes_too_long(gateway: Gateway) -> None:
    async def never(function: str, event: bytes) -> Result:
        await asyncio.Event().wait()
        raise AssertionError

    gateway.create().invoke = never
    target = gateway.integration(TimeoutInMillis=50)
    gateway.call("CreateRoute", RouteKey="GET /", Target=target)
    response = gateway.get("/")
    assert (response.status, response.body) == (503, b'{"message":"Service Unavailable"}')


def test_a_route_without_an_integration(gateway: Gateway) -> None:
    gateway.create()
    gateway.call("CreateRoute", RouteKey="GET /")
    assert gateway.get("/").status == 500


def test_throttling_by_the_stage_s_settings(gateway: Gateway) -> None:
    gateway.create("GET /", "GET /free")
    settings = {"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 0.001}
    gateway.call("UpdateStage", StageName="$default", RouteSettings={"GET /": settings})
    assert [gateway.get("/").status for _ in range(3)] == [200, 200, 429]
    assert gateway.get("/").body == b'{"message":"Too Many Requests"}'
    assert gateway.get("/free").status == 200
    gateway.call("DeleteRouteSettings", StageName="$default", RouteKey="GET /")
    assert gateway.get("/").status == 200


def test_a_disabled_endpoint_is_not_found(gateway: Gateway) -> None:
    gateway.create("GET /", DisableExecuteApiEndpoint=True)
    assert gateway.get("/").status == 404


def test_many_requests_at_once_each_get_their_own_answer(gateway: Gateway) -> None:
    async def slow_echo(function: str, event: bytes) -> Result:
        path = json.loads(event)["rawPath"]
        for _ in range(hash(path) % 5):
            await asyncio.sleep(0)
        return Result(json.dumps({"statusCode": 200, "body": path}).encode())

    from dewstack.http import Request

    gateway.create("GET /{id}").invoke = slow_echo

    async def all_at_once() -> list[Any]:
        requests = [Request("GET", f"/{n}", "", [], b"") for n in range(100)]
        return await asyncio.gather(*(gateway.api.execute(gateway.api_id, request) for request in requests))

    bodies = [response.body.decode() for response in gateway.runner.run(all_at_once())]
    assert bodies == [f"/{n}" for n in range(100)]


@pytest.mark.parametrize(
    ("wish", "answer"), [("close", "close"), ("Close", "close"), ("keep-alive", "keep-alive")]
)
def test_the_connection_closes_when_the_client_wants_it(gateway: Gateway, wish: str, answer: str) -> None:
    gateway.create("GET /")
    assert header(gateway.get("/", Connection=wish), "Connection") == [answer]


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ({"statusCode": "ok"}, "statusCode is no whole number from 200 to 599"),
        ({"statusCode": 200, "headers": "secret"}, "headers is no object"),
        ({"statusCode": 200, "cookies": "secret"}, "cookies is no list"),
        ({"statusCode": 200, "body": "secret", "isBase64Encoded": True}, "body is not base64"),
    ],
)
def test_the_log_says_what_is_wrong_with_an_answer(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, output: Any, why: str
) -> None:
    gateway.create("GET /hello").function = lambda event: output
    assert gateway.get("/hello").status == 500
    (said,) = [record.getMessage() for record in caplog.records if "no response" in record.getMessage()]
    assert said.startswith("arn:aws:lambda:") and why in said and "secret" not in said
