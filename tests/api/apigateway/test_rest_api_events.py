"""The events of REST APIs, and which method a request belongs to."""

import base64
import re
from typing import Any

import pytest

from tests.api.apigateway.http_api_client import HOST
from tests.api.apigateway.rest_api_client import RestGateway


def test_a_whole_event(rest: RestGateway) -> None:
    rest.create_rest("POST /users/{id}")
    rest.deploy("dev2", variables={"colour": "blue"})
    headers = [("Host", HOST), ("User-Agent", "me"), ("x-A", "1"), ("X-a", "2"), ("Content-Length", "2")]
    event = rest.event("POST", "//dev2/users/5?a=1&b=&a=2&c", headers=headers, body=b"hi")
    context = event.pop("requestContext")
    trace = event["headers"].pop("X-Amzn-Trace-Id")
    assert event.pop("multiValueHeaders") == {
        "Host": [HOST],
        "User-Agent": ["me"],
        "x-A": ["1", "2"],
        "X-Amzn-Trace-Id": [trace],
        "X-Forwarded-For": ["127.0.0.1"],
        "X-Forwarded-Port": ["443"],
        "X-Forwarded-Proto": ["https"],
    }
    assert event == {
        "resource": "/users/{id}",
        "path": "/users/5",
        "httpMethod": "POST",
        "headers": {
            "Host": HOST,
            "User-Agent": "me",
            "x-A": "2",
            "X-Forwarded-For": "127.0.0.1",
            "X-Forwarded-Port": "443",
            "X-Forwarded-Proto": "https",
        },
        "queryStringParameters": {"a": "2", "b": "", "c": ""},
        "multiValueQueryStringParameters": {"a": ["1", "2"], "b": [""], "c": [""]},
        "pathParameters": {"id": "5"},
        "stageVariables": {"colour": "blue"},
        "body": "hi",
        "isBase64Encoded": False,
    }
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", context.pop("requestId")
    )
    assert re.fullmatch(r"[\w+/]{15}=", context.pop("extendedRequestId"))
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context.pop("requestTime"))
    assert abs(context.pop("requestTimeEpoch") / 1000 - rest.clock.time()) < 60
    assert context.pop("deploymentId")
    identity = context.pop("identity")
    assert {name: value for name, value in identity.items() if value} == {
        "sourceIp": "127.0.0.1",
        "userAgent": "me",
    }
    assert context == {
        "accountId": "000000000000",
        "apiId": rest.api_id,
        "domainName": HOST,
        "domainPrefix": HOST.partition(".")[0],
        "httpMethod": "POST",
        "path": "/dev2/users/5",
        "protocol": "HTTP/1.1",
        "resourceId": rest.resources["/users/{id}"],
        "resourcePath": "/users/{id}",
        "stage": "dev2",
    }


@pytest.mark.parametrize(
    ("path", "resource", "parameters", "told", "whole"),
    [
        ("//dev", "/", None, "/", "/dev"),
        ("/", "/", None, "/", "/dev/"),
        ("/a", "/a", None, "/a", "/dev/a"),
        ("/a/", "/a", None, "/a/", "/dev/a/"),
        ("//dev//a", "/a", None, "/a", "/dev//a"),
        ("///dev/a", "/a", None, "/a", "/dev/a"),
        ("/a/b%20c", "/a/{id}", {"id": "b%20c"}, "/a/b%20c", "/dev/a/b%20c"),
        ("/a/b%2Fc", "/a/{id}", {"id": "b%2Fc"}, "/a/b%2Fc", "/dev/a/b%2Fc"),
        ("/a/b+c/", "/a/{id}", {"id": "b+c"}, "/a/b+c/", "/dev/a/b+c/"),
        ("/x//y/", "/{all+}", {"all": "x//y"}, "/x//y/", "/dev/x//y/"),
        ("/%61", "/{all+}", {"all": "%61"}, "/%61", "/dev/%61"),
    ],
)
def test_paths(rest: RestGateway, path: str, resource: str, parameters: Any, told: str, whole: str) -> None:
    rest.create_rest("GET /", "GET /a", "GET /a/{id}", "ANY /{all+}")
    event = rest.event("GET", path)
    assert (event["resource"], event["pathParameters"]) == (resource, parameters)
    assert (event["path"], event["requestContext"]["path"]) == (told, whole)


def test_a_method_of_its_own_comes_before_any(rest: RestGateway) -> None:
    rest.create_rest("ANY /a", "GET /a")
    ids = [rest.event(verb, "/a")["requestContext"]["resourceId"] for verb in ("GET", "POST")]
    assert ids == [rest.resources["/a"]] * 2
    assert rest.request("GET", "/b").status == 403


def test_a_stage_serves_what_was_deployed(rest: RestGateway) -> None:
    rest.create_rest("GET /a").method("GET /b")
    assert rest.request("GET", "/b").status == 403
    rest.deploy("next")
    assert [rest.request("GET", path).status for path in ("//next/b", "//dev/b")] == [200, 403]


@pytest.mark.parametrize(
    ("types", "content_type", "encoded"),
    [
        ([], "image/png", False),
        (["image/png"], "image/png", True),
        (["image/png"], "IMAGE/png; x=y", True),
        (["image/*"], "image/gif", True),
        (["*/png"], "image/png", False),
        (["*/*"], "text/plain", True),
        (["*/*"], None, True),
        (["image/png"], None, False),
    ],
)
def test_binary_bodies(rest: RestGateway, types: list[str], content_type: str | None, encoded: bool) -> None:
    rest.create_rest("POST /", binaryMediaTypes=types)
    headers = {"Content-Type": content_type} if content_type else {}
    event = rest.event("POST", "/", headers=headers, body=b"a\xff")
    body = base64.b64encode(b"a\xff").decode() if encoded else "a\ufffd"
    assert (event["body"], event["isBase64Encoded"]) == (body, encoded)
    empty = rest.event("POST", "/", headers=headers)
    assert (empty["body"], empty["isBase64Encoded"]) == (None, False)


def test_an_edge_optimized_api_is_behind_cloudfront(rest: RestGateway) -> None:
    rest.create_rest("GET /", endpointConfiguration={"types": ["EDGE"]})
    headers = rest.event("GET", "/", headers={"cloudfront-viewer-country": "AQ"})["headers"]
    assert {"Via", "X-Amz-Cf-Id", "CloudFront-Is-Mobile-Viewer", "CloudFront-Viewer-Country"} <= set(headers)
    assert "cloudfront-viewer-country" not in headers


def test_what_a_client_says_of_its_way_is_kept(rest: RestGateway) -> None:
    given = [("x-forwarded-for", "10.0.0.1"), ("X-Forwarded-For", "10.0.0.2"), ("x-forwarded-proto", "http")]
    trace = ("x-amzn-trace-id", "Root=1-00000000-000000000000000000000000")
    headers = rest.create_rest("GET /").event("GET", "/", headers=[*given, trace])["headers"]
    assert headers["X-Forwarded-For"] == "10.0.0.1, 10.0.0.2, 127.0.0.1"
    assert (headers["X-Forwarded-Proto"], headers["X-Amzn-Trace-Id"]) == ("https", trace[1])


@pytest.mark.parametrize("name", ["Connection", "content-md5", "Expect", "TE", "Upgrade", "WWW-Authenticate"])
def test_headers_that_no_function_sees(rest: RestGateway, name: str) -> None:
    event = rest.create_rest("GET /").event("GET", "/", headers={name: "x", "aUthoriZation": "y"})
    assert name.lower() not in {one.lower() for one in event["headers"]}
    assert event["headers"]["Authorization"] == "y"


def test_stage_variables_name_the_function(rest: RestGateway) -> None:
    uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function"
    proxy = {
        "type": "AWS_PROXY",
        "integrationHttpMethod": "POST",
        "uri": f"{uri}:${{stageVariables.fn}}/invocations",
    }
    rest.create_rest().method("GET /", proxy)
    rest.deploy(variables={"fn": "blue"}).deploy("other")
    assert [rest.request("GET", path).status for path in ("/", "//other/")] == [200, 500]
    assert rest.invoked == ["arn:aws:lambda:us-east-1:000000000000:function:blue"]


def test_events_are_json_whatever_a_client_sends(rest: RestGateway) -> None:
    headers = [("Host", HOST), ("ä", "\xff"), ("A", "\x01")]
    event = rest.create_rest("GET /{all+}").event("GET", "/\xff%ff?%ff=\xff", headers=headers)
    assert (event["path"], event["queryStringParameters"]) == ("/\ufffd%ff", {"\ufffd": "\ufffd"})
