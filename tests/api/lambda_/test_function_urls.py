"""Function URLs through boto3 and httpx: configuration, who may use one, events, what answers mean, CORS, streams."""

import io
import json
import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from dewstack.testing import Dew, start

ROLE = "arn:aws:iam::000000000000:role/test"
SOURCE = """
import json
def handler(event, context):
    if "body" in event and event["body"]:
        asked = json.loads(event["body"])
        if "raise" in asked:
            raise ValueError("no")
        return asked["answer"]
    return event
"""


@pytest.fixture(scope="module")
def dew() -> Iterator[Dew]:
    """An emulator without a map."""
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def client(dew: Dew) -> Any:
    """boto3's client of Lambda."""
    return dew.client("lambda")


class Url:
    """A URL, called by its host at the address of the emulator, as a name that resolves would be."""

    def __init__(self, dew: Dew, config: dict[str, Any]) -> None:
        self.config = config
        self.host = urlsplit(config["FunctionUrl"]).netloc
        self.id = self.host.partition(".")[0]
        self._base = dew.aws_url

    def __call__(self, method: str = "GET", path: str = "/", **options: Any) -> httpx.Response:
        headers = {"host": self.host, **options.pop("headers", {})}
        return httpx.request(method, self._base + path, headers=headers, timeout=10, **options)

    def answer(self, answer: Any, **options: Any) -> httpx.Response:
        """What the client gets when the function answers this."""
        return self("POST", json={"answer": answer}, **options)


def create(client: Any, name: str, source: str = SOURCE, **settings: Any) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("f.py", source)
    client.create_function(
        FunctionName=name,
        Handler="f.handler",
        Runtime="python3.11",
        Role=ROLE,
        Code={"ZipFile": buffer.getvalue()},
        **settings,
    )


def open_to_all(client: Any, name: str, **where: Any) -> None:
    for suffix, action, condition in (
        ("Url", "lambda:InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}),
        ("Call", "lambda:InvokeFunction", {"InvokedViaFunctionUrl": True}),
    ):
        client.add_permission(
            FunctionName=name, StatementId=f"open{suffix}", Action=action, Principal="*", **condition, **where
        )


@pytest.fixture(scope="module")
def url(dew: Dew, client: Any) -> Url:
    """The URL of a function that answers what it is asked to, or its event."""
    create(client, "echo")
    config = client.create_function_url_config(FunctionName="echo", AuthType="NONE")
    open_to_all(client, "echo")
    return Url(dew, config)


def refused(code: str, call: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code
    return str(caught.value.response["Error"]["Message"])


def test_a_url_is_made_read_changed_and_deleted(client: Any) -> None:
    create(client, "managed")
    arn = "arn:aws:lambda:us-east-1:000000000000:function:managed"
    assert refused_code(client, "managed") == "ResourceNotFoundException"
    made = client.create_function_url_config(
        FunctionName="managed", AuthType="NONE", Cors={"AllowOrigins": ["*"], "MaxAge": 5}
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert made["FunctionArn"] == arn
    assert made["InvokeMode"] == "BUFFERED"
    host = urlsplit(made["FunctionUrl"])
    assert host.hostname is not None
    assert host.hostname.endswith(".lambda-url.us-east-1.localhost")
    assert len(host.hostname.partition(".")[0]) == 32
    refused(
        "ResourceConflictException",
        client.create_function_url_config,
        FunctionName="managed",
        AuthType="NONE",
    )
    changed = client.update_function_url_config(FunctionName=arn, InvokeMode="RESPONSE_STREAM")
    assert changed["Cors"] == {"AllowOrigins": ["*"], "MaxAge": 5}
    read = client.get_function_url_config(FunctionName="managed")
    assert (read["InvokeMode"], read["AuthType"]) == ("RESPONSE_STREAM", "NONE")
    assert "Cors" not in client.update_function_url_config(FunctionName="managed", Cors={})
    listed = client.list_function_url_configs(FunctionName="managed")["FunctionUrlConfigs"]
    assert [each["FunctionUrl"] for each in listed] == [made["FunctionUrl"]]
    client.delete_function_url_config(FunctionName="managed")
    assert refused_code(client, "managed") == "ResourceNotFoundException"
    assert client.list_function_url_configs(FunctionName="managed")["FunctionUrlConfigs"] == []


def refused_code(client: Any, name: str) -> str:
    with pytest.raises(ClientError) as caught:
        client.get_function_url_config(FunctionName=name)
    return str(caught.value.response["Error"]["Code"])


def test_what_aws_refuses_is_refused(client: Any, url: Url) -> None:
    make = client.create_function_url_config
    told = refused("ResourceNotFoundException", make, FunctionName="nobody", AuthType="NONE")
    assert told == "Function does not exist"
    refused("ValidationException", make, FunctionName="echo", AuthType="NONE", InvokeMode="UNKNOWN")
    refused("ValidationException", make, FunctionName="echo", AuthType="MAYBE")
    refused("ValidationException", make, FunctionName="echo", AuthType="NONE", Qualifier="1")
    cors = {"AllowMethods": ["GET", "OPTION"]}
    refused(
        "InvalidParameterValueException",
        client.update_function_url_config,
        FunctionName="echo",
        Cors=cors,
    )


def test_the_event_is_that_of_a_url(url: Url) -> None:
    headers = {"X-CasE": "ü".encode(), "Cookie": "a=b; c=d", "user-agent": "me"}
    event = url("GET", "/a%20b//c?x=1&x=2&y=%C3%BC", headers=headers).json()
    assert event["version"] == "2.0"
    assert (event["rawPath"], event["rawQueryString"]) == ("/a%20b//c", "x=1&x=2&y=%C3%BC")
    assert event["queryStringParameters"] == {"x": "1,2", "y": "ü"}
    assert event["cookies"] == ["a=b", "c=d"]
    assert event["headers"]["x-case"] == "ü"
    assert event["headers"]["x-forwarded-proto"] == "https"
    assert not {"cookie", "content-length"} & event["headers"].keys()
    assert not {"body", "pathParameters", "stageVariables"} & event.keys()
    assert event["isBase64Encoded"] is False
    context = event["requestContext"]
    http = context.pop("http")
    assert (http["method"], http["path"], http["userAgent"]) == ("GET", "/a b//c", "me")
    assert (context["routeKey"], context["stage"], event["routeKey"]) == ("$default",) * 3
    assert (context["apiId"], context["domainPrefix"]) == (url.id, url.id)
    assert context["domainName"] == url.host.partition(":")[0]
    assert context["accountId"] == "anonymous"
    assert "authorizer" not in context


def test_clients_that_do_not_resolve_the_name_use_the_path(dew: Dew, url: Url) -> None:
    event = httpx.get(f"{dew.aws_url}/_aws/lambda-url/{url.id}/a/b?c=d").json()
    assert (event["rawPath"], event["rawQueryString"]) == ("/a/b", "c=d")
    assert event["requestContext"]["domainName"] == f"{url.id}.lambda-url.us-east-1.localhost"
    assert httpx.get(f"{dew.aws_url}/_aws/lambda-url/{url.id}").json()["rawPath"] == "/"


ANSWERS = {
    "object": ({"hello": "world"}, b'{"hello":"world"}', "application/json"),
    "list": (["hello", 3, True], b'["hello",3,true]', "application/json"),
    "string": ("hello", b"hello", "application/json"),
    "number": (3.1, b"3.1", "application/json"),
    "null": (None, b"null", "application/json"),
    "response": ({"statusCode": 200, "body": "body123"}, b"body123", "application/json"),
    "typed": ({"statusCode": 200, "headers": {"content-type": "a/b"}, "body": "x"}, b"x", "a/b"),
    "body of another type": ({"statusCode": 200, "body": {"a": [1]}}, b'{"a":[1]}', "application/json"),
    "base64": ({"statusCode": 200, "body": "AAE=", "isBase64Encoded": True}, b"\0\1", "application/json"),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_what_a_function_returns_is_understood(url: Url, kind: str) -> None:
    answer, body, content_type = ANSWERS[kind]
    response = url.answer(answer)
    assert (response.status_code, response.content) == (200, body)
    assert response.headers["content-type"] == content_type
    assert response.headers["content-length"] == str(len(body))
    assert response.headers["x-amzn-requestid"]


RECORDED = Path(__file__).parents[4] / "shared" / "contract" / "recorded.jsonl"
"""What was recorded on AWS. It stays beside the checkout."""


def recorded() -> list[Any]:
    if not RECORDED.exists():
        return []
    every = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    return [pytest.param(each, id=each["id"]) for each in every if each.get("api") == "function-url-v2"]


def test_the_recorded_cases_are_there() -> None:
    if not RECORDED.exists() and not os.environ.get("CI"):
        pytest.skip("no recorded cases beside the checkout")
    assert len(recorded()) == 7


@pytest.mark.parametrize("case", recorded())
def test_recorded_answers_are_understood_as_on_aws(url: Url, case: dict[str, Any]) -> None:
    payload, expected = case["lambdaPayload"], case["expect"]
    fails = payload == "<unhandled exception>"
    response = url("POST", json={"raise": 1}) if fails else url.answer(json.loads(payload))
    assert (response.status_code, response.text) == (expected["status"], expected["body"])
    for name, values in expected.get("headers", {}).items():
        assert response.headers.get_list(name) == values


def test_status_headers_and_cookies_leave(url: Url) -> None:
    answer = {
        "statusCode": "418",
        "headers": {"my-header": "x", "connection": "close", "n": 1},
        "cookies": ["a=b; Secure", "c=d"],
        "body": "tea",
    }
    response = url.answer(answer)
    assert (response.status_code, response.text) == (418, "tea")
    assert response.headers.get_list("set-cookie") == ["a=b; Secure", "c=d"]
    assert (response.headers["my-header"], response.headers["n"]) == ("x", "1")


@pytest.mark.parametrize(
    "answer", [{"statusCode": 0}, {"statusCode": "x"}, {"statusCode": 200, "headers": 1}]
)
def test_what_means_nothing_is_a_bad_gateway(url: Url, answer: Any) -> None:
    response = url.answer(answer)
    assert (response.status_code, response.text) == (502, "Internal Server Error")


def test_a_function_that_fails_is_a_bad_gateway(url: Url) -> None:
    response = url("POST", json={"raise": True})
    assert (response.status_code, response.text) == (502, "Internal Server Error")


def test_a_request_may_not_be_larger_than_six_megabytes(url: Url) -> None:
    response = url("POST", content=b"x" * 6_291_457)
    assert response.status_code == 413
    assert response.headers["x-amzn-errortype"] == "RequestEntityTooLargeException"


def test_a_url_that_is_not_there_is_denied(dew: Dew) -> None:
    host = f"{'0' * 32}.lambda-url.us-east-1.on.aws"
    response = httpx.get(dew.aws_url, headers={"host": host})
    assert (response.status_code, response.text) == (403, '{"Message":null}')
    assert response.headers["x-amzn-errortype"] == "AccessDeniedException"


def test_without_a_statement_nobody_may_use_a_url(dew: Dew, client: Any) -> None:
    create(client, "closed")
    url = Url(dew, client.create_function_url_config(FunctionName="closed", AuthType="NONE"))

    def denied() -> bool:
        response = url()
        if response.status_code != 403:
            return False
        assert response.text == '{"Message":"Forbidden"}'
        assert response.headers["x-amzn-errortype"] == "AccessDeniedException"
        return True

    assert denied()
    for_iam = {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "AWS_IAM", "Principal": "*"}
    client.add_permission(FunctionName="closed", StatementId="other", **for_iam)
    assert denied()
    open_to_all(client, "closed")
    assert not denied()
    client.remove_permission(FunctionName="closed", StatementId="openUrl")
    assert denied()


def test_an_alias_has_a_url_of_its_own(dew: Dew, client: Any) -> None:
    create(
        client, "aliased", "def handler(event, context): return context.invoked_function_arn", Publish=True
    )
    client.create_alias(FunctionName="aliased", Name="live", FunctionVersion="1")
    made = client.create_function_url_config(FunctionName="aliased", Qualifier="live", AuthType="NONE")
    url = Url(dew, made)
    open_to_all(client, "aliased")
    assert url().status_code == 403  # the statement is for the function, not for the alias
    client.remove_permission(FunctionName="aliased", StatementId="openUrl")
    client.remove_permission(FunctionName="aliased", StatementId="openCall")
    open_to_all(client, "aliased", Qualifier="live")
    assert url().text == "arn:aws:lambda:us-east-1:000000000000:function:aliased:live"
    client.delete_alias(FunctionName="aliased", Name="live")
    assert url().text == '{"Message":null}'


def test_a_throttled_function_answers_429(dew: Dew, client: Any) -> None:
    create(client, "busy")
    url = Url(dew, client.create_function_url_config(FunctionName="busy", AuthType="NONE"))
    open_to_all(client, "busy")
    client.put_function_concurrency(FunctionName="busy", ReservedConcurrentExecutions=0)
    response = url()
    assert response.status_code == 429
    assert response.headers["x-amzn-errortype"] == "TooManyRequestsException"
    client.update_function_url_config(FunctionName="busy", InvokeMode="RESPONSE_STREAM")
    assert url().status_code == 429


def test_a_deleted_function_leaves_no_url(dew: Dew, client: Any) -> None:
    create(client, "brief")
    url = Url(dew, client.create_function_url_config(FunctionName="brief", AuthType="NONE"))
    client.delete_function(FunctionName="brief")
    assert url().text == '{"Message":null}'


CORS = {
    "AllowOrigins": ["https://a.example", "http://localhost:8000"],
    "AllowMethods": ["GET", "POST"],
    "AllowHeaders": ["content-type"],
    "ExposeHeaders": ["x-a"],
    "AllowCredentials": True,
    "MaxAge": 60,
}


@pytest.fixture(scope="module")
def with_cors(dew: Dew, client: Any) -> Url:
    create(client, "cors")
    open_to_all(client, "cors")
    return Url(dew, client.create_function_url_config(FunctionName="cors", AuthType="NONE", Cors=CORS))


def preflight(url: Url, origin: str) -> httpx.Response:
    headers = {"origin": origin, "access-control-request-method": "POST"}
    return url("OPTIONS", "/x", headers=headers)


def test_a_preflight_is_answered_without_the_function(with_cors: Url) -> None:
    response = preflight(with_cors, "https://a.example")
    assert (response.status_code, response.content) == (200, b"")
    told = {name: value for name, value in response.headers.items() if name.startswith("access-control")}
    assert told == {
        "access-control-allow-origin": "https://a.example",
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET,POST",
        "access-control-allow-headers": "content-type",
        "access-control-expose-headers": "x-a",
        "access-control-max-age": "60",
    }
    assert "access-control-allow-origin" not in preflight(with_cors, "https://b.example").headers


def test_responses_get_the_urls_cors_headers(with_cors: Url) -> None:
    response = with_cors(headers={"origin": "http://localhost:8000"})
    assert response.headers["access-control-allow-origin"] == "http://localhost:8000"
    assert response.headers["vary"] == "Origin"
    assert "access-control-max-age" not in response.headers
    assert "access-control-allow-origin" not in with_cors(headers={"origin": "https://b.example"}).headers
    assert "access-control-allow-origin" not in with_cors().headers


def test_the_functions_own_cors_headers_leave_as_well(with_cors: Url) -> None:
    answer = {"statusCode": 200, "headers": {"access-control-allow-origin": "*"}}
    response = with_cors.answer(answer, headers={"origin": "https://a.example"})
    assert response.headers.get_list("access-control-allow-origin") == ["*", "https://a.example"]


def test_without_rules_options_reaches_the_function(url: Url) -> None:
    assert preflight(url, "https://a.example").json()["requestContext"]["http"]["method"] == "OPTIONS"


def test_a_function_that_does_not_stream_is_told_as_it_is(dew: Dew, client: Any) -> None:
    create(client, "whole")
    open_to_all(client, "whole")
    made = client.create_function_url_config(
        FunctionName="whole", AuthType="NONE", InvokeMode="RESPONSE_STREAM"
    )
    url = Url(dew, made)
    response = url.answer({"statusCode": 201, "body": "x"})
    assert (response.status_code, response.json()) == (200, {"statusCode": 201, "body": "x"})
    assert response.headers["content-type"] == "application/json"
    assert response.headers["transfer-encoding"] == "chunked"
    assert url("POST", json={"raise": 1}).status_code == 502
    assert url("HEAD").content == b""


def signed(url: Url, base: str, path: str = "/", *, secret: str = "test", **options: Any) -> httpx.Response:
    """A request signed for Lambda, at the URL's host or at the address `base`."""
    at_host = not path.startswith("/_aws/")
    target = (f"http://{url.host}" if at_host else base) + path
    asked = AWSRequest("POST", target, data=b"{}", headers={"content-type": "application/json"})
    SigV4Auth(Credentials("test", secret), "lambda", "us-east-1").add_auth(asked)
    headers = {**dict(asked.headers), **({"host": url.host} if at_host else {})}
    return httpx.post(base + path, content=b"{}", headers=headers, **options)


def test_a_guarded_url_wants_a_signature(dew: Dew, client: Any) -> None:
    create(client, "guarded", "def handler(event, context): return event")
    open_to_all(client, "guarded")
    made = client.create_function_url_config(FunctionName="guarded", AuthType="AWS_IAM")
    url = Url(dew, made)
    response = url()
    assert (response.status_code, response.text) == (403, '{"Message":"Forbidden"}')
    assert response.headers["x-amzn-errortype"] == "AccessDeniedException"
    for path, own in (("/a%20b?c=d", "/a%20b"), (f"/_aws/lambda-url/{url.id}/e", "/e")):
        event = signed(url, dew.aws_url, path).json()
        assert event["rawPath"] == own
        caller = event["requestContext"]["authorizer"]["iam"]
        assert caller["accessKey"] == "test"
        assert caller["userArn"] == "arn:aws:iam::000000000000:root"
        assert event["requestContext"]["accountId"] == caller["accountId"] == "000000000000"
    assert signed(url, dew.aws_url, secret="another").status_code == 403


def test_what_urls_answer_is_counted(dew: Dew, client: Any) -> None:
    create(client, "counted")
    open_to_all(client, "counted")
    url = Url(dew, client.create_function_url_config(FunctionName="counted", AuthType="NONE"))
    assert [url().status_code, url("POST", json={"raise": 1}).status_code] == [200, 502]
    client.remove_permission(FunctionName="counted", StatementId="openUrl")
    assert url().status_code == 403
    now = datetime.now(UTC)
    for name, count in (("UrlRequestCount", 3), ("Url4xxCount", 1), ("Url5xxCount", 1), ("Invocations", 2)):
        points = dew.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=name,
            Dimensions=[{"Name": "FunctionName", "Value": "counted"}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
            Period=7200,
            Statistics=["Sum"],
        )["Datapoints"]
        assert sum(point["Sum"] for point in points) == count, name


@pytest.mark.parametrize("more", [{"PrincipalOrgID": "o-1234567890"}, {"SourceAccount": "000000000000"}])
def test_a_statement_about_some_lets_nobody_else_in(dew: Dew, client: Any, more: dict[str, str]) -> None:
    name = f"some-{next(iter(more))}"
    create(client, name)
    url = Url(dew, client.create_function_url_config(FunctionName=name, AuthType="NONE"))
    client.add_permission(
        FunctionName=name,
        StatementId="some",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
        **more,
    )
    assert url().status_code == 403
    open_to_all(client, name)
    assert url().status_code == 200


def test_the_statement_of_a_permission_names_whom_it_is_about_as_aws_does(client: Any) -> None:
    create(client, "narrowed")
    role = "arn:aws:iam::000000000000:role/caller"
    for number, (principal, given) in enumerate(
        [
            ("*", {"PrincipalOrgID": "o-1234567890"}),
            ("alexa-appkit.amazon.com", {"EventSourceToken": "t"}),
            (role, {}),
        ]
    ):
        client.add_permission(
            FunctionName="narrowed",
            StatementId=f"s{number}",
            Action="lambda:InvokeFunction",
            Principal=principal,
            **given,
        )
    made = json.loads(client.get_policy(FunctionName="narrowed")["Policy"])["Statement"]
    assert [(one["Principal"], one.get("Condition")) for one in made] == [
        ("*", {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}),
        ({"Service": "alexa-appkit.amazon.com"}, {"StringEquals": {"lambda:EventSourceToken": "t"}}),
        ({"AWS": role}, None),
    ]
