"""`dew record` and `dew replay`, each run as a shell would."""

import json
import signal
import stat
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.e2e.cli.service import Project

HANDLER = """\
def handler(event, context):
    print("hello was called")
    return {"statusCode": 200, "body": "hello " + (event.get("who") or "you")}


def fail(event, context):
    raise ValueError("on purpose")
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, str]]:
    project = Project.make(tmp_path_factory.mktemp("record") / "shop")
    project.write("hello.py", HANDLER)
    run = project.up()
    yield project, run["service_url"]
    project.dew("down")


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=20) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_what_was_served_is_listed_and_shown(world: tuple[Project, str]) -> None:
    project, url = world
    assert status(f"{url}/hello?shown=1") == 200
    assert status(f"{url}/nowhere") == 404
    listed = project.dew("record", "--limit", "2").stdout.splitlines()
    assert listed[0].split() == ["ID", "TIME", "WHAT", "STATUS", "TOOK", "FUNCTION", "ERROR"]
    assert "GET /hello" in listed[1] and "200" in listed[1] and "shop-dev-hello" in listed[1]
    assert listed[2].split()[2:5] == ["GET", "/nowhere", "404"] and listed[2].endswith("Not Found")
    number = listed[1].split()[0]
    shown = json.loads(project.dew("record", "--show", number).stdout)
    assert shown["event"]["rawQueryString"] == "shown=1" and "hello was called" in shown["logs"]
    event = json.loads(project.dew("record", "--show", number, "--as", "event").stdout)
    assert event == shown["event"]
    assert "def test_get__hello(dew):" in project.dew("record", "--show", number, "--as", "pytest").stdout
    assert [row["path"] for row in project.told("record", "--search", "not found")["invocations"]] == [
        "/nowhere"
    ]


def test_what_comes_is_written_to_a_file(world: tuple[Project, str]) -> None:
    project, url = world
    file = project.directory / "session.jsonl"
    recording = project.start("record", "--out", file.name, "--count", "2")
    assert recording.stderr is not None
    assert "Recording into session.jsonl" in recording.stderr.readline()
    for path in ("/hello?one", "/hello?two"):
        while status(url + path) != 200:
            pass
    _, errors = recording.communicate(timeout=30)
    assert errors == "2 recorded.\n"
    written = [json.loads(line) for line in file.read_text().splitlines()]
    assert [each["request"]["url"] for each in written] == ["/hello?one", "/hello?two"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_recording_ends_with_control_c(world: tuple[Project, str]) -> None:
    project, _ = world
    recording = project.start("record", "--out", "ended.jsonl")
    assert recording.stderr is not None and recording.stderr.readline()
    recording.send_signal(signal.SIGINT)
    assert recording.communicate(timeout=30)[1] == "0 recorded.\n"
    assert recording.returncode == 0


def test_it_is_done_again_as_it_was_or_changed(world: tuple[Project, str]) -> None:
    project, url = world
    assert status(f"{url}/hello") == 200
    (row,) = project.told("record", "--limit", "1")["invocations"]
    again = project.dew("replay")
    assert (again.returncode, again.stdout.splitlines()[1:]) == (0, ["  hello was called", "hello you"])
    project.write("event.json", '{"who": "Ann"}')
    told = project.told("replay", str(row["id"]), "--event", "event.json")
    assert told["response"]["body"] == "hello Ann"
    edited = project.dew("replay", str(row["id"]), "--edit", EDITOR='sed -i \'s/^{/{"who": "Bob",/\'')
    assert '"body": "hello Bob"' in edited.stdout


def test_a_failure_is_the_exit_code(world: tuple[Project, str]) -> None:
    project, _ = world
    project.dew("invoke", "fail")
    failed = project.dew("replay")
    assert failed.returncode == 1 and "on purpose" in failed.stdout


def test_bad_input_is_said(world: tuple[Project, str]) -> None:
    project, _ = world
    for arguments, code, said in (
        (("replay", "99999"), 1, "no request or invocation 99999 is recorded"),
        (("record", "--show", "99999"), 1, "no request or invocation 99999"),
        (("record", "--count", "2"), 2, "go with --out"),
        (("record", "--as", "event"), 2, "goes with --show"),
        (("replay", "--event", "hello.py"), 1, "hello.py: not JSON"),
        (("record", "--out", "no/such/place"), 1, "no/such/place"),
    ):
        done = project.dew(*arguments)
        assert (done.returncode, said in done.stderr) == (code, True), done.stderr
