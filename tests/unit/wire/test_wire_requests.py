"""Requests as bytes, without a client in between: what AWS answers to the odd ones."""

import asyncio
import gzip
import json
from typing import Any

import pytest

from dewstack.config import Caller, Config
from dewstack.errors import AwsError, NotEmulated
from dewstack.http import Request, Response
from dewstack.wire import AwsApi

SCOPE = "Credential=test/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=00"
POOL = "us-east-1_abcdefghi"


class Fixture:
    """An AwsApi whose handlers remember their params and answer `{}`."""

    def __init__(self) -> None:
        self.api = AwsApi(Config())
        self.seen: list[dict[str, Any]] = []
        for service, names in {
            "cognito-idp": (
                "SignUp",
                "ListUsers",
                "DescribeUserPool",
                "AdminCreateUser",
                "CreateUserPoolClient",
            ),
            "lambda": ("Invoke", "ListFunctions", "CreateFunction", "TagResource"),
            "apigatewayv2": ("CreateApi", "GetApis"),
            "cloudformation": ("CreateStack", "DescribeStacks"),
            "logs": ("PutLogEvents", "DescribeLogGroups"),
            "sts": ("GetCallerIdentity",),
        }.items():
            self.api.register(service, dict.fromkeys(names, self._handler))

    def _handler(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        self.seen.append(params)
        return {}

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> Response:
        raw_path, _, query = path.partition("?")
        lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        return asyncio.run(self.api.handle(Request(method, raw_path, query, lines, body)))

    def json(
        self, service: str, operation: str, document: Any, *, signed: bool = True, **headers: str
    ) -> Response:
        prefix = {"cognito-idp": "AWSCognitoIdentityProviderService", "logs": "Logs_20140328"}[service]
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        headers["x_amz_target"] = f"{prefix}.{operation}"
        return self.send("POST", "/", body, **(signature(service) if signed else {}), **headers)


def signature(service: str) -> dict[str, str]:
    value = "AWS4-HMAC-SHA256 " + SCOPE.format(service)
    return {"authorization": value, "x_amz_date": "20260101T000000Z"}


def header(response: Response, name: str) -> str | None:
    wanted = name.lower().encode()
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == wanted), None)


@pytest.fixture
def aws() -> Fixture:
    return Fixture()


@pytest.mark.parametrize("body", [b"{", b"", b"null", b'"x"', b"\xff", b'{"a": 1,}'])
def test_an_unreadable_body_is_a_serialization_exception_without_a_text(aws, body):
    response = aws.json("cognito-idp", "SignUp", body, signed=False)
    assert (response.status, json.loads(response.body)) == (400, {"__type": "SerializationException"})
    assert header(response, "x-amzn-errortype") == "SerializationException"
    assert header(response, "x-amzn-requestid")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "Start of list found where not expected"),
        ({"ClientId": 1}, "NUMBER_VALUE can not be converted to a String"),
        ({"ClientId": True}, "TRUE_VALUE can not be converted to a String"),
        ({"ClientId": ["x"]}, "Start of list found where not expected"),
        ({"ClientId": {"a": 1}}, "Start of structure or map found where not expected."),
        ({"UserAttributes": "x"}, "Expected list or null"),
        ({"UserAttributes": ["x"]}, "Expected null"),
        ({"ClientMetadata": "x"}, "Expected null"),
        ({"ClientMetadata": {"a": 1}}, "NUMBER_VALUE can not be converted to a String"),
    ],
)
def test_a_wrong_type_is_told_as_awss_reader_does(aws, document, message):
    response = aws.json("cognito-idp", "SignUp", document, signed=False)
    assert json.loads(response.body) == {"__type": "SerializationException", "Message": message}


def test_null_and_unknown_members_are_as_if_absent(aws):
    aws.json(
        "cognito-idp", "SignUp", {"ClientId": "a", "Username": "b", "Password": None, "Foo": 1}, signed=False
    )
    assert aws.seen == [{"ClientId": "a", "Username": "b"}]


def test_a_deeply_nested_body_does_not_crash(aws):
    response = aws.json("cognito-idp", "SignUp", b'{"a":' * 100_000, signed=False)
    assert response.status == 400


def message_of(response: Response) -> str:
    return json.loads(response.body)["message"]


def test_a_broken_pattern(aws):
    response = aws.json("cognito-idp", "DescribeUserPool", {"UserPoolId": "x"})
    assert response.status == 400
    assert json.loads(response.body) == {
        "__type": "InvalidParameterException",
        "message": "1 validation error detected: Value 'x' at 'userPoolId' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [\\w-]+_[0-9a-zA-Z]+",
    }


def test_a_missing_member(aws):
    assert message_of(aws.json("cognito-idp", "DescribeUserPool", {})) == (
        "1 validation error detected: Value null at 'userPoolId' failed to satisfy constraint: Member must not be null"
    )


def test_several_broken_constraints_and_no_secret_echoed(aws):
    document = {"ClientId": "c" * 129, "Username": "", "Password": " my secret"}
    message = message_of(aws.json("cognito-idp", "SignUp", document, signed=False))
    assert message.startswith("4 validation errors detected: ")
    assert (
        "Value at 'password' failed to satisfy constraint: Member must satisfy regular expression" in message
    )
    assert (
        "Value at 'username' failed to satisfy constraint: Member must have length greater than or equal to 1"
        in message
    )
    assert "Member must have length less than or equal to 128" in message
    assert "secret" not in message
    assert not aws.seen


def test_nested_members_are_named_by_their_path(aws):
    document = {"UserPoolId": POOL, "Username": "ann", "UserAttributes": [{"Name": "a"}, {"Value": "b"}]}
    assert message_of(aws.json("cognito-idp", "AdminCreateUser", document)) == (
        "1 validation error detected: Value null at 'userAttributes.2.member.name' failed to satisfy constraint: "
        "Member must not be null"
    )


def test_a_list_is_told_as_a_whole(aws):
    document = {"UserPoolId": POOL, "ClientName": "app", "ExplicitAuthFlows": ["NOPE", "ADMIN_NO_SRP_AUTH"]}
    message = message_of(aws.json("cognito-idp", "CreateUserPoolClient", document))
    assert message.startswith(
        "1 validation error detected: Value '[NOPE, ADMIN_NO_SRP_AUTH]' at 'explicitAuthFlows' failed to satisfy "
        "constraint: Member must satisfy constraint: [Member must satisfy enum value set: [ADMIN_NO_SRP_AUTH, "
    )


def test_a_number_out_of_range(aws):
    response = aws.json("logs", "DescribeLogGroups", {"limit": 51})
    assert message_of(response) == (
        "1 validation error detected: Value '51' at 'limit' failed to satisfy constraint: "
        "Member must have value less than or equal to 50"
    )


def test_lambda_answers_a_validation_exception(aws):
    response = aws.send("POST", "/2015-03-31/functions/not%20a%20name/invocations", **signature("lambda"))
    assert (response.status, header(response, "x-amzn-errortype")) == (400, "ValidationException")
    assert message_of(response).startswith(
        "1 validation error detected: Value 'not a name' at 'functionName'"
    )


def test_cloudformation_answers_a_validation_error(aws):
    body = b"Action=CreateStack&Version=2010-05-15&StackName=" + b"s" * 3 + b"&TimeoutInMinutes=0"
    response = aws.send(
        "POST", "/", body, content_type="application/x-www-form-urlencoded", **signature("cloudformation")
    )
    text = response.body.decode()
    assert response.status == 400
    assert "<Type>Sender</Type><Code>ValidationError</Code>" in text
    assert "at &apos;timeoutInMinutes&apos;" in text or "at 'timeoutInMinutes'" in text


def test_a_malformed_number_in_a_form_is_told(aws):
    body = b"Action=CreateStack&Version=2010-05-15&StackName=s&TimeoutInMinutes=soon"
    response = aws.send(
        "POST", "/", body, content_type="application/x-www-form-urlencoded", **signature("cloudformation")
    )
    assert response.status == 400


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", "/2015-03-31/functions/", {}, 403, "MissingAuthenticationTokenException"),
        ("GET", "/v2/apis", {}, 403, "MissingAuthenticationTokenException"),
        ("GET", "/v2/apis", {"authorization": "Bearer abc"}, 403, "IncompleteSignatureException"),
    ],
)
def test_rest_services_refuse_the_unsigned(aws, method, path, headers, status, code):
    response = aws.send(method, path, **headers)
    assert (response.status, header(response, "x-amzn-errortype")) == (status, code)
    assert not aws.seen


def test_query_services_refuse_the_unsigned(aws):
    response = aws.send("GET", "/?Action=GetCallerIdentity&Version=2011-06-15")
    assert response.status == 403
    assert b"<Code>MissingAuthenticationToken</Code>" in response.body
    assert b"<Message>Request is missing Authentication Token</Message>" in response.body


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        ("AWS4-HMAC-SHA256 Credential=a/b/c", "Authorization header requires 'Signature' parameter."),
        ("AWS4-HMAC-SHA256 nonsense", "Invalid key=value pair (missing equal-sign) in Authorization header"),
        (
            "AWS4-HMAC-SHA256 Credential=a/b/c, SignedHeaders=host, Signature=00",
            "Credential must have exactly 5 slash-delimited elements",
        ),
        ("Bearer abc", "Authorization header requires 'Credential' parameter."),
    ],
)
def test_a_malformed_signature_is_refused(aws, authorization, message):
    headers = {"authorization": authorization, "x_amz_date": "20260101T000000Z"}
    response = aws.json("cognito-idp", "ListUsers", {"UserPoolId": POOL}, signed=False, **headers)
    assert (response.status, json.loads(response.body)["__type"]) == (400, "IncompleteSignatureException")
    assert message in message_of(response)


def test_an_unsigned_operation_does_not_mind_a_bearer_token(aws):
    document = {"ClientId": "a", "Username": "b"}
    assert aws.json("cognito-idp", "SignUp", document, signed=False, authorization="Bearer x").status == 200


def test_a_presigned_url_is_a_signature(aws):
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=123456789012%2F20260101%2Feu-west-1%2Fsts%2Faws4_request"
        "&X-Amz-Signature=00&Action=GetCallerIdentity&Version=2011-06-15"
    )
    assert aws.send("GET", f"/?{query}").status == 200
    assert (
        aws.send(
            "GET", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&Action=GetCallerIdentity&Version=2011-06-15"
        ).status
        == 403
    )


def test_a_compressed_body_is_inflated(aws):
    body = gzip.compress(json.dumps({"ClientId": "a", "Username": "b"}).encode())
    assert aws.json("cognito-idp", "SignUp", body, signed=False, content_encoding="gzip").status == 200
    assert aws.json("cognito-idp", "SignUp", b"junk", signed=False, content_encoding="gzip").status == 400
    bomb = gzip.compress(b" " * (65 * 1024 * 1024))
    assert aws.json("cognito-idp", "SignUp", bomb, signed=False, content_encoding="gzip").status == 400


def test_a_label_is_decoded_and_may_be_an_arn(aws):
    path = "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af"
    assert aws.send("POST", path, b'{"Tags": {"a": "b"}}', **signature("lambda")).status == 204
    assert aws.seen == [{"Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "Tags": {"a": "b"}}]


def test_an_unknown_path_or_operation_is_named(aws):
    response = aws.send("GET", "/2015-03-31/nonsense", **signature("lambda"))
    assert response.status == 501
    assert (
        message_of(response)
        == "API action GET /2015-03-31/nonsense of service lambda is not emulated by dewstack"
    )
    response = aws.json("cognito-idp", "Nonsense", {})
    assert message_of(response) == "API action Nonsense of service cognito-idp is not emulated by dewstack"
    response = aws.send("POST", "/", b"{}", x_amz_target="AmazonNonsense_2020.Do", **signature("nonsense"))
    assert (response.status, message_of(response)) == (
        501,
        "API action Do of service nonsense is not emulated by dewstack",
    )


def test_a_page_of_another_site_may_not_use_the_browser_as_its_hands(aws):
    arguments = {"UserPoolId": POOL}
    foreign = aws.json("cognito-idp", "ListUsers", arguments, origin="https://evil.example")
    assert (foreign.status, json.loads(foreign.body)["__type"]) == (403, "AccessDeniedException")
    assert aws.json("cognito-idp", "ListUsers", arguments, origin="http://127.0.0.1:8000").status == 200
    public = aws.json(
        "cognito-idp", "SignUp", {"ClientId": "a", "Username": "b"}, signed=False, origin="https://a.b"
    )
    assert (public.status, header(public, "access-control-allow-origin")) == (200, "*")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:4566", 200),
        ("127.0.0.1:4566", 200),
        ("[::1]:4566", 200),
        ("emulator:4566", 200),
        ("host.docker.internal:4566", 200),
        ("cognito-idp.us-east-1.amazonaws.com", 200),
        ("localhost.localstack.cloud:4566", 200),
        ("rebound.example:4566", 403),
        ("127.0.0.1.example:4566", 403),
    ],
)
def test_a_page_of_another_site_may_not_call_this_machine_by_a_name_of_its_own(aws, host, status):
    assert aws.json("cognito-idp", "ListUsers", {"UserPoolId": POOL}, host=host).status == status


def preflight(aws: Fixture, origin: str) -> tuple[str, str]:
    wanted = "authorization,x-amz-target"
    response = aws.send("OPTIONS", "/", origin=origin, access_control_request_headers=wanted)
    assert (response.status, header(response, "access-control-allow-origin")) == (200, "*")
    allowed = header(response, "access-control-allow-headers") or ""
    return allowed, header(response, "access-control-allow-methods") or ""


def test_a_preflight_allows_everybody_what_amplify_sends_and_no_signature(aws):
    allowed, methods = preflight(aws, "https://evil.example")
    assert "x-amz-target" in allowed
    assert "authorization" not in allowed
    assert methods == "POST"


def test_a_preflight_allows_pages_of_this_machine_everything(aws):
    allowed, methods = preflight(aws, "http://localhost:8000")
    assert allowed == "authorization,x-amz-target"
    assert "DELETE" in methods


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "expected"),
    [
        ("POST", "/", {"x-amz-target": "AWSCognitoIdentityProviderService.SignUp"}, b"{}", True),
        ("GET", "/any", {"authorization": "AWS4-HMAC-SHA256 " + SCOPE.format("s3")}, b"", True),
        ("GET", "/any", {"authorization": "AWS4-HMAC-SHA256 " + SCOPE.format("execute-api")}, b"", False),
        ("GET", "/any", {"authorization": "Bearer x"}, b"", False),
        ("GET", "/any?X-Amz-Algorithm=AWS4-HMAC-SHA256", {}, b"", True),
        ("POST", "/", {"content-type": "application/x-www-form-urlencoded"}, b"Action=ListStacks", True),
        ("POST", "/oauth2/token", {"content-type": "application/x-www-form-urlencoded"}, b"Action=x", False),
        ("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", {}, b"", True),
        ("GET", "/2015-03-31/functions/", {}, b"", True),
        ("GET", "/restapis/abc/test/_user_request_/x", {}, b"", False),
        ("GET", "/restapis/abc", {}, b"", True),
        ("OPTIONS", "/", {"access-control-request-headers": "content-type,x-amz-target"}, b"", True),
        ("GET", "/", {}, b"", False),
        (
            "GET",
            "/us-east-1_abc/.well-known/jwks.json",
            {"host": "cognito-idp.us-east-1.localhost"},
            b"",
            False,
        ),
    ],
)
def test_the_front_door_can_tell_an_aws_request(aws, method, path, headers, body, expected):
    raw_path, _, query = path.partition("?")
    lines = [(name.encode(), value.encode()) for name, value in headers.items()]
    assert aws.api.is_aws_request(Request(method, raw_path, query, lines, body)) is expected


def test_calls_in_process_need_no_model_and_raise_as_they_are():
    api = AwsApi(Config())
    caller = Config().caller

    async def slow(caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        return {"Echo": params}

    def fails(caller: Caller, params: dict[str, Any]) -> None:
        raise KeyError("detail")

    api.register("made-up", {"Slow": slow, "Fails": fails})

    assert asyncio.run(api.call("made-up", "Slow", {"a": object}, caller)) == {"Echo": {"a": object}}
    with pytest.raises(NotEmulated, match="API action Other of service made-up"):
        asyncio.run(api.call("made-up", "Other", {}, caller))
    with pytest.raises(AwsError) as failure:
        asyncio.run(api.call("made-up", "Fails", {}, caller))
    assert (failure.value.code, failure.value.status) == ("InternalFailure", 500)
    assert "detail" not in failure.value.message
