"""Handlers that verify a pool's tokens by themselves, against the address that AWS publishes the keys at."""

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clients.peer import HERE, install_modules
from tests.e2e.clients.people import AppClient, Pool

ROLE = "arn:aws:iam::000000000000:role/test"
LIBRARIES = ("jwt", "jose", "ecdsa", "rsa", "pyasn1", "six", "cryptography", "cffi", "_cffi_backend")
"""What the package of the Python function brings along."""

PYTHON = """
import json, urllib.request
import jwt
from jose import jwt as jose

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/{pool}"
keys = jwt.PyJWKClient(ISSUER + "/.well-known/jwks.json")

def pyjwt(event, context):
    key = keys.get_signing_key_from_jwt(event["token"])
    try:
        return jwt.decode(event["token"], key.key, algorithms=["RS256"], issuer=ISSUER)
    except jwt.InvalidTokenError as error:
        return {{"refused": type(error).__name__}}

def python_jose(event, context):
    with urllib.request.urlopen(ISSUER + "/.well-known/jwks.json") as response:
        known = json.load(response)
    try:
        return jose.decode(event["token"], known, algorithms=["RS256"], issuer=ISSUER)
    except jose.JWTError as error:
        return {{"refused": type(error).__name__}}
"""

NODE = """
const {{ CognitoJwtVerifier }} = require("aws-jwt-verify");
const verifier = CognitoJwtVerifier.create({{ userPoolId: "{pool}", tokenUse: "access", clientId: "{client}" }});
exports.handler = async (event) => {{
  try {{
    return await verifier.verify(event.token);
  }} catch (error) {{
    return {{ refused: error.constructor.name }};
  }}
}};
"""


@pytest.fixture(scope="module")
def client(pool: Pool) -> AppClient:
    """A client of the pool."""
    return pool.client()


@pytest.fixture(scope="module")
def make(pool: Pool, client: AppClient, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Makes a function whose code is the one given, in a directory that has what it imports; it is called then."""

    def made(handler: str, runtime: str, source: str, *brought: Path) -> Callable[[str], Any]:
        directory = tmp_path_factory.mktemp("function")
        file = directory / ("f.py" if runtime.startswith("python") else "f.js")
        file.write_text(source.format(pool=pool.id, client=client.id))
        for library in brought:
            (directory / library.name).symlink_to(library)
        functions, name = pool.dew.client("lambda"), directory.name
        functions.create_function(
            FunctionName=name,
            Handler=f"f.{handler}",
            Runtime=runtime,
            Role=ROLE,
            Timeout=30,
            Code={"S3Bucket": "hot-reload", "S3Key": str(directory)},
        )

        def call(token: str) -> Any:
            answer = functions.invoke(FunctionName=name, Payload=json.dumps({"token": token}))
            body = json.loads(answer["Payload"].read())
            assert "FunctionError" not in answer, body
            return body

        return call

    return made


def place_of(library: str) -> Path:
    """Where a package or module of this interpreter lies."""
    spec = importlib.util.find_spec(library)
    assert spec is not None and spec.origin is not None
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin


def forged(token: str) -> str:
    """The token with another signature."""
    return token[:-8] + ("A" * 8 if not token.endswith("A" * 8) else "B" * 8)


@pytest.mark.parametrize(
    ("handler", "refusal"), [("pyjwt", "InvalidSignatureError"), ("python_jose", "JWTError")]
)
def test_python_libraries_verify_against_awss_address(
    pool: Pool, client: AppClient, make: Callable[..., Any], handler: str, refusal: str
) -> None:
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    call = make(handler, version, PYTHON, *(place_of(library) for library in LIBRARIES))
    name = pool.user()
    token = pool.tokens(client.id, name)["AccessToken"]
    claims = call(token)
    assert (claims["username"], claims["client_id"]) == (name, client.id)
    assert call(forged(token)) == {"refused": refusal}


@pytest.mark.clients
def test_aws_jwt_verify_does_too(pool: Pool, client: AppClient, make: Callable[..., Any]) -> None:
    install_modules()
    call = make("handler", "nodejs20.x", NODE, HERE / "node_modules")
    name = pool.user()
    token = pool.tokens(client.id, name)["AccessToken"]
    assert call(token)["username"] == name
    assert call(forged(token)) == {"refused": "JwtInvalidSignatureError"}
