"""Signatures: the cases that AWS publishes for its own signers, what botocore signs, and what is wrong with others."""

from typing import Any

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from dewstack.http import Request
from dewstack.iam.faults import Fault, Incomplete, Mismatch, Missing
from dewstack.iam.signature import (
    DerivedKeys,
    Signature,
    canonical_query,
    check_signature,
    check_time,
    derive_key,
    read_signature,
)

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SCOPE = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"
NOON = 1440938160.0
"""2015-08-30T12:36:00Z"""


def request(
    method: str, target: str, headers: list[tuple[str, str]], signed: str, signature: str, body: bytes = b""
) -> Request:
    """A request of AWS's test suite, which is for the service `service` at `NOON`."""
    path, _, query = target.partition("?")
    authorization = f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders={signed}, Signature={signature}"
    every = [
        ("Host", "example.amazonaws.com"),
        *headers,
        ("Authorization", authorization),
        ("X-Amz-Date", "20150830T123600Z"),
    ]
    return Request(method, path, query, [(n.encode(), v.encode()) for n, v in every], body)


TOKEN = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
HASH = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"
PUBLISHED: dict[str, tuple[Any, ...]] = {
    "get-header-key-duplicate": (
        "GET",
        "/",
        [("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")],
        "host;my-header1;x-amz-date",
        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    ),
    "get-header-value-trim": (
        "GET",
        "/",
        [("My-Header1", " value1"), ("My-Header2", ' "a   b   c"')],
        "host;my-header1;my-header2;x-amz-date",
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ),
    "get-vanilla-query-order-key-case": (
        "GET",
        "/?Param2=value2&Param1=value1",
        [],
        "host;x-amz-date",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    "get-vanilla-query-order-encoded": (
        "GET",
        "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
        [],
        "host;x-amz-date",
        "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
    ),
    "get-slashes-normalized": (
        "GET",
        "//example//",
        [],
        "host;x-amz-date",
        "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
    ),
    "get-slash-pointless-dot-normalized": (
        "GET",
        "/./example",
        [],
        "host;x-amz-date",
        "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5",
    ),
    "get-vanilla-with-session-token": (
        "GET",
        "/",
        [("X-Amz-Security-Token", TOKEN)],
        "host;x-amz-date;x-amz-security-token",
        "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
    ),
    "post-x-www-form-urlencoded": (
        "POST",
        "/",
        [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Content-Length", "13"),
            ("x-amz-content-sha256", HASH),
        ],
        "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
        "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
        b"Param1=value1",
    ),
}


@pytest.mark.parametrize("case", PUBLISHED)
def test_published_cases(case: str) -> None:
    sent = request(*PUBLISHED[case])
    signature = read_signature(sent)
    check_time(signature, NOON)
    check_signature(sent, signature, SECRET, DerivedKeys())
    with pytest.raises(Mismatch):
        check_signature(sent, signature, SECRET + "x", DerivedKeys())
    sent.method = "PUT"
    with pytest.raises(Mismatch):
        check_signature(sent, signature, SECRET, DerivedKeys())


def test_a_published_presigned_url() -> None:
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice%2Faws4_request"
        "&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600"
        "&X-Amz-Signature=e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"
    )
    sent = Request("GET", "/", query, [(b"Host", b"example.amazonaws.com")], b"")
    signature = read_signature(sent)
    assert (signature.access_key_id, signature.expires) == ("AKIDEXAMPLE", 3600)
    check_time(signature, NOON + 3600)
    with pytest.raises(
        Mismatch, match=r"^Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z"
    ):
        check_time(signature, NOON + 3601)


@pytest.mark.parametrize("auth", [SigV4Auth, S3SigV4Auth])
@pytest.mark.parametrize("target", ["/", "/a%20b/%C3%A4?x=1&x=0&y=%2F%2B&z", "/a//b/../c/./", "/%2F/%25"])
def test_what_botocore_signs(auth: Any, target: str) -> None:
    service = "s3" if auth is S3SigV4Auth else "execute-api"
    made = AWSRequest(
        "POST", f"http://localhost:4566{target}", data=b"body", headers={"X-Amz-Other": " a  b "}
    )
    auth(Credentials("AKID", SECRET, "token"), service, "eu-west-1").add_auth(made)
    path, _, query = target.partition("?")
    headers = [(b"Host", b"localhost:4566")]
    headers += [(n.encode(), str(v).encode()) for n, v in made.headers.items() if n.lower() != "host"]
    sent = Request("POST", path, query, headers, b"body")
    signature = read_signature(sent)
    assert (signature.region, signature.service, signature.session_token) == ("eu-west-1", service, "token")
    check_signature(sent, signature, SECRET, DerivedKeys())
    sent.body = b"other"
    if service != "s3":
        with pytest.raises(Mismatch):
            check_signature(sent, signature, SECRET, DerivedKeys())


def test_the_path_that_was_sent_is_verified() -> None:
    sent = request(*PUBLISHED["get-slash-pointless-dot-normalized"])
    sent.sent_path, sent.raw_path = sent.raw_path, "/somewhere"
    check_signature(sent, read_signature(sent), SECRET, DerivedKeys())


def test_the_key_of_a_day() -> None:
    # The example of AWS's guide "Create a signed AWS API request".
    key = derive_key(SECRET, "20120215", "us-east-1", "iam")
    assert key.hex() == "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d"


def unsigned(authorization: str = "", *, dated: bool = True, query: str = "") -> Request:
    headers = [(b"Authorization", authorization.encode())] if authorization else []
    return Request(
        "GET", "/", query, headers + ([(b"X-Amz-Date", b"20150830T123600Z")] if dated else []), b""
    )


@pytest.mark.parametrize(
    ("sent", "fault", "message"),
    [
        (unsigned(), Missing, "Missing Authentication Token"),
        (unsigned("Bearer abc"), Incomplete, "Invalid key=value pair (missing equal-sign)"),
        (
            unsigned("AWS4-HMAC-SHA256 Credential=a"),
            Incomplete,
            "requires 'Signature' parameter. Authorization header",
        ),
        (
            unsigned(f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=0", dated=False),
            Incomplete,
            "requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        ),
        (
            unsigned("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0"),
            Incomplete,
            "Credential must have exactly 5 slash-delimited elements",
        ),
        (
            unsigned(f"AWS9 Credential={SCOPE}, SignedHeaders=host, Signature=0"),
            Incomplete,
            "Unsupported AWS 'algorithm': 'AWS9'.",
        ),
        (
            unsigned("AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=h, Signature=0"),
            Mismatch,
            "valid terminator",
        ),
        (unsigned(query="X-Amz-Algorithm=AWS4-HMAC-SHA256"), Incomplete, "must include 'X-Amz-Credential'."),
    ],
)
def test_signatures_that_are_none(sent: Request, fault: type[Fault], message: str) -> None:
    with pytest.raises(fault) as caught:
        read_signature(sent)
    assert message in caught.value.message


def test_the_host_is_signed() -> None:
    signature = Signature("AKID", "20150830", "r", "s", "20150830T123600Z", ("x-amz-date",), "0")
    with pytest.raises(Mismatch, match="'Host' or ':authority' must be a 'SignedHeader'"):
        check_signature(unsigned(), signature, SECRET, DerivedKeys())


@pytest.mark.parametrize(
    ("offset", "message"),
    [
        (
            901,
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)",
        ),
        (
            -901,
            "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z"
            " (20150830T122059Z + 15 min.)",
        ),
    ],
)
def test_clocks_may_differ_by_a_quarter_of_an_hour(offset: int, message: str) -> None:
    signature = read_signature(request(*PUBLISHED["get-slashes-normalized"]))
    check_time(signature, NOON + offset - (1 if offset > 0 else -1))
    with pytest.raises(Mismatch) as caught:
        check_time(signature, NOON + offset)
    assert caught.value.message == message


def test_signing_keys_are_remembered_and_forgotten() -> None:
    keys = DerivedKeys()
    for day in range(keys.LIMIT + 10):
        keys.key(SECRET, Signature("A", str(day), "r", "s", "", (), ""))
    assert len(keys._keys) == keys.LIMIT


def test_queries_are_encoded_as_aws_encodes() -> None:
    assert canonical_query("b=~%7E&a=+&a=%20&X-Amz-Signature=1&c") == "a=%20&a=%2B&b=~~&c="
