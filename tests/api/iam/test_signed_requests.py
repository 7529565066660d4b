"""AWS_IAM at HTTP and REST APIs: requests signed as botocore signs them, through real functions."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from dewstack.clock import Clock
from dewstack.testing import Dew, start

MAP = """
service: signed
provider:
  name: aws
  runtime: python3.11
functions:
  echo:
    handler: echo.handler
    events:
      - httpApi: { method: '*', path: '/h/{any+}', authorizer: { type: aws_iam } }
      - http: { method: any, path: '/r/{any+}', authorizer: aws_iam }
"""
DEVELOPER = Credentials("test", "test")
Send = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def dew(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Dew]:
    pytest.importorskip("moto", reason="needs the extra aws")
    directory = tmp_path_factory.mktemp("signed")
    (directory / "serverless.yml").write_text(MAP)
    (directory / "echo.py").write_text(
        "import json\n"
        "def handler(event, context):\n"
        "    return {'statusCode': 200, 'body': json.dumps(event['requestContext'])}\n"
    )
    with start(directory, clock=clock) as running:
        yield running


@pytest.fixture(scope="module")
def apis(dew: Dew) -> dict[str, str]:
    """The ids of the APIs."""
    rest = dew.client("apigateway").get_rest_apis()["items"][0]["id"]
    return {"http": dew.client("apigatewayv2").get_apis()["Items"][0]["ApiId"], "rest": rest}


@pytest.fixture(scope="module")
def reader(dew: Dew) -> Credentials:
    """A user who may GET below `/h/open` and `/r/open`."""
    iam = dew.client("iam")
    iam.create_user(UserName="reader")
    places = [
        f"arn:aws:execute-api:*:*:*/{stage}/GET/{place}/open/*"
        for stage, place in (("$default", "h"), ("dev", "r"))
    ]
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": places}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="reader", PolicyName="open", PolicyDocument=document)
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def send(
    url: str,
    credentials: Credentials | None,
    method: str = "GET",
    body: bytes = b"",
    *,
    region: str = "us-east-1",
    presigned: bool = False,
    spoil: Callable[[AWSRequest], None] = lambda request: None,
) -> httpx.Response:
    request = AWSRequest(method, url, data=body)
    if credentials is not None:
        signer = SigV4QueryAuth if presigned else SigV4Auth
        signer(credentials, "execute-api", region).add_auth(request)
    spoil(request)
    prepared = request.prepare()
    return httpx.request(method, prepared.url, headers=dict(prepared.headers), content=prepared.body or b"")


def urls(dew: Dew, apis: dict[str, str], path: str) -> list[str]:
    """The same path at the HTTP API and the REST API, by several ways."""
    base, own = dew.aws_url, dew.url
    return [
        f"{own}/h/{path}",
        f"{own}/dev/r/{path}",
        f"{base}/_aws/execute-api/{apis['http']}/$default/h/{path}",
        f"{base}/restapis/{apis['rest']}/dev/_user_request_/r/{path}",
    ]


@pytest.mark.parametrize("path", ["open/x", "open/a%20b/%C3%A4", "open/q?b=2&a=1&a=0&c=%2F%2B~", "closed"])
def test_the_developer_passes(dew: Dew, apis: dict[str, str], path: str) -> None:
    for url in urls(dew, apis, path):
        assert send(url, DEVELOPER).status_code == 200, url
        assert send(url, DEVELOPER, "POST", b"body").status_code == 200, url


def test_a_presigned_url_passes_until_it_expires(dew: Dew, apis: dict[str, str]) -> None:
    for url in urls(dew, apis, "open/x?a=b"):
        assert send(url, DEVELOPER, presigned=True).status_code == 200, url


def test_a_user_may_what_his_policies_allow(dew: Dew, apis: dict[str, str], reader: Credentials) -> None:
    for url in urls(dew, apis, "open/x"):
        assert send(url, reader).status_code == 200
        assert send(url, reader, "POST").status_code == 403
    for url in urls(dew, apis, "closed/x"):
        assert send(url, reader).status_code == 403


def test_the_function_learns_who_has_signed(dew: Dew, reader: Credentials) -> None:
    told = send(f"{dew.url}/h/open/x", reader).json()["authorizer"]["iam"]
    user_id = told["userId"]
    assert user_id.startswith("AIDA") or len(user_id) > 15
    assert told == {
        "accessKey": reader.access_key,
        "accountId": "000000000000",
        "callerId": user_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": "arn:aws:iam::000000000000:user/reader",
        "userId": user_id,
    }
    identity = send(f"{dew.url}/dev/r/open/x", reader).json()["identity"]
    assert {name: identity[name] for name in ("accessKey", "accountId", "caller", "user", "userArn")} == {
        "accessKey": reader.access_key,
        "accountId": "000000000000",
        "caller": user_id,
        "user": user_id,
        "userArn": "arn:aws:iam::000000000000:user/reader",
    }


def told(response: httpx.Response) -> tuple[int, str | None, Any]:
    return response.status_code, response.headers.get("x-amzn-ErrorType"), response.json()


def test_what_a_rest_api_says_to_whoever_may_not(dew: Dew, apis: dict[str, str], reader: Credentials) -> None:
    arn = f"arn:aws:execute-api:us-east-1:********0000:{apis['rest']}/dev/GET/r/closed"
    assert told(send(f"{dew.url}/dev/r/closed", reader)) == (
        403,
        "AccessDeniedException",
        {
            "Message": "User: arn:aws:iam::000000000000:user/reader is not authorized to perform:"
            f" execute-api:Invoke on resource: {arn} because no identity-based policy allows the"
            " execute-api:Invoke action"
        },
    )


def change(name: str, value: str) -> Callable[[AWSRequest], None]:
    def spoil(request: AWSRequest) -> None:
        del request.headers[name]
        request.headers[name] = value

    return spoil


@pytest.mark.parametrize(
    ("options", "kind", "beginning"),
    [
        ({"credentials": None}, "MissingAuthenticationTokenException", "Missing Authentication Token"),
        (
            {"credentials": Credentials("test", "wrong")},
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret"
            " Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String"
            " for this request should have been\n'GET\n/dev/r/open/x\n\nhost:",
        ),
        (
            {"credentials": Credentials("AKIAUNKNOWN", "wrong")},
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        (
            {"credentials": DEVELOPER, "region": "eu-west-1"},
            "InvalidSignatureException",
            "Credential should be scoped to a valid region.",
        ),
        (
            {"credentials": DEVELOPER, "spoil": change("X-Amz-Date", "20200101T000000Z")},
            "InvalidSignatureException",
            "Date in Credential scope does not match YYYYMMDD",
        ),
        (
            {"credentials": None, "spoil": change("Authorization", "Bearer x")},
            "IncompleteSignatureException",
            "Invalid key=value pair (missing equal-sign) in Authorization header",
        ),
        (
            {"credentials": None, "spoil": change("Authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/d/e")},
            "IncompleteSignatureException",
            "Authorization header requires 'Signature' parameter.",
        ),
    ],
)
def test_what_is_not_signed_as_it_must_be_is_refused(
    dew: Dew, options: dict[str, Any], kind: str, beginning: str
) -> None:
    status, error, body = told(send(f"{dew.url}/dev/r/open/x", **options))
    assert (status, error) == (403, kind)
    assert body["message"].startswith(beginning)
    assert told(send(f"{dew.url}/h/open/x", **options)) == (403, None, {"message": "Forbidden"})


def test_another_body_than_was_signed_is_refused(dew: Dew) -> None:
    def other_body(request: AWSRequest) -> None:
        request.data = b"other"

    response = send(f"{dew.url}/dev/r/open/x", DEVELOPER, "POST", b"body", spoil=other_body)
    assert told(response)[:2] == (403, "InvalidSignatureException")


def test_a_signature_is_good_for_a_quarter_of_an_hour(dew: Dew, clock: Clock) -> None:
    clock.advance(880)
    assert send(f"{dew.url}/dev/r/open/x", DEVELOPER).status_code == 200
    clock.advance(25)
    status, error, body = told(send(f"{dew.url}/dev/r/open/x", DEVELOPER))
    assert (status, error) == (403, "InvalidSignatureException")
    assert body["message"].startswith("Signature expired: ") and body["message"].endswith(" - 15 min.)")
