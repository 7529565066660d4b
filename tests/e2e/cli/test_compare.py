"""`dew compare`, run as a shell would."""

import json
from collections.abc import Iterator

import pytest

from tests.e2e.cli.service import Project

HANDLER = """\
def handler(event, context):
    print("hello was called")
    return {"statusCode": 200, "body": event["rawQueryString"]}


def fail(event, context):
    raise ValueError("on purpose")
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = Project.make(tmp_path_factory.mktemp("compare") / "shop")
    project.write("hello.py", HANDLER)
    project.up()
    yield project
    project.dew("down")


def test_a_request_is_laid_side_by_side(project: Project) -> None:
    done = project.dew("compare", "GET", "/hello?x=1", "-H", "Accept: text/plain")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("GET /hello → 200  the same\n")
    assert '@app.get("/hello")\ndef hello():\n    x = request.args["x"]' in done.stdout
    assert 'request.args["x"]' in done.stdout and 'event["queryStringParameters"]["x"] = 1' in done.stdout
    assert 'x = event["queryStringParameters"]["x"]' in done.stdout
    refused = project.dew("compare", "GET", "/nowhere")
    assert (refused.returncode, "API Gateway answered by itself (Not Found)" in refused.stdout) == (0, True)
    assert "No route of the map wants this request." in refused.stdout


def test_both_payload_formats_are_told(project: Project) -> None:
    done = project.dew("compare", "GET", "/hello?x=1&x=2", "--payload")
    assert done.returncode == 0, done.stderr
    assert (
        '  1.0  queryStringParameters = {"x": "2"}\n  2.0  queryStringParameters = {"x": "1,2"}\n'
        in done.stdout
    )
    told = json.loads(project.dew("compare", "GET", "/hello?x=1", "--payload", "--json").stdout)[0][
        "payloads"
    ]
    assert (told["v1"]["version"], told["v2"]["version"]) == ("1.0", "2.0")
    moved = {tuple(each["v1"] or ()): each for each in told["moved"]}
    assert moved["httpMethod",]["v2"] == ["requestContext", "http", "method"]
    assert "no event was made of it" in project.dew("compare", "GET", "/nowhere", "--payload").stdout


def test_a_session_is_compared_and_a_difference_is_the_exit_code(project: Project) -> None:
    project.dew("compare", "GET", "/hello?x=2")
    assert "1 compared, 0 differ" in project.dew("compare", "--last", "1").stdout
    (row,) = project.told("record", "--limit", "1")["invocations"]
    detail = json.loads(project.dew("record", "--show", str(row["id"])).stdout)
    detail["event"]["rawPath"] = "/changed"
    project.write(
        "session.jsonl", json.dumps(detail) + "\n" + json.dumps({"method": "GET", "path": "/hello"})
    )
    done = project.dew("compare", "--file", "session.jsonl")
    assert done.returncode == 1
    assert "event rawPath: Flask /hello, API Gateway /changed" in done.stdout
    assert "2 compared, 1 differ" in done.stdout
    told = json.loads(project.dew("compare", "--file", "session.jsonl", "--json").stdout)
    assert [each["same"] for each in told] == [False, True]


def test_bad_input_is_said(project: Project) -> None:
    project.write("broken.jsonl", "{")
    project.write("odd.jsonl", '{"path": "/"}')
    for arguments, said in (
        ((), "METHOD PATH, --file FILE, --last N"),
        (("GET",), "METHOD PATH"),
        (("GET", "/hello", "-H", "nonsense"), "expected 'Name: value'"),
        (("--file", "broken.jsonl"), "broken.jsonl:1: not JSON"),
        (("--file", "odd.jsonl"), "odd.jsonl:1: expected a request"),
        (("--file", "absent.jsonl"), "absent.jsonl can't be read"),
    ):
        done = project.dew("compare", *arguments)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
