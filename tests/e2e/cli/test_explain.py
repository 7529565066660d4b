"""`dew explain`, run as a shell would."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cli.service import Project, get

HANDLER = """\
def handler(event, context):
    return {"statusCode": 200, "body": "hello"}


def fail(event, context):
    raise ValueError("on purpose")
"""
NOTES = """\
service: notes
provider:
  name: aws
  runtime: python3.11
  httpApi:
    cors: {allowedOrigins: ['https://notes.example']}
    authorizers:
      people:
        type: jwt
        identitySource: $request.header.Authorization
        issuerUrl: !Join ['', ['https://cognito-idp.us-east-1.amazonaws.com/', !Ref Pool]]
        audience: [!Ref Client]
functions:
  read:
    handler: notes.read
    events:
      - httpApi: {method: GET, path: '/notes/{id}', authorizer: {name: people}}
resources:
  Resources:
    Pool: {Type: 'AWS::Cognito::UserPool'}
    Client: {Type: 'AWS::Cognito::UserPoolClient', Properties: {UserPoolId: !Ref Pool}}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = Project.make(tmp_path_factory.mktemp("explain") / "shop")
    text = (project.directory / "serverless.yml").read_text()
    project.write("serverless.yml", text.replace("GET /hello", "GET /hello/{id}"))
    project.write("hello.py", HANDLER)
    yield project
    project.dew("down")


def test_a_route_is_told_without_an_emulator_and_with_one(project: Project) -> None:
    alone = project.dew("explain", "GET", "/hello/7")
    assert alone.returncode == 0, alone.stderr
    assert not (project.directory / ".dew" / "run.json").exists()
    run = project.up()
    running = project.dew("explain", "GET /hello/{id}")
    for done in (alone, running):
        assert done.stdout.startswith("GET /hello/{id}  (http)\n")
        assert "serverless.yml:9" in done.stdout and "hello.handler at hello.py:1" in done.stdout
        assert '"pathParameters": {\n    "id": "7"\n  }' in done.stdout
        assert '@app.get("/hello/<id>")\ndef hello(id):' in done.stdout
        assert "1. DNS and TLS:" in done.stdout and "Access log:" in done.stdout
    assert f"{run['service_url']}/hello/{{id}}" in running.stdout
    (story,) = json.loads(project.dew("explain", "hello", "--json").stdout)["routes"]
    assert (story["route"], story["function"]["name"]) == ("GET /hello/{id}", "shop-dev-hello")
    unknown = project.dew("explain", "GET /helo/{id}")
    assert (unknown.returncode, "The nearest: GET /hello/{id}" in unknown.stderr) == (2, True)


def test_an_error_is_told_anywhere(project: Project, tmp_path: Path) -> None:
    elsewhere = Project(tmp_path)
    done = elsewhere.dew("explain", "2026-11-23T12:00:00Z 1-2", "Task timed out after 3.00 seconds")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Task timed out after N seconds\n")
    assert "find:" in done.stdout and "mend:" in done.stdout and "in Flask" in done.stdout
    told = json.loads(elsewhere.dew("explain", "Internal server error", "--json").stdout)
    assert told["candidates"][0]["id"] == "rest-internal-server-error"
    unknown = elsewhere.dew("explain", "Misssing Authentication Token")
    assert (unknown.returncode, "nearest: Missing Authentication Token" in unknown.stderr) == (2, True)
    assert "\nROLLBACK_COMPLETE " in elsewhere.dew("explain", "--list").stdout
    assert len(elsewhere.told("explain", "--list")) >= 25


def test_the_last_failure_and_who_met_an_error_are_told(project: Project) -> None:
    if not (project.directory / ".dew" / "run.json").exists():
        project.up()
    run = json.loads((project.directory / ".dew" / "run.json").read_text())
    assert get(f"{run['service_url']}/nowhere")[0] == 404
    last = project.dew("explain", "--last")
    assert last.returncode == 0, last.stderr
    assert "No route of the map takes GET /nowhere" in last.stdout and "Not Found" in last.stdout
    assert "Last met by: GET /nowhere" in project.dew("explain", "Not Found").stdout
    project.dew("invoke", "fail")
    last = project.dew("explain", "--last")
    assert "ValueError: on purpose" in last.stdout and "Unhandled: the handler raised" in last.stdout
    number = str(json.loads(project.dew("explain", "--last", "--json").stdout)["summary"]["id"])
    assert project.dew("explain", "--id", number).stdout == last.stdout


def test_the_page_shows_what_is_printed(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "explain.md").read_text()
    printed = Project(tmp_path).dew("explain", "Missing", "Authentication", "Token").stdout
    assert f"$ dew explain Missing Authentication Token\n{printed}```" in page


def test_the_route_of_the_page_is_told_so(tmp_path: Path) -> None:
    """Ids and addresses apart."""
    page = (Path(__file__).parents[3] / "docs" / "explain.md").read_text()
    project = Project(tmp_path)
    project.write("serverless.yml", NOTES)
    project.write("notes.py", 'def read(event, context):\n    return {"statusCode": 200}\n')
    printed = project.dew("explain", "GET", "/notes/7").stdout
    steps = [line for line in printed.splitlines() if line.startswith("     limit: ") or ". " in line[:6]]
    assert steps
    for line in [*steps[1:], *printed.partition("In Flask")[2].splitlines()]:
        assert line in page, line


def test_bad_input_is_said(project: Project) -> None:
    for arguments, said in (
        ((), "give one of"),
        (("GET /hello/1", "--last"), "give one of"),
        (("--id", "0"), "not in the range"),
    ):
        done = project.dew("explain", *arguments)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
