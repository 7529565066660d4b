"""What the control API says of costs: every number is what the price list makes of what ran."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from dewstack.testing import Dew, start

MAP = """
service: priced
provider:
  name: aws
  runtime: python3.11
  memorySize: 512
  httpApi:
    authorizers:
      gate:
        type: request
        functionName: gate
        enableSimpleResponses: true
        identitySource: $request.header.authorization
functions:
  gate: {handler: app.gate, memorySize: 128}
  echo:
    handler: app.echo
    events:
      - httpApi: POST /echo
      - httpApi: {method: GET, path: /private, authorizer: {name: gate}}
      - http: GET /echo/{name}
  slow: {handler: app.slow, architecture: arm64, events: [{httpApi: GET /slow}]}
"""
HANDLERS = """
import time

def gate(event, context):
    return {"isAuthorized": event["headers"]["authorization"] == "open"}

def echo(event, context):
    return {"statusCode": 201, "body": event.get("body") or "nothing"}

def slow(event, context):
    time.sleep(0.05)
    return {"statusCode": 200, "body": "slept"}
"""
X86, ARM, INVOKED = 0.0000166667, 0.0000133334, 0.2e-6


@pytest.fixture(scope="module")
def dew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dew]:
    """The service of the map."""
    directory = tmp_path_factory.mktemp("priced")
    (directory / "serverless.yml").write_text(MAP)
    (directory / "app.py").write_text(HANDLERS)
    with start(directory) as running:
        yield running


@pytest.fixture(scope="module")
def control(dew: Dew) -> Iterator[httpx.Client]:
    """The control API."""
    with httpx.Client(base_url=f"{dew.aws_url}/_dew/", timeout=20) as client:
        yield client


def costs(control: httpx.Client, **query: str) -> dict[str, Any]:
    """All costs."""
    response = control.get("costs", params=query)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def row(rows: list[dict[str, Any]], **named: object) -> dict[str, Any]:
    """The one row with these values."""
    (found,) = (each for each in rows if {key: each[key] for key in named} == named)
    return found


def test_every_request_and_invocation_is_priced(dew: Dew, control: httpx.Client) -> None:
    for _ in range(3):
        assert httpx.post(f"{dew.url}/echo", content=b"hello").status_code == 201
    assert httpx.get(f"{dew.url}/dev/echo/you").status_code == 201
    assert httpx.get(f"{dew.url}/slow").status_code == 200
    dew.client("lambda").invoke(FunctionName="priced-dev-echo", Payload=b"{}")
    told = costs(control)
    echo = row(told["functions"], function="priced-dev-echo")
    assert (echo["key"], echo["invocations"], echo["memory_mb"], echo["cold"]) == ("echo", 5, 512, 1)
    assert echo["cost_usd"] == pytest.approx(5 * INVOKED + echo["billed_ms"] / 1000 * 0.5 * X86, rel=1e-9)
    slow = row(told["functions"], function="priced-dev-slow")
    assert slow["architecture"] == "arm64" and slow["billed_ms"] > 50
    assert slow["cost_usd"] == pytest.approx(INVOKED + slow["billed_ms"] / 1000 * 0.5 * ARM, rel=1e-9)

    posted = row(told["routes"], route="POST /echo")
    assert (posted["kind"], posted["requests"], posted["bytes_out"]) == ("http", 3, 15)
    assert posted["gateway_usd"] == pytest.approx(3e-6 + 15 / 1024**3 * 0.09, rel=1e-9)
    assert posted["cost_usd"] == pytest.approx(posted["gateway_usd"] + posted["lambda_usd"], rel=1e-9)
    assert posted["per_million_usd"] == pytest.approx(posted["cost_usd"] / 3 * 1e6, rel=1e-9)
    rest = row(told["routes"], kind="rest")
    assert rest["gateway_usd"] == pytest.approx(3.5e-6 + 7 / 1024**3 * 0.09, rel=1e-9)

    in_routes = sum(each["lambda_usd"] for each in told["routes"] if each["route"] != "GET /slow")
    assert in_routes < echo["cost_usd"], "one of them came without a request"
    assert told["invocations"] == 6 and told["requests"] == 5
    assert told["cost_usd"] == pytest.approx(sum(line["cost_usd"] for line in told["lines"]), rel=1e-9)
    by_route = sum(each["gateway_usd"] for each in told["routes"])
    by_function = sum(each["cost_usd"] for each in told["functions"])
    assert told["cost_usd"] == pytest.approx(by_route + by_function, rel=1e-9)
    assert {line["service"] for line in told["lines"]} == {"Lambda", "API Gateway", "Data transfer"}
    assert all(line["source"].startswith("https://aws.amazon.com/") for line in told["lines"])


def test_the_summary_of_the_record_agrees(dew: Dew, control: httpx.Client) -> None:
    before = row(costs(control)["routes"], route="POST /echo") if costs(control)["requests"] else None
    assert httpx.post(f"{dew.url}/echo").status_code == 201
    after = row(costs(control)["routes"], route="POST /echo")
    recorded = control.get("invocations", params={"route": "POST /echo", "limit": 1}).json()["invocations"][0]
    transfer = 0.09 * len("nothing") / 1024**3  # to the internet: of the whole, not of one in the record
    spent = after["cost_usd"] - (before["cost_usd"] if before else 0)
    assert spent == pytest.approx(recorded["cost_usd"] + transfer, rel=1e-6)


def test_what_an_authorizer_refuses_costs_its_invocation_alone(dew: Dew, control: httpx.Client) -> None:
    assert httpx.get(f"{dew.url}/private", headers={"Authorization": "shut"}).status_code == 403
    refused = row(costs(control)["routes"], route="GET /private")
    assert (refused["free"], refused["metered"], refused["lambda_usd"]) == (1, 0, 0)
    assert row(costs(control)["functions"], function="priced-dev-gate")["invocations"] == 1
    assert httpx.get(f"{dew.url}/private", headers={"Authorization": "open"}).status_code == 201
    served = row(costs(control)["routes"], route="GET /private")
    assert (served["requests"], served["free"], served["metered"]) == (2, 1, 1)


def test_the_free_tier_leaves_nothing_to_pay(dew: Dew, control: httpx.Client) -> None:
    assert httpx.post(f"{dew.url}/echo").status_code == 201
    assert costs(control)["cost_usd"] > 0
    assert costs(control, free_tier="1")["cost_usd"] == 0


def test_what_is_paid_by_the_month_is_told_apart(dew: Dew, control: httpx.Client) -> None:
    made = dew.call("cognito-idp", "CreateUserPool", {"PoolName": "people"})["UserPool"]
    for name in ("ann", "bob"):
        dew.call("cognito-idp", "AdminCreateUser", {"UserPoolId": made["Id"], "Username": name})
    pool = row(costs(control)["monthly"]["users"], pool=made["Id"])
    assert (pool["plan"], pool["users"], pool["cost_usd"], pool["with_free_tier_usd"]) == (
        "ESSENTIALS",
        2,
        0.03,
        0,
    )
    dew.call("cognito-idp", "DeleteUserPool", {"UserPoolId": made["Id"]})
    assert costs(control)["monthly"]["users"] == []


def test_servers_cost_while_nothing_happens(control: httpx.Client) -> None:
    first, second = costs(control), costs(control)
    assert second["seconds"] > first["seconds"]
    for server in second["always_on"]:
        assert server["hourly_usd"] == pytest.approx(
            sum(part["count"] * part["hourly_usd"] for part in server["parts"]), rel=1e-9
        )
        assert server["monthly_usd"] == pytest.approx(730 * server["hourly_usd"], rel=1e-9)
        assert server["meanwhile_usd"] == pytest.approx(
            server["hourly_usd"] * second["seconds"] / 3600, rel=1e-9
        )
    assert second["compared_with"] == second["always_on"][0]["key"] == "fargate"


@pytest.mark.parametrize(
    ("query", "said"), [("server=mainframe", "fargate"), ("free_tier=maybe", "free_tier")]
)
def test_what_cannot_be_understood_is_said(control: httpx.Client, query: str, said: str) -> None:
    response = control.get(f"costs?{query}")
    assert response.status_code == 400 and said in response.json()["error"]["message"]


def test_without_a_record_nothing_is_counted() -> None:
    with start(record=False) as bare, httpx.Client(base_url=f"{bare.aws_url}/_dew/") as client:
        assert "--no-record" in client.get("costs").json()["error"]["message"]
        refused = client.post("load", json={"function": "echo"})
        assert refused.status_code == 400 and "--no-record" in refused.json()["error"]["message"]
        assert client.get("load").json()["load"] is None
