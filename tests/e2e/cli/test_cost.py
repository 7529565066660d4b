"""`dew cost`, run as a shell would: what has run, a recorded session, a load to come."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cli.service import Project

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, str]]:
    """A service that runs."""
    project = Project.make(tmp_path_factory.mktemp("cost") / "shop")
    run = project.up()
    yield project, run["service_url"]
    project.dew("down")


def test_what_ran_is_counted_as_its_session_is(world: tuple[Project, str]) -> None:
    project, url = world
    for _ in range(3):
        with urllib.request.urlopen(f"{url}/hello", timeout=20) as response:
            assert response.status == 200
    told = project.told("cost")
    assert (told["requests"], told["invocations"], told["functions"][0]["key"]) == (3, 3, "hello")
    shown = project.dew("cost").stdout
    assert "3 requests, 3 invocations" in shown and "Meanwhile Fargate" in shown
    rows = project.told("record", "--limit", "3")["invocations"]
    details = [project.dew("record", "--show", str(row["id"])).stdout for row in rows]
    project.write("session.jsonl", "".join(json.dumps(json.loads(each)) + "\n" for each in details))
    session = project.told("cost", "--session", "session.jsonl")
    assert session["rows"][0]["requests"] == 3
    assert session["cost_usd"] == pytest.approx(sum(row["cost_usd"] for row in rows))
    assert session["cost_usd"] == pytest.approx(
        told["cost_usd"], rel=0.001
    )  # which has the bytes out besides


def test_an_estimate_is_what_the_documentation_shows(world: tuple[Project, str]) -> None:
    project, _ = world
    done = project.dew("cost", "--rate", "10", "--duration-ms", "50", "--memory", "128")
    assert done.stdout in (ROOT / "docs" / "cost.md").read_text()
    told = project.told("cost", "--rate", "10", "--duration-ms", "50", "--memory", "128")
    assert told["monthly_usd"] == pytest.approx(sum(line["cost_usd"] for line in told["lines"]), abs=1e-6)


def test_what_is_no_session_is_said(world: tuple[Project, str]) -> None:
    project, _ = world
    project.write("odd.jsonl", '{"summary": {}}\n')
    done = project.dew("cost", "--session", "odd.jsonl")
    assert (done.returncode, "odd.jsonl:1 is not a recorded request" in done.stderr) == (1, True), done.stderr
    done = project.dew("cost", "--rate", "1", "--session", "odd.jsonl")
    assert done.returncode != 0 and "--rate and --session" in done.stderr
