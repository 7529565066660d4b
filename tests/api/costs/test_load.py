"""A load on the emulator's own functions: made, watched, changed, ended; it ends by itself and leaves nothing."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from dewstack.testing import Dew, start

MAP = """
service: loaded
provider: {name: aws, runtime: python3.11, memorySize: 256}
functions:
  echo:
    handler: app.echo
    events:
      - httpApi: POST /echo/{name}
      - http: GET /echo/{name}
  slow: {handler: app.slow, events: [{httpApi: GET /slow}]}
  talk: {handler: app.echo, events: [{websocket: $connect}]}
"""
HANDLERS = """
import json, time

def echo(event, context):
    said = json.loads(event.get("body") or "{}").get("say", "nothing")
    return {"statusCode": 200 if said == "please" else 400, "body": event["pathParameters"]["name"]}

def slow(event, context):
    time.sleep(0.2)
    return {"statusCode": 200, "body": json.dumps(event.get("extra"))}
"""


@pytest.fixture(scope="module")
def dew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dew]:
    """The service of the map."""
    directory = tmp_path_factory.mktemp("loaded")
    (directory / "serverless.yml").write_text(MAP)
    (directory / "app.py").write_text(HANDLERS)
    with start(directory) as running:
        yield running


@pytest.fixture
def control(dew: Dew) -> Iterator[httpx.Client]:
    """The control API; no load is left."""
    with httpx.Client(base_url=f"{dew.aws_url}/_dew/", timeout=20) as client:
        yield client
        client.delete("load")


def begin(control: httpx.Client, **asked: Any) -> dict[str, Any]:
    """Start or change a load."""
    response = control.post("load", json=asked)
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def wait(control: httpx.Client, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The load, as soon as it is so."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        load: dict[str, Any] = control.get("load").json()["load"]
        if until(load):
            return load
        time.sleep(0.02)
    raise AssertionError(f"it did not come to that: {load}")


def environments(control: httpx.Client, name: str) -> int:
    """How many a function has."""
    found = control.get("environments").json()["functions"]
    return sum(len(each["environments"]) for each in found if each["function"] == name)


def test_a_route_gets_as_many_requests_as_are_asked_for(control: httpx.Client) -> None:
    begin(control, route="GET /slow", rate=50, seconds=0.5)
    load = wait(control, lambda load: not load["running"])
    assert 3 <= load["sent"] <= 60, "25 on average"
    assert load["statuses"] == {"200": load["sent"]} and load["in_flight"] == 0
    assert load["function"] == "loaded-dev-slow" and load["memory_mb"] == 256
    assert 0.4 < load["seconds"] < 2 and load["elapsed"] >= load["seconds"]


def test_it_costs_what_its_requests_cost(control: httpx.Client) -> None:
    begin(control, route="GET /slow", rate=100, seconds=0.3)
    load = wait(control, lambda load: not load["running"])
    cost, sent = load["cost"], load["sent"]
    assert cost["counted"] == sent == cost["so_far"]["invocations"] == cost["so_far"]["requests"]
    whole = cost["so_far"]["cost_usd"]
    gateway = sent * 1e-6 + cost["so_far"]["routes"][0]["bytes_out"] / 1024**3 * 0.09
    assert whole == pytest.approx(
        gateway + sent * 0.2e-6 + cost["billed_seconds"] * 0.25 * 0.0000166667, rel=1e-9
    )
    each, cold = cost["per_request_usd"], cost["so_far"]["cold"]
    assert 0 <= cost["init_seconds"] < cost["billed_seconds"] and (cold > 0) == (cost["init_seconds"] > 0)
    later = (
        load["aws"]["cold"] * cost["init_seconds"] / max(cold, 1) * sent
    )  # as many cold starts as there will be
    lasting = cost["billed_seconds"] - cost["init_seconds"] + later
    assert each == pytest.approx((gateway + lasting * 0.25 * 0.0000166667) / sent + 0.2e-6, rel=1e-9)
    assert cost["hourly_usd"] == pytest.approx(each * 100 * 3600, rel=1e-9)
    assert cost["monthly_requests"] == 100 * 3600 * 730
    assert cost["monthly_usd"] == pytest.approx(cost["hourly_usd"] * 730, rel=1e-6), "within the first tiers"
    free = 1e6 * 1.2e-6 + 400_000 * 0.0000166667
    assert cost["monthly_with_free_tier_usd"] == pytest.approx(cost["monthly_usd"] - free, rel=0.01)
    server = cost["server"]
    assert cost["break_even_rate"] * cost["per_request_usd"] * 3600 == pytest.approx(
        server["hourly_usd"], rel=1e-9
    )
    assert server["meanwhile_usd"] == pytest.approx(server["hourly_usd"] * load["elapsed"] / 3600, rel=0.05)
    assert load["elapsed"] > load["seconds"], "a server goes on"
    dearer = control.get("load", params={"server": "fargate-2"}).json()["load"]["cost"]
    assert dearer["server"]["key"] == "fargate-2" and dearer["break_even_rate"] > cost["break_even_rate"]


def test_the_latest_request_that_succeeded_is_repeated(dew: Dew, control: httpx.Client) -> None:
    begin(control, route="POST /echo/{name}", rate=0, burst=1, seconds=5)
    load = wait(control, lambda load: load["statuses"] != {})
    assert (load["statuses"], load["repeats"]) == ({"400": 1}, None), "made up, and refused by the function"
    control.delete("load")
    assert httpx.post(f"{dew.url}/echo/ann?a=1", json={"say": "please"}).text == "ann"
    begin(control, route="POST /echo/{name}", rate=0, burst=3, seconds=5)
    load = wait(control, lambda load: sum(load["statuses"].values()) == 3)
    assert load["statuses"] == {"200": 3}
    row = control.get("invocation", params={"id": load["repeats"]}).json()
    assert row["request"]["url"] == "/echo/ann?a=1"


def test_a_route_of_a_rest_api_can_be_meant(control: httpx.Client) -> None:
    begin(control, route="GET /dev/echo/{name}", rate=0, burst=2, seconds=5)
    load = wait(control, lambda load: sum(load["statuses"].values()) == 2)
    assert load["statuses"] == {"400": 2} and load["cost"]["so_far"]["routes"][0]["kind"] == "rest"


def test_a_function_can_be_meant_by_its_key_and_gets_an_event_of_ones_own(control: httpx.Client) -> None:
    begin(control, function="slow", event={"extra": 1}, rate=0, burst=2, seconds=5)
    load = wait(control, lambda load: load["cost"]["counted"] == 2)
    assert load["statuses"] == {"ok": 2} and load["route"] is None
    assert load["cost"]["so_far"]["requests"] == 0, "no API is in front"
    begin(control, function="loaded-dev-echo", rate=0, burst=1, seconds=5, event={})
    load = wait(control, lambda load: load["statuses"] != {})
    assert load["statuses"] == {"error": 1} and load["function"] == "loaded-dev-echo"


def test_environments_start_for_a_burst_and_vanish(control: httpx.Client) -> None:
    usual = control.get("load").json()["usual_idle_seconds"]
    told = begin(control, route="GET /slow", rate=0, burst=4, seconds=0.6, fresh=True, idle_seconds=1)
    assert (told["idle_seconds"], usual) == (1, 300)
    load = wait(control, lambda load: load["statuses"] == {"200": 4})
    assert environments(control, "loaded-dev-slow") == 4 and load["cost"]["so_far"]["cold"] == 4
    wait(control, lambda load: environments(control, "loaded-dev-slow") == 0)
    wait(control, lambda load: control.get("load").json()["idle_seconds"] == usual)


def test_a_running_load_is_changed_and_goes_on(control: httpx.Client) -> None:
    begin(control, route="GET /slow", rate=20, seconds=5)
    before = wait(control, lambda load: load["sent"] >= 2)
    told = begin(control, route="GET /slow", rate=0, seconds=5)["load"]
    assert told["running"] and told["rate"] == 0 and told["sent"] >= before["sent"]
    still = wait(control, lambda load: load["in_flight"] == 0)
    assert begin(control, route="GET /slow", rate=0.5, seconds=5)["load"]["sent"] >= still["sent"]
    ended = control.delete("load").json()["load"]
    assert not ended["running"]
    assert control.get("load").json()["load"]["sent"] == ended["sent"]


def test_aws_would_have_as_many_environments_as_are_simulated(control: httpx.Client) -> None:
    begin(control, route="GET /slow", rate=20, seconds=5)
    load = wait(control, lambda load: load["aws"] is not None and load["cost"]["counted"] > 5)
    assert load["aws"]["warm_ms"] >= 200 and load["aws"]["cold"] < 0.02
    assert load["aws"]["busy"] == pytest.approx(20 * load["aws"]["warm_ms"] / 1000, rel=0.25), "Little's law"
    assert load["aws"]["environments"] > load["aws"]["busy"] and load["aws"]["throttled"] == 0


def test_what_is_too_much_at_once_is_skipped_and_counted(control: httpx.Client) -> None:
    begin(control, route="GET /slow", rate=0, burst=50, seconds=5)
    begin(control, route="GET /slow", rate=0, burst=50, seconds=5)
    load = begin(control, route="GET /slow", rate=0, burst=50, seconds=5)["load"]
    assert load["sent"] <= 100 + load["statuses"].get("200", 0) and load["skipped"] >= 1
    assert load["sent"] + load["skipped"] == 150


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "route"),
        ({"route": "GET /slow", "function": "slow"}, "route"),
        ({"route": "GET /nowhere"}, "POST /echo/{name}"),
        ({"function": "nobody"}, "slow"),
        ({"route": "GET /slow", "rate": 1e6}, "from 0 to 200"),
        ({"route": "GET /slow", "rate": -1}, "from 0 to 200"),
        ({"route": "GET /slow", "seconds": 1e6}, "to 600"),
        ({"route": "GET /slow", "burst": 51}, "to 50"),
        ({"route": "GET /slow", "idle_seconds": 0.01}, "from 1 to 300"),
        ({"route": "GET /slow", "idle_seconds": 301}, "from 1 to 300"),
        ({"route": "GET /slow", "rate": "many"}, "rate"),
        ({"route": "http://elsewhere.example/"}, "no route"),
    ],
)
def test_what_is_not_possible_is_refused(control: httpx.Client, asked: dict[str, Any], said: str) -> None:
    response = control.post("load", json=asked)
    assert response.status_code == 400 and said in response.json()["error"]["message"]


def test_pages_of_others_cannot_make_a_load(control: httpx.Client) -> None:
    asked = {"route": "GET /slow", "rate": 1}
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert control.post("load", json=asked, headers=elsewhere).status_code == 403
    assert control.delete("load", headers=elsewhere).status_code == 403


def test_the_emulator_stops_under_load(tmp_path: Any) -> None:
    (tmp_path / "serverless.yml").write_text(MAP)
    (tmp_path / "app.py").write_text(HANDLERS)
    with start(tmp_path) as running, httpx.Client(base_url=f"{running.aws_url}/_dew/") as client:
        asked = {"route": "GET /slow", "rate": 50, "burst": 5, "seconds": 600, "idle_seconds": 2}
        assert client.post("load", json=asked).json()["load"]["running"]
