"""What clients of a REST API get: answers of functions, refusals, and how an API words its own answers."""

import asyncio
import json
import zlib
from typing import Any

import pytest

from dewstack.errors import AwsError
from tests.api.apigateway.http_api_client import Result, header
from tests.api.apigateway.rest_api_client import URI, RestGateway

BAD_GATEWAY = b'{"message": "Internal server error"}'


class Throttled(AwsError):
    code = "TooManyRequestsException"
    status = 429


def answering(rest: RestGateway, output: Any) -> RestGateway:
    rest.create_rest("ANY /", "ANY /{proxy+}").function = lambda event: output
    return rest


@pytest.mark.parametrize(
    ("output", "status"),
    [
        ({"statusCode": "201"}, 201),
        ({"statusCode": 204.0}, 204),
        ({"statusCode": None}, 200),
        ({"headers": {}}, 200),
        ({"statusCode": 0}, 502),
        ({"statusCode": "0200"}, 502),
        ({"statusCode": 600}, 502),
        ({"statusCode": True}, 502),
        ({"statusCode": 200, "cookies": []}, 502),
        ({"statusCode": 200, "body": {"a": 1}}, 502),
        ({"statusCode": 200, "headers": []}, 502),
        ({"statusCode": 200, "headers": {"a": ["b"]}}, 502),
        ({"statusCode": 200, "multiValueHeaders": {"a": [{}]}}, 502),
        ([], 502),
        (None, 502),
        (b"not json", 502),
        (Result(b'{"errorMessage": "boom"}', "Unhandled"), 502),
    ],
)
def test_statuses(rest: RestGateway, output: Any, status: int) -> None:
    response = answering(rest, output).request("GET", "/")
    assert response.status == status
    if status == 502:
        assert response.body == BAD_GATEWAY
        assert header(response, "x-amzn-ErrorType") == ["InternalServerErrorException"]
    assert header(response, "X-Amzn-Trace-Id")


@pytest.mark.parametrize(
    ("output", "why"),
    [
        (None, "a REST API wants an object with statusCode, headers and body"),
        ({"statusCode": 600}, "statusCode is no whole number from 200 to 599"),
        ({"message": "secret"}, "and isBase64Encoded, not 'message'"),
        ({"body": {"a": "secret"}}, "body is no string; json.dumps makes one of it"),
        ({"headers": []}, "headers is no object"),
        ({"headers": {"a": []}}, "a header is no string"),
        ({"multiValueHeaders": {"a": "secret"}}, "multiValueHeaders has no list as 'a'"),
        (b"not json", "it is not JSON"),
    ],
)
def test_the_log_says_what_is_wrong_with_an_answer(
    rest: RestGateway, caplog: pytest.LogCaptureFixture, output: Any, why: str
) -> None:
    assert answering(rest, output).request("GET", "/").status == 502
    (said,) = [record.getMessage() for record in caplog.records if "no response" in record.getMessage()]
    assert said.startswith("arn:aws:lambda:") and why in said and "secret" not in said


def test_scalars_are_text(rest: RestGateway) -> None:
    output = {"body": 12, "headers": {"one": 1, "half": 0.5, "yes": True, "none": None}}
    response = answering(rest, output).request("GET", "/")
    assert response.body == b"12"
    assert [header(response, name) for name in ("one", "half", "yes", "none")] == [
        ["1"],
        ["0.5"],
        ["true"],
        [],
    ]


def test_a_value_in_both_maps_is_sent_once(rest: RestGateway) -> None:
    output = {"headers": {"a": "1", "B": "3"}, "multiValueHeaders": {"A": ["1", "2"], "b": None}}
    response = answering(rest, output).request("GET", "/")
    assert (header(response, "A"), header(response, "a"), header(response, "B")) == (["1", "2"], [], ["3"])


def test_headers_that_are_the_gateway_s_own_are_remapped(rest: RestGateway) -> None:
    names = ("Date", "Server", "WWW-Authenticate", "content-length", "x-amzn-requestid", "transfer-encoding")
    response = answering(rest, {"headers": dict.fromkeys(names, "x")}).request("GET", "/")
    sent = {name.decode() for name, _ in response.headers}
    assert {f"x-amzn-Remapped-{name}" for name in names[:5]} <= sent
    assert not {"Server", "WWW-Authenticate", "transfer-encoding", "x-amzn-Remapped-transfer-encoding"} & sent
    assert header(response, "Content-Length") == ["0"]


def test_no_header_breaks_a_line(rest: RestGateway) -> None:
    output = {"headers": {"a": "b\r\nSet-Cookie: c", "d\r\ne": "f", "": "g", "täg": "h"}}
    response = answering(rest, output).request("GET", "/")
    assert header(response, "a") == ["b  Set-Cookie: c"]
    assert all(name.isascii() and b"\n" not in name + value for name, value in response.headers)


@pytest.mark.parametrize(
    ("path", "error_type"),
    [("/nowhere", "MissingAuthenticationTokenException"), ("//prod/a", "ForbiddenException")],
)
def test_unknown_routes_and_stages(rest: RestGateway, path: str, error_type: str) -> None:
    response = rest.create_rest("GET /a").request("GET", path)
    assert (response.status, header(response, "x-amzn-ErrorType")) == (403, [error_type])
    assert header(response, "x-amzn-RequestId")
    assert header(response, "X-Amzn-Trace-Id") == []


def test_an_api_whose_endpoint_is_disabled_serves_nothing(rest: RestGateway) -> None:
    response = rest.create_rest("GET /a", disableExecuteApiEndpoint=True).request("GET", "/a")
    assert (response.status, response.body) == (403, b'{"message":"Forbidden"}')


def test_a_body_too_large_is_refused_in_plain_text(rest: RestGateway) -> None:
    rest.create_rest("POST /a").call("PutGatewayResponse", responseType="REQUEST_TOO_LARGE", statusCode="400")
    response = rest.deploy().request("POST", "/a", body=b"x" * (10 * 1024 * 1024 + 1))
    assert (response.status, response.body) == (413, b"HTTP content length exceeded 10485760 bytes.")
    assert header(response, "Content-Type") == ["text; charset=utf-8"]
    assert header(response, "x-amzn-RequestId") == header(response, "x-amzn-ErrorType") == []


def test_a_body_too_large_for_lambda_is_refused(rest: RestGateway) -> None:
    response = rest.create_rest("POST /a").request("POST", "/a", body=b"x" * (7 * 1024 * 1024))
    assert (response.status, response.body) == (413, b'{"message": "Request Too Long"}')
    assert header(response, "x-amzn-ErrorType") == ["BadRequestException"]


def test_headers_too_large_are_refused(rest: RestGateway) -> None:
    rest.create_rest("GET /a")
    assert rest.request("GET", "/a", {"a": "x" * 9_000}).status == 200
    response = rest.request("GET", "/a", {"a": "x" * 10_241})
    assert (response.status, response.body) == (431, b"HTTP header is larger than 10240 bytes.")
    assert rest.request("GET", "/a", [("a", "")] * 900).status == 200
    assert rest.request("GET", "/a", [("a", "")] * 1_001).status == 431


def test_a_function_that_takes_too_long_is_a_timeout(rest: RestGateway) -> None:
    rest.create_rest()
    resource = rest.method("GET /")
    change = [{"op": "replace", "path": "/timeoutInMillis", "value": "50"}]
    rest.call("UpdateIntegration", patchOperations=change, **resource)

    async def never(function: str, event: bytes) -> Result:
        await asyncio.Event().wait()
        raise AssertionError

    rest.invoke = never
    response = rest.deploy().request("GET", "/")
    assert (response.status, response.body) == (504, b'{"message": "Endpoint request timed out"}')


@pytest.mark.parametrize("kind", ["AWS_PROXY", "AWS"])
def test_lambda_is_only_called_with_post(rest: RestGateway, kind: str) -> None:
    rest.create_rest().method("GET /", {"type": kind, "integrationHttpMethod": "GET", "uri": URI})
    response = rest.deploy().request("GET", "/")
    assert (response.status, response.body) == (500, BAD_GATEWAY)


def test_what_lambda_refuses_is_an_internal_error(rest: RestGateway) -> None:
    async def throttled(function: str, event: bytes) -> Result:
        raise Throttled("Rate Exceeded.")

    rest.create_rest("GET /").invoke = throttled
    response = rest.request("GET", "/")
    assert (response.status, response.body) == (500, BAD_GATEWAY)


def test_a_stage_throttles_its_methods(rest: RestGateway) -> None:
    rest.create_rest("GET /a", "GET /b")
    changes = [
        {"op": "replace", "path": f"/~1a/GET/throttling/{name}", "value": "1"}
        for name in ("rateLimit", "burstLimit")
    ]
    rest.call("UpdateStage", stageName="dev", patchOperations=changes)
    assert [rest.request("GET", path).status for path in ("/a", "/b", "/b")] == [200, 200, 200]
    response = rest.request("GET", "/a")
    assert (response.status, response.body) == (429, b'{"message":"Too Many Requests"}')
    assert header(response, "x-amzn-ErrorType") == ["TooManyRequestsException"]


def test_api_keys(rest: RestGateway) -> None:
    rest.create_rest().method("GET /a", apiKeyRequired=True)
    rest.deploy()
    key = rest.call("CreateApiKey", name="k", enabled=True, value="x" * 20)
    plan = rest.call("CreateUsagePlan", name="p", apiStages=[{"apiId": rest.api_id, "stage": "dev"}])
    without = [rest.request("GET", "/a", {"x-api-key": value}) for value in ("", "x" * 20)]
    rest.call("CreateUsagePlanKey", usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    assert [response.status for response in without] == [403, 403]
    assert without[0].body == b'{"message":"Forbidden"}'
    assert header(without[0], "x-amzn-ErrorType") == ["ForbiddenException"]
    event = rest.event("GET", "/a", headers={"X-API-Key": "x" * 20})
    identity = event["requestContext"]["identity"]
    assert (identity["apiKey"], identity["apiKeyId"]) == ("x" * 20, key["id"])
    assert rest.request("GET", "/a", {"x-api-key": "x" * 19}).status == 403
    change = [{"op": "replace", "path": "/enabled", "value": "false"}]
    rest.call("UpdateApiKey", apiKey=key["id"], patchOperations=change)
    assert rest.request("GET", "/a", {"x-api-key": "x" * 20}).status == 403


def statement(effect: str, **others: Any) -> dict[str, Any]:
    common = {
        "Effect": effect,
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": "execute-api:/*",
    }
    return common | others


@pytest.mark.parametrize(
    ("statements", "statuses"),
    [
        ([statement("Allow")], [200, 200]),
        ([statement("Allow", Resource="execute-api:/dev/GET/a")], [200, 403]),
        ([statement("Allow"), statement("Deny", Resource="execute-api:/*/*/b")], [200, 403]),
        ([statement("Allow", Condition={"IpAddress": {"aws:SourceIp": ["127.0.0.0/8"]}})], [200, 200]),
        ([statement("Allow", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})], [403, 403]),
        (
            [statement("Allow"), statement("Deny", Condition={"NotIpAddress": {"aws:SourceIp": "10.0.0.1"}})],
            [403, 403],
        ),
        ([statement("Allow", Principal={"AWS": "arn:aws:iam::000000000000:root"})], [403, 403]),
        (
            [
                statement("Allow"),
                statement("Deny", Principal=None) | {"NotPrincipal": {"AWS": "arn:aws:iam::1:root"}},
            ],
            [403, 403],
        ),
        (
            [statement("Allow"), statement("Deny", Principal={"AWS": ["*", "arn:aws:iam::1:root"]})],
            [403, 403],
        ),
        ([statement("Allow"), statement("Deny", Principal={"AWS": "*", "Service": "x"})], [403, 403]),
        ([statement("Allow", Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}})], [403, 403]),
        ([], [403, 403]),
    ],
)
def test_a_resource_policy_is_evaluated(
    rest: RestGateway, statements: list[Any], statuses: list[int]
) -> None:
    rest.create_rest("GET /a", "GET /b", policy=json.dumps({"Statement": statements}))
    assert [rest.request("GET", path).status for path in ("/a", "/b")] == statuses


def test_what_a_resource_policy_says_to_strangers(rest: RestGateway) -> None:
    rest.create_rest("GET /a", policy=json.dumps({"Statement": [statement("Deny")]}))
    response = rest.request("GET", "/a")
    arn = f"arn:aws:execute-api:us-east-1:********0000:{rest.api_id}/dev/GET/a"
    assert json.loads(response.body) == {
        "Message": f"User: anonymous is not authorized to perform: execute-api:Invoke on resource: {arn}"
        " with an explicit deny"
    }
    assert header(response, "x-amzn-ErrorType") == ["AccessDeniedException"]


def test_answers_are_compressed_from_a_size_on(rest: RestGateway) -> None:
    rest.create_rest("GET /{size}", minimumCompressionSize=100)
    rest.function = lambda event: {"body": "x" * int(event["pathParameters"]["size"])}
    for size, accepted, coding in (
        (99, "gzip", []),
        (100, "br, gzip;q=1", ["gzip"]),
        (100, "br", []),
        (10**5, "deflate", ["deflate"]),
    ):
        response = rest.request("GET", f"/{size}", {"Accept-Encoding": accepted})
        assert header(response, "Content-Encoding") == coding
        body = zlib.decompress(response.body, 47) if coding else response.body
        assert (len(body), header(response, "Content-Length")) == (size, [str(len(response.body))])


class TestGatewayResponses:
    """`PutGatewayResponse`."""

    @staticmethod
    def put(rest: RestGateway, kind: str, **settings: Any) -> None:
        rest.create_rest("GET /a").call("PutGatewayResponse", responseType=kind, **settings)
        rest.deploy()

    def test_status_headers_and_body(self, rest: RestGateway) -> None:
        self.put(
            rest,
            "MISSING_AUTHENTICATION_TOKEN",
            statusCode="404",
            responseParameters={
                "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
                "gatewayresponse.header.X-Asked": "method.request.querystring.q",
                "gatewayresponse.header.X-Host": "method.request.header.host",
                "gatewayresponse.header.X-Stage": "context.stage",
                "gatewayresponse.header.X-None": "method.request.header.none",
            },
            responseTemplates={
                "application/json": '{"message":$context.error.messageString,"type":"$context.error.responseType",'
                '"id":"${context.requestId}","raw":"$context.error.message","at":"$context.path","x":"$nothing"}'
            },
        )
        response = rest.request("GET", "/nowhere?q=1", {"Host": "example"})
        (request_id,) = header(response, "x-amzn-RequestId")
        assert response.status == 404
        assert json.loads(response.body) == {
            "message": "Missing Authentication Token",
            "type": "MISSING_AUTHENTICATION_TOKEN",
            "id": request_id,
            "raw": "Missing Authentication Token",
            "at": "/dev/nowhere",
            "x": "$nothing",
        }
        names = ("Access-Control-Allow-Origin", "X-Asked", "X-Host", "X-Stage", "X-None", "x-amzn-ErrorType")
        assert [header(response, name) for name in names] == [
            ["*"],
            ["1"],
            ["example"],
            ["dev"],
            [],
            ["MissingAuthenticationTokenException"],
        ]

    def test_another_content_type(self, rest: RestGateway) -> None:
        self.put(rest, "DEFAULT_4XX", responseTemplates={"text/html": "<h1>$context.error.message</h1>"})
        response = rest.request("GET", "/nowhere")
        assert (response.status, response.body) == (403, b"<h1>Missing Authentication Token</h1>")
        assert header(response, "Content-Type") == ["text/html"]

    def test_defaults_keep_status_and_body(self, rest: RestGateway) -> None:
        self.put(rest, "DEFAULT_5XX", responseParameters={"gatewayresponse.header.X-A": "'b'"})
        rest.function = lambda event: None
        response = rest.request("GET", "/a")
        assert (response.status, response.body, header(response, "X-A")) == (502, BAD_GATEWAY, ["b"])
        assert header(rest.request("GET", "/nowhere"), "X-A") == []

    def test_the_type_itself_comes_before_the_default(self, rest: RestGateway) -> None:
        self.put(rest, "DEFAULT_4XX", statusCode="400")
        rest.call("PutGatewayResponse", responseType="MISSING_AUTHENTICATION_TOKEN", statusCode="404")
        assert rest.deploy().request("GET", "/nowhere").status == 404

    def test_a_client_s_word_ends_no_line(self, rest: RestGateway) -> None:
        mapped = {"gatewayresponse.header.X-Asked": "method.request.querystring.q"}
        self.put(rest, "DEFAULT_4XX", responseParameters=mapped)
        response = rest.request("GET", "/nowhere?q=a%0d%0aSet-Cookie:%20b")
        assert header(response, "X-Asked") == ["a  Set-Cookie: b"]
