"""What is measured of an emulator's user pools, and how: over the AWS API, by one kept connection."""

import http.client
import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.srp_client import SrpClient

PASSWORD = "Benchmark-1"
CROWD = 50
SIGN_INS_EACH = 8
SAMPLES = 150
SRP_SAMPLES = 40
PAUSE_SECONDS = 0.004
HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/cognito-idp/aws4_request,"
    " SignedHeaders=host, Signature=0",
    "X-Amz-Date": "20260101T000000Z",
}


class Pools:
    """`cognito-idp` of the emulator at a port, over one kept connection (where the emulator keeps it)."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def answer(self, operation: str, **params: Any) -> tuple[int, dict[str, Any]]:
        """Status and body of an operation's answer."""
        headers = {**HEADERS, "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}"}
        self._connection.request("POST", "/", json.dumps(params), headers)
        response = self._connection.getresponse()
        return response.status, json.loads(response.read() or b"{}")

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """An operation's output."""
        status, body = self.answer(operation, **params)
        assert status == 200, (operation, status, body)
        return body


class People:
    """A pool with users who can sign in, and its app client."""

    def __init__(self, api: Pools, pool: str, client: str) -> None:
        self.api, self.pool, self.client = api, pool, client

    @classmethod
    def make(cls, port: int, users: int = CROWD) -> "People":
        """A new pool with `users` users."""
        api = Pools(port)
        pool = api.call("CreateUserPool", PoolName="bench")["UserPool"]["Id"]
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        made = api.call("CreateUserPoolClient", UserPoolId=pool, ClientName="web", ExplicitAuthFlows=flows)
        people = cls(api, pool, made["UserPoolClient"]["ClientId"])
        for number in range(users):
            people.add(f"person{number}")
        return people

    def add(self, name: str) -> None:
        """A new, confirmed user."""
        user = {"UserPoolId": self.pool, "Username": name}
        address = {"Name": "email", "Value": f"{name}@example.com"}
        self.api.call("AdminCreateUser", **user, MessageAction="SUPPRESS", UserAttributes=[address])
        self.api.call("AdminSetUserPassword", **user, Password=PASSWORD, Permanent=True)

    def sign_in(self, name: str = "person0") -> dict[str, Any]:
        """InitiateAuth with a password: AuthenticationResult."""
        answer = self.api.call(
            "InitiateAuth",
            ClientId=self.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
        return dict(answer["AuthenticationResult"])

    def sign_in_by_srp(self, name: str = "person0") -> float:
        """Milliseconds that the server takes for both steps; the client's own arithmetic isn't counted."""
        client = SrpClient(self.pool.split("_", 1)[1], PASSWORD)
        parameters = {"USERNAME": name, "SRP_A": client.large_a}
        began = time.perf_counter()
        asked = self.api.call(
            "InitiateAuth", ClientId=self.client, AuthFlow="USER_SRP_AUTH", AuthParameters=parameters
        )
        spent = time.perf_counter() - began
        session = {"Session": asked["Session"]} if asked.get("Session") else {}
        answer = client.answer(asked["ChallengeParameters"]) | {"USERNAME": asked_name(asked, name)}
        began = time.perf_counter()
        signed_in = self.api.call(
            "RespondToAuthChallenge",
            ClientId=self.client,
            ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses=answer,
            **session,
        )
        assert signed_in["AuthenticationResult"]["AccessToken"]
        return (spent + time.perf_counter() - began) * 1000


def asked_name(asked: dict[str, Any], name: str) -> str:
    """The USERNAME that a challenge is answered with. moto's USER_ID_FOR_SRP is a name it doesn't know afterwards."""
    return str(asked["ChallengeParameters"].get("USERNAME", name))


def milliseconds(action: Callable[[], object], samples: int = SAMPLES) -> float:
    """The median time of an action."""
    times = []
    for _ in range(samples + 10):
        began = time.perf_counter()
        action()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times[10:])


def measure_people(people: People, name: str = "person0") -> dict[str, float]:
    """The operations one after the other, medians in milliseconds."""
    api = people.api
    token = people.sign_in(name)["AccessToken"]
    return {
        "password": milliseconds(lambda: people.sign_in(name)),
        "srp": statistics.median(people.sign_in_by_srp(name) for _ in range(SRP_SAMPLES)),
        "get_user": milliseconds(lambda: api.call("GetUser", AccessToken=token)),
        "admin_get_user": milliseconds(
            lambda: api.call("AdminGetUser", UserPoolId=people.pool, Username=name)
        ),
        "list_users": milliseconds(lambda: api.call("ListUsers", UserPoolId=people.pool, Limit=60), 40),
        "list_filtered": milliseconds(
            lambda: api.call("ListUsers", UserPoolId=people.pool, Filter=f'email ^= "{name}@"'), 40
        ),
        "describe_pool": milliseconds(lambda: api.call("DescribeUserPool", UserPoolId=people.pool), 40),
    }


def measure_crowd(port: int, people: People, plain: Callable[[], object]) -> dict[str, float]:
    """Fifty clients sign in at the same time, again and again, from a process of their own; beside them one client
    makes plain requests. Its p99 in milliseconds, and sign-ins per second."""
    command = [sys.executable, __file__, str(port), people.client]
    crowd = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert crowd.stdin and crowd.stdout
    crowd.stdout.readline()
    crowd.stdin.write("go\n")
    crowd.stdin.flush()
    times: list[float] = []
    while crowd.poll() is None:
        began = time.perf_counter()
        plain()
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(PAUSE_SECONDS)
    assert crowd.returncode == 0
    times.sort()
    report: dict[str, float] = json.loads(crowd.stdout.read())
    return {
        "p50": statistics.median(times),
        "p99": times[int(len(times) * 0.99)],
        "samples": len(times),
        **report,
    }


def sign_in_together(port: int, client: str) -> dict[str, float]:
    """The crowd itself: every client on a connection of its own."""
    crowd = [People(Pools(port), "", client) for _ in range(CROWD)]
    took: list[float] = []

    def one(people: People, name: str) -> None:
        for _ in range(SIGN_INS_EACH):
            began = time.perf_counter()
            people.sign_in(name)
            took.append(time.perf_counter() - began)

    threads = [
        threading.Thread(target=one, args=(people, f"person{number}")) for number, people in enumerate(crowd)
    ]
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(took) == CROWD * SIGN_INS_EACH
    return {"sign_ins_per_s": len(took) / (time.perf_counter() - began), "slowest_s": max(took)}


if __name__ == "__main__":
    print(json.dumps(sign_in_together(int(sys.argv[1]), sys.argv[2])))
