"""Flaskr, the application of Flask's tutorial, converted; its own tests, as they are, ask it through the gateway."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dewstack.testing import Dew, start
from tests.e2e.installing import download_source

HERE = Path(__file__).parent
REQUESTS = 39
"""What Flaskr's tests send."""
ENVIRONMENT = "  # environment: # os.environ; and app.config, by FLASK_ and the setting's name\n"

pytestmark = [pytest.mark.clients, pytest.mark.xdist_group("flaskr")]


@pytest.fixture(scope="module")
def tutorial() -> Path:
    """The tutorial's application and tests, as Flask brings them along."""
    return download_source(HERE / "requirements.txt") / "examples" / "tutorial"


def dew_init(directory: Path, *options: str) -> str:
    command = [sys.executable, "-P", "-m", "dewstack.cli", "init", "--from-flask", "flaskr", *options]
    environ = {**os.environ, "VIRTUAL_ENV": sys.prefix}
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60, env=environ)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(params=["--one-function", "--per-route"])
def flaskr(tutorial: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Dew, Path]]:
    """Flaskr as a service, with a database on a disk that is not the function's own."""
    directory = tmp_path / "flaskr"
    shutil.copytree(tutorial, directory)
    dew_init(directory, request.param)
    (tmp_path / "disk").mkdir()
    map_file = directory / "serverless.yml"
    setting = f"  environment:\n    FLASK_DATABASE: {tmp_path}/disk/flaskr.sqlite\n"
    assert ENVIRONMENT in map_file.read_text()
    map_file.write_text(map_file.read_text().replace(ENVIRONMENT, setting + ENVIRONMENT))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIRTUAL_ENV", sys.prefix)
        with start(directory) as dew:
            yield dew, directory


def test_flaskr_passes_its_own_tests_through_the_gateway(flaskr: tuple[Dew, Path], tmp_path: Path) -> None:
    dew, directory = flaskr
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "through_gateway", "-p", "no:cacheprovider"],
        cwd=directory,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            "PYTHONPATH": str(HERE),
            "FLASKR_URL": dew.url,
            "FLASKR_DATABASE": f"{tmp_path}/disk/flaskr.sqlite",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert tests.returncode == 0, tests.stdout + tests.stderr
    groups = dew.client("logs").describe_log_groups()["logGroups"]
    events = [
        event
        for group in groups
        for event in dew.client("logs").filter_log_events(logGroupName=group["logGroupName"])["events"]
    ]
    answered = [event for event in events if event["message"].startswith("REPORT")]
    assert len(answered) == REQUESTS, "every request of the tests was answered by a function"


def test_with_its_instance_folder_it_runs_as_it_is(tutorial: Path, tmp_path: Path) -> None:
    directory = tmp_path / "flaskr"
    shutil.copytree(tutorial, directory)
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "flaskr", "init-db"],
        cwd=directory,
        check=True,
        capture_output=True,
        timeout=60,
    )
    report = dew_init(directory)
    assert "an SQLite database is opened" in report and "@login_required guards" in report
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIRTUAL_ENV", sys.prefix)
        with start(directory) as dew, httpx.Client(base_url=dew.url, follow_redirects=True) as client:
            form = {"username": "ada", "password": "difference"}
            assert client.post("/auth/register", data=form).url.path == "/auth/login"
            assert "ada" in client.post("/auth/login", data=form).text
            client.post("/create", data={"title": "Notes", "body": "on the engine"})
            assert "on the engine" in client.get("/").text
            assert client.get("/static/style.css").headers["content-type"].startswith("text/css")
