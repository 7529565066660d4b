"""Payload format 1.0 on HTTP APIs, where it differs from 2.0 and from REST APIs."""

import pytest

from tests.api.apigateway.http_api_client import Gateway, header

KEYS = {
    "version",
    "resource",
    "path",
    "httpMethod",
    "headers",
    "multiValueHeaders",
    "queryStringParameters",
    "multiValueQueryStringParameters",
    "requestContext",
    "pathParameters",
    "stageVariables",
    "body",
    "isBase64Encoded",
}


def test_all_members_are_there_and_null_when_empty(gateway: Gateway) -> None:
    event = gateway.create("GET /hello", version="1.0").event("GET", "/hello")
    assert set(event) == KEYS
    empty = {name for name, value in event.items() if value is None}
    assert empty == {
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "stageVariables",
        "body",
    }
    assert (event["version"], event["isBase64Encoded"]) == ("1.0", False)


def test_the_path_is_encoded_and_its_parameters_are_not(gateway: Gateway) -> None:
    event = gateway.create("GET /u/{name}", version="1.0").event("GET", "/u/a%20b?x=1&x=2&y=%2B+")
    context = event["requestContext"]
    assert (event["path"], context["path"], event["resource"]) == ("/u/a%20b", "/u/a b", "/u/{name}")
    assert event["pathParameters"] == {"name": "a b"}
    assert event["queryStringParameters"] == {"x": "2", "y": "+ "}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"], "y": ["+ "]}
    assert context["resourceId"] == "GET /u/{name}"
    assert context["resourcePath"] == "/u/{name}"
    assert context["requestId"] == context["extendedRequestId"]
    assert context["identity"]["userAgent"] == ""
    assert len(context["identity"]) == 12


def test_headers_in_title_case_with_all_their_values(gateway: Gateway) -> None:
    lines = [("x-multi", "a"), ("X-MULTI", "b"), ("cookie", "c=1; d=2"), ("connection", "close")]
    event = gateway.create("GET /", version="1.0").event("GET", "/", headers=lines)
    assert event["headers"]["X-Multi"] == "b"
    assert event["multiValueHeaders"]["X-Multi"] == ["a", "b"]
    assert event["headers"]["Cookie"] == "c=1; d=2"
    assert event["headers"]["Content-Length"] == "0"
    assert "Connection" not in event["headers"]
    assert set(event["headers"]) == set(event["multiValueHeaders"])


def test_the_default_route(gateway: Gateway) -> None:
    event = gateway.create("$default", version="1.0").event("GET", "/any")
    assert (event["resource"], event["requestContext"]["resourceId"]) == ("$default", "$default")


def test_a_single_value_comes_before_the_multiple_ones(gateway: Gateway) -> None:
    gateway.create("GET /", version="1.0").function = lambda event: {
        "statusCode": 200,
        "headers": {"Combined-Header": "single", "content-type": "text/html"},
        "multiValueHeaders": {"combined-header": ["one", "two"], "Set-Cookie": ["a=1", "b=2"]},
        "body": "x",
    }
    response = gateway.get("/")
    assert header(response, "Combined-Header") == ["single", "one", "two"]
    assert header(response, "Set-Cookie") == ["a=1", "b=2"]
    assert header(response, "Content-Type") == ["text/html"]


@pytest.mark.parametrize(
    "output",
    [{}, {"hello": "world"}, [1], "hello", 3, None, {"statusCode": 200, "multiValueHeaders": {"a": "b"}}],
)
def test_nothing_is_inferred(gateway: Gateway, output: object) -> None:
    gateway.create("GET /", version="1.0").function = lambda event: output
    response = gateway.get("/")
    assert (response.status, response.body) == (500, b'{"message":"Internal Server Error"}')
