"""What ran, through the control API: recorded, shown, done again, told as it happens."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from dewstack.testing import Dew, start

MAP = """
service: recorded
provider:
  name: aws
  runtime: python3.11
  httpApi:
    authorizers:
      gate:
        type: request
        functionName: gate
        enableSimpleResponses: true
        identitySource: $request.header.authorization
functions:
  gate: {handler: app.gate}
  echo:
    handler: app.echo
    events:
      - httpApi: POST /echo
      - httpApi: {method: GET, path: /private, authorizer: {name: gate}}
      - http: GET /echo/{name}
    url: true
  fail: {handler: app.fail, events: [{httpApi: GET /fail}]}
"""
HANDLERS = """
import json

def gate(event, context):
    return {"isAuthorized": event["headers"]["authorization"] == "open", "context": {"plan": "gold"}}

def echo(event, context):
    print("said by echo")
    return {"statusCode": 201, "body": event.get("body") or "nothing"}

def fail(event, context):
    raise ValueError("as asked")
"""


@pytest.fixture(scope="module")
def dew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dew]:
    """The service of the map."""
    directory = tmp_path_factory.mktemp("recorded")
    (directory / "serverless.yml").write_text(MAP)
    (directory / "app.py").write_text(HANDLERS)
    with start(directory) as running:
        yield running


@pytest.fixture
def control(dew: Dew) -> Iterator[httpx.Client]:
    """The control API, nothing recorded."""
    with httpx.Client(base_url=f"{dew.aws_url}/_dew/", timeout=20) as client:
        assert client.post("invocations/clear").status_code == 200
        yield client


def recorded(control: httpx.Client, **query: str) -> list[dict[str, Any]]:
    """The summaries, oldest first."""
    rows: list[dict[str, Any]] = control.get("invocations", params=query).json()["invocations"]
    return rows[::-1]


def test_a_request_is_recorded_with_all_that_became_of_it(dew: Dew, control: httpx.Client) -> None:
    response = httpx.post(f"{dew.url}/echo?a=1", content=b"hello", headers={"X-Twice": "one"})
    (row,) = recorded(control)
    assert row | {"id": 0, "at": 0} == row | {
        "id": 0,
        "at": 0,
        "kind": "http",
        "function": "recorded-dev-echo",
        "stage": "$default",
        "route": "POST /echo",
        "method": "POST",
        "path": "/echo",
        "status": 201,
        "memory_mb": 1024,
        "error": None,
    }
    assert row["cost_usd"] == pytest.approx(1.0e-6 + 0.2e-6 + row["billed_ms"] * 1e-3 * 0.0000166667)
    assert row["total_ms"] > row["duration_ms"] > 0 and row["billed_ms"] >= 1 and row["max_memory_mb"] > 0
    told = control.get("invocation", params={"id": row["id"]}).json()
    assert told["request"]["url"] == "/echo?a=1" and told["request"]["body"] == "hello"
    assert told["event"]["rawQueryString"] == "a=1" and told["event"]["body"] == "hello"
    assert told["response"] == {"statusCode": 201, "body": "hello"}
    assert (told["http_response"]["status"], told["http_response"]["body"]) == (201, "hello")
    assert ["Apigw-Requestid", response.headers["apigw-requestid"]] in told["http_response"]["headers"]
    assert [line.split(" ")[0] for line in told["logs"]] == ["START", "said", "END", "REPORT"]
    assert all(row["request_id"] in line for line in told["logs"] if not line.startswith("said"))


def test_refusals_and_failures_are_recorded(dew: Dew, control: httpx.Client) -> None:
    assert httpx.get(f"{dew.url}/nowhere").status_code == 404
    assert httpx.get(f"{dew.url}/fail").status_code == 500
    assert httpx.get(f"{dew.url}/dev/nowhere").status_code == 403
    shown = [(row["kind"], row["status"], row["function"], row["error"]) for row in recorded(control)]
    assert shown == [
        ("http", 404, None, "Not Found"),
        ("http", 500, "recorded-dev-fail", "ValueError: as asked"),
        ("rest", 403, None, "Missing Authentication Token"),
    ]
    assert recorded(control)[2]["cost_usd"] == 0
    assert [row["status"] for row in recorded(control, status="5xx")] == [500]
    assert [row["path"] for row in recorded(control, q="as asked")] == ["/fail"]
    assert [row["path"] for row in recorded(control, route="GET /fail")] == ["/fail"]


def test_who_was_let_in_is_recorded_beside_who_decided(dew: Dew, control: httpx.Client) -> None:
    assert httpx.get(f"{dew.url}/private", headers={"Authorization": "open"}).status_code == 201
    rows = {row["kind"]: row for row in recorded(control)}
    assert rows["authorizer"]["function"] == "recorded-dev-gate"
    told = control.get("invocation", params={"id": rows["http"]["id"]}).json()
    assert told["identity"] == {"lambda": {"plan": "gold"}}


def test_every_way_to_a_function_is_recorded(dew: Dew, control: httpx.Client) -> None:
    assert httpx.get(f"{dew.url}/dev/echo/ann").status_code == 201
    client = dew.client("lambda")
    client.invoke(FunctionName="recorded-dev-echo", Payload=b'{"body": "direct"}')["Payload"].read()
    url = httpx.URL(client.get_function_url_config(FunctionName="recorded-dev-echo")["FunctionUrl"])
    assert httpx.get(dew.aws_url, headers={"Host": url.netloc.decode()}).status_code == 201
    shown = [(row["kind"], row["route"], row["path"], row["status"]) for row in recorded(control)]
    assert shown == [
        ("rest", "GET /echo/{name}", "/dev/echo/ann", 201),
        ("invoke", None, None, None),
        ("url", None, "/", 201),
    ]


def test_a_request_is_done_again_as_it_was_or_changed(dew: Dew, control: httpx.Client) -> None:
    httpx.get(f"{dew.url}/dev/echo/ann")
    httpx.post(f"{dew.url}/echo", content=b"first")
    rest, http = recorded(control)
    again = control.post("invocations/replay", json={"id": rest["id"]}).json()
    assert (again["summary"]["path"], again["summary"]["status"]) == ("/dev/echo/ann", 201)
    changed = {"method": "POST", "headers": [["Host", "x"]], "body": "second"}
    again = control.post("invocations/replay", json={"id": http["id"], "request": changed}).json()
    assert (again["http_response"]["body"], again["summary"]["id"]) == ("second", http["id"] + 2)
    event = {"body": "third"}
    again = control.post("invocations/replay", json={"id": http["id"], "event": event}).json()
    assert (again["summary"]["kind"], again["event"], again["response"]["body"]) == ("invoke", event, "third")
    assert again["logs"][1] == "said by echo"


def test_what_cannot_be_done_is_said(dew: Dew, control: httpx.Client) -> None:
    assert control.get("invocation", params={"id": "999999"}).status_code == 404
    assert "expected id" in control.get("invocation").json()["error"]["message"]
    assert control.get("invocations", params={"status": "odd"}).status_code == 400
    assert control.get("invocations", params={"before": "-1"}).status_code == 400
    httpx.get(f"{dew.url}/nowhere")
    (row,) = recorded(control)
    refused = control.post("invocations/replay", json={"id": row["id"], "event": {}})
    assert (refused.status_code, "reached no function" in refused.json()["error"]["message"]) == (400, True)
    assert control.get("invocations/export", params={"id": row["id"], "as": "x"}).status_code == 400


def test_an_exported_test_runs_as_it_is(dew: Dew, control: httpx.Client, tmp_path: Path) -> None:
    httpx.post(f"{dew.url}/echo", content='with "quotes" \\ and ü'.encode())
    (row,) = recorded(control)
    event = control.get("invocations/export", params={"id": row["id"]}).text
    assert json.loads(event)["rawPath"] == "/echo"
    test = control.get("invocations/export", params={"id": row["id"], "as": "pytest"}).text
    (tmp_path / "serverless.yml").write_text(MAP)
    (tmp_path / "app.py").write_text(HANDLERS)
    (tmp_path / "test_exported.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_exported.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_what_happens_is_told_as_it_happens(dew: Dew, control: httpx.Client) -> None:
    with control.stream("GET", "stream") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 1000"
        httpx.post(f"{dew.url}/echo", content=b"live")
        number, rows = said(lines, "invocations")
    assert [row["path"] for row in rows] == ["/echo"]
    assert number == rows[-1]["id"]
    with control.stream("GET", "stream", headers={"Last-Event-ID": str(number - 1)}) as stream:
        assert said(stream.iter_lines(), "invocations")[1] == rows


def said(lines: Iterator[str], name: str) -> tuple[int, Any]:
    """The next event of a name: its id and its data."""
    number = 0
    for line in lines:
        if line.startswith("id: "):
            number = int(line[4:])
        elif line == f"event: {name}":
            return number, json.loads(next(lines).removeprefix("data: "))
    raise AssertionError(f"no {name} was told")


def test_environments_are_told(dew: Dew, control: httpx.Client) -> None:
    httpx.post(f"{dew.url}/echo")
    told = {pool["function"]: pool for pool in control.get("environments").json()["functions"]}
    pool = told["recorded-dev-echo"]
    (environment,) = pool["environments"]
    assert (pool["memory_mb"], pool["waiting"], environment["state"]) == (1024, 0, "ready")
    assert environment["served"] >= 1 and environment["cold_start_ms"] > 0 and environment["rss_mb"] > 0


def test_a_flood_is_counted_where_it_is_not_kept(dew: Dew, control: httpx.Client) -> None:
    with httpx.Client() as client:
        for _ in range(1300):
            client.get(f"{dew.url}/nowhere")
    told = control.get("invocations", params={"limit": "1"}).json()
    assert told["total"] + told["dropped"] == 1300 and len(told["invocations"]) == 1


def test_nothing_is_recorded_where_nobody_wants_it(tmp_path: Path) -> None:
    with start(record=False, state_dir=tmp_path) as dew:
        refused = httpx.get(f"{dew.aws_url}/_dew/invocations")
        assert (refused.status_code, "--no-record" in refused.json()["error"]["message"]) == (400, True)
    assert not (tmp_path / "recorded.db").exists()
