"""Functions and APIs at ministack: the same handlers, put there through AWS's APIs, as it has no serverless.yml."""

import io
import time
import zipfile
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from client import together, wait_for_first, warm, wrk
from users import PEERS, PORT, Launch, Stop

HERE = Path(__file__).parent
ROLE = "arn:aws:iam::000000000000:role/bench"
FUNCTIONS = [
    ("pyHello", "service", "handlers/py.hello", "python3.11", "GET /py/hello"),
    ("nodeHello", "service", "handlers/node.hello", "nodejs20.x", "GET /node/hello"),
    ("slow", "cold", "handlers/slow.handler", "python3.11", "GET /slow"),
]
"""Name, service, handler, runtime, route."""


def client(service: str) -> Any:
    """boto3's client."""
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{PORT}",
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 1}, read_timeout=60),
    )


def deploy() -> tuple[str, str]:
    """Functions, an HTTP API in front of them, and one route more behind a JWT authorizer: the path of the API, and an
    access token."""
    gateway, functions, users = client("apigatewayv2"), client("lambda"), client("cognito-idp")
    api = gateway.create_api(Name="bench", ProtocolType="HTTP")["ApiId"]
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    pool, app, token = sign_in(users)
    authorizer = gateway.create_authorizer(
        ApiId=api,
        Name="users",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={
            "Audience": [app],
            "Issuer": f"https://cognito-idp.eu-west-1.amazonaws.com/{pool}",
        },
    )["AuthorizerId"]
    for name, service, handler, runtime, route in FUNCTIONS:
        arn = functions.create_function(
            FunctionName=name,
            Handler=handler,
            Runtime=runtime,
            Role=ROLE,
            Timeout=10,
            Code={"ZipFile": zipped(HERE / service)},
        )["FunctionArn"]
        target = gateway.create_integration(
            ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
        )["IntegrationId"]
        gateway.create_route(ApiId=api, RouteKey=route, Target=f"integrations/{target}")
        if name == "pyHello":
            gateway.create_route(
                ApiId=api,
                RouteKey="GET /private",
                Target=f"integrations/{target}",
                AuthorizationType="JWT",
                AuthorizerId=authorizer,
            )
    return f"/_aws/execute-api/{api}/$default", token


def sign_in(users: Any) -> tuple[str, str, str]:
    """A new pool, its app client, and the id token of a user of it."""
    pool = users.create_user_pool(PoolName="bench")["UserPool"]["Id"]
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    created = users.create_user_pool_client(UserPoolId=pool, ClientName="bench", ExplicitAuthFlows=flows)
    app = created["UserPoolClient"]["ClientId"]
    users.admin_create_user(UserPoolId=pool, Username="bench", MessageAction="SUPPRESS")
    users.admin_set_user_password(UserPoolId=pool, Username="bench", Password="Benchmark-1", Permanent=True)
    answer = users.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=app,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "bench", "PASSWORD": "Benchmark-1"},
    )
    return pool, app, answer["AuthenticationResult"]["IdToken"]


def zipped(directory: Path) -> bytes:
    """A service's handlers."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in sorted(directory.glob("handlers/*.*")):
            archive.write(file, file.relative_to(directory))
    return buffer.getvalue()


def measure_ministack(scratch: Path, launch: Launch, stop: Stop) -> dict[str, Any]:
    """One round."""
    (peer,) = (peer for peer in PEERS if peer.name == "ministack")
    with peer.running(scratch, launch, stop):
        path, token = deploy()
        for route in ("py", "node"):
            wait_for_first(PORT, f"{path}/{route}/hello", time.monotonic())
        bearer = {"Authorization": f"Bearer {token}"}
        return {
            "py_warm": warm(PORT, f"{path}/py/hello"),
            "node_warm": warm(PORT, f"{path}/node/hello"),
            "authorized_warm": warm(PORT, f"{path}/private", bearer),
            "py_wrk": wrk(PORT, f"{path}/py/hello"),
            "node_wrk": wrk(PORT, f"{path}/node/hello"),
            "authorized_wrk": wrk(PORT, f"{path}/private", headers=bearer),
            "crowd": together(PORT, f"{path}/slow"),
        }
