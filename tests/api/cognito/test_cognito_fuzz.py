"""Every operation of a user pool, fed from its model: it answers, it never breaks, and nothing stays half done.

Requests are built from botocore's shapes: mostly what the model allows, sometimes not, naming the pool, client, user
and tokens that exist as often as strangers.
"""

import asyncio
import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dewstack.clock import Clock
from dewstack.cognito import Cognito
from dewstack.cognito.model import SigningKeys
from dewstack.config import Config
from dewstack.http import Request
from dewstack.store import Store
from dewstack.wire import AwsApi
from dewstack.wire.model import Shape, load_model
from tests.conforming import departures
from tests.whole import check_whole

MODEL = load_model("cognito-idp")
OFFERED = sorted(Cognito(Store(), Clock(), Config()).operations)
PASSWORD = "Correct-Horse-1"
BOUND_SECONDS = 20
"""Per request: a hang fails the test instead of the build."""
DEPTH = 4
EXAMPLES = 20

Known = dict[str, list[Any]]


class Pool:
    """A pool with a client with a secret and one without, a domain, users, a group and a signed-in user."""

    def __init__(self, runner: asyncio.Runner, keys: SigningKeys | None) -> None:
        self.store = Store()
        self.cognito = Cognito(self.store, Clock(), Config())
        self.api = AwsApi(Config())
        self.api.register("cognito-idp", self.cognito.operations)
        self.runner = runner
        pool = self.call("CreateUserPool", PoolName="people", AutoVerifiedAttributes=["email"])["UserPool"]
        self.pool_id = pool["Id"]
        directory = self.cognito._directory
        place = directory.pool_anywhere(self.pool_id)
        assert place is not None
        if keys is not None:
            directory.signing_keys.put(keys, *place.key)
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]
        client = {"UserPoolId": self.pool_id, "ClientName": "web", "ExplicitAuthFlows": flows}
        client_id = self.call("CreateUserPoolClient", **client)["UserPoolClient"]["ClientId"]
        secret = self.call("CreateUserPoolClient", **client, GenerateSecret=True)["UserPoolClient"]
        users = {"ada": "CONFIRMED", "bob": "UNCONFIRMED"}
        for name in users:
            attributes = [{"Name": "email", "Value": f"{name}@example.com"}]
            self.call(
                "SignUp", ClientId=client_id, Username=name, Password=PASSWORD, UserAttributes=attributes
            )
        self.call("AdminConfirmSignUp", UserPoolId=self.pool_id, Username="ada")
        self.call("CreateGroup", UserPoolId=self.pool_id, GroupName="staff")
        self.call("AdminAddUserToGroup", UserPoolId=self.pool_id, Username="ada", GroupName="staff")
        credentials = {"USERNAME": "ada", "PASSWORD": PASSWORD}
        tokens = self.call(
            "InitiateAuth", ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=credentials
        )["AuthenticationResult"]
        self.keys = directory.signing_keys.get(*place.key)
        self.known: Known = {
            "UserPoolId": [self.pool_id],
            "ClientId": [client_id, secret["ClientId"]],
            "ClientSecret": [secret["ClientSecret"]],
            "Username": ["ada", "bob", "ada@example.com", "nobody"],
            "USERNAME": ["ada", "bob"],
            "PASSWORD": [PASSWORD],
            "Password": [PASSWORD, "short"],
            "GroupName": ["staff"],
            "AccessToken": [tokens["AccessToken"]],
            "RefreshToken": [tokens["RefreshToken"]],
            "Token": [tokens["RefreshToken"]],
            "REFRESH_TOKEN": [tokens["RefreshToken"]],
            "ResourceArn": [pool["Arn"]],
            "ConfirmationCode": [message.code for message in self.cognito.mailbox.messages()],
            "Name": ["email", "phone_number", "custom:team", "given_name"],
            "Value": ["ada@example.com", "+4915112345678", "true"],
            "AttributeName": ["email", "phone_number"],
            "SRP_A": ["ab" * 384, "0", "zz"],
            "CallbackURLs": [["https://example.com/back"]],
        }

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        status, document = self.request(operation, params)
        assert status == 200, document
        return document

    def request(self, operation: str, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and body of the operation's answer, as over HTTP."""
        scope = "AWS4-HMAC-SHA256 Credential=test/20261122/us-east-1/cognito-idp/aws4_request"
        headers = [
            (b"Host", b"localhost:4566"),
            (b"X-Amz-Target", f"AWSCognitoIdentityProviderService.{operation}".encode()),
            (b"Content-Type", b"application/x-amz-json-1.1"),
            (b"X-Amz-Date", b"20261122T000000Z"),
            (b"Authorization", f"{scope}, SignedHeaders=host;x-amz-date, Signature=00".encode()),
        ]
        body = json.dumps(params).encode()
        seen = Request("POST", "/", "", headers, body)
        answer = self.runner.run(asyncio.wait_for(self.api.handle(seen), BOUND_SECONDS))
        return answer.status, json.loads(answer.body or b"{}")

    def close(self) -> None:
        self.api.close()
        self.store.close()


class Values:
    """JSON values for the model's shapes, with the things that exist named where the model has a name for them.

    Tame values conform to the model's constraints; wild ones are only of the right type.
    """

    def __init__(self, known: Known, *, tame: bool) -> None:
        self.known = known
        self.tame = tame
        self.kinds = {
            "structure": self.structure,
            "list": self.list,
            "map": self.map,
            "string": self.string,
            "integer": self.integer,
            "long": self.integer,
            "double": lambda *_: st.floats(allow_nan=False, allow_infinity=False),
            "boolean": lambda *_: st.booleans(),
            "timestamp": lambda *_: st.sampled_from([0, 1700000000, 1e12]),
            "blob": lambda *_: st.sampled_from(["", "AAAA"] if tame else ["", "AAAA", "no base64!"]),
        }

    def of(self, shape: Shape, name: str = "", depth: int = DEPTH) -> st.SearchStrategy[Any]:
        generated = self.kinds[shape.type](shape, depth)
        found = self.known.get(name) or self.known.get(shape.name)
        fits = shape.type == ("list" if found and isinstance(found[0], list) else "string")
        if not found or not fits or shape.traits.get("enum"):
            return generated
        return st.integers(0, 9).flatmap(lambda n: st.sampled_from(found) if n else generated)

    def structure(self, shape: Shape, depth: int) -> st.SearchStrategy[Any]:
        members = {
            name: self.of(member.shape, name, depth - 1)
            for name, member in shape.members.items()
            if depth > 0 or name in shape.required
        }
        required = {name: members.pop(name) for name in shape.required}
        return st.fixed_dictionaries(required, optional=members)

    def list(self, shape: Shape, depth: int) -> st.SearchStrategy[Any]:
        low = shape.traits.get("min", 0)
        return st.lists(self.of(shape.member.shape, depth=depth - 1), min_size=low, max_size=max(low, 2))

    def map(self, shape: Shape, depth: int) -> st.SearchStrategy[Any]:
        # The parameters of a sign-in have names of their own, which the model doesn't tell.
        free = st.dictionaries(st.text(max_size=8), self.of(shape.value.shape, depth=depth - 1), max_size=2)
        if shape.value.shape.type != "string":
            return free
        named = {name: st.sampled_from(self.known[name]) for name in self.known if name.isupper()}
        return st.one_of(st.fixed_dictionaries(named), st.fixed_dictionaries({}, optional=named), free)

    def string(self, shape: Shape, depth: int) -> st.SearchStrategy[Any]:
        if not self.tame:
            return st.text(max_size=64)
        if enum := shape.traits.get("enum"):
            return st.sampled_from(enum)
        low, high = int(shape.traits.get("min", 0)), min(int(shape.traits.get("max", 64)), 2048)
        pattern = re.sub(r"\\p\{\w+\}", "a-zA-Z0-9", shape.traits.get("pattern") or "")
        if pattern in ("", r"[\S\s]*", r"[\S]+", r"[\S]*"):
            alphabet = st.characters(min_codepoint=33, max_codepoint=0x17F)
            return st.text(alphabet, min_size=low, max_size=max(low, min(high, 20)))
        drawn = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)
        return drawn.filter(lambda text: low <= len(text) <= high and "\n" not in text)

    def integer(self, shape: Shape, depth: int) -> st.SearchStrategy[Any]:
        if self.tame:
            return st.integers(shape.traits.get("min", 0), shape.traits.get("max", 100))
        return st.sampled_from([-1, 0, 1, 2**31])


def requests(shape: Shape, known: Known) -> st.SearchStrategy[Any]:
    """Params for an operation: three in four conform to the model."""
    tame, wild = Values(known, tame=True).of(shape), Values(known, tame=False).of(shape)
    return st.integers(0, 3).flatmap(lambda n: tame if n else wild)


@pytest.fixture(scope="module")
def runner():
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def keys(runner):
    pool = Pool(runner, None)
    pool.close()
    return pool.keys


@pytest.mark.parametrize("operation", OFFERED)
def test_an_operation_answers_whatever_it_is_asked(runner, keys, operation):
    assert MODEL is not None
    known_operation = MODEL.operation(operation)
    assert known_operation is not None and known_operation.input is not None
    pool = Pool(runner, keys)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests(known_operation.input, pool.known))
    def ask(params: dict[str, Any]) -> None:
        status, document = pool.request(operation, params)
        assert status in (200, 400, 403, 404, 501), (status, document, params)
        if status == 200:
            assert known_operation.output is None or not list(departures(known_operation.output, document))
        else:
            assert document.get("__type"), document
        assert "Traceback" not in json.dumps(document)
        check_whole(pool.cognito)

    try:
        ask()
    finally:
        pool.close()


def test_a_body_that_is_no_request_is_refused(runner, keys):
    pool = Pool(runner, keys)
    try:
        for body in (b"", b"[]", b"null", b'"x"', b"{", b"\xff\xfe", b'{"UserPoolId": ' + b"[" * 2000):
            seen = Request(
                "POST",
                "/",
                "",
                [
                    (b"Host", b"localhost:4566"),
                    (b"X-Amz-Target", b"AWSCognitoIdentityProviderService.SignUp"),
                    (b"Content-Type", b"application/x-amz-json-1.1"),
                ],
                body,
            )
            answer = runner.run(asyncio.wait_for(pool.api.handle(seen), BOUND_SECONDS))
            assert answer.status == 400, (body, answer)
            assert msgspec.json.decode(answer.body)["__type"]
    finally:
        pool.close()
