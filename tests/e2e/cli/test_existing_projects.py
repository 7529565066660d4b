"""Projects of the Serverless Framework start as they are, old spellings, plugins and lookups included."""

import json
import sys
from pathlib import Path

import pytest

from tests.e2e.cli.service import FREE_PORTS, Project, get
from tests.free_ports import free_ports

RUNTIME = f"python{sys.version_info[0]}.{sys.version_info[1]}"
MAP = f"""\
service: {{name: notes}}
app: notes
provider:
  name: aws
  runtime: {RUNTIME}
  stage: ${{ opt:stage, 'dev' }}
  lambdaHashingVersion: 20201221
  iamRoleStatements: [{{Effect: Allow, Action: 'dynamodb:*', Resource: '*'}}]
  environment:
    ACCOUNT: ${{aws:accountId}}
    TABLE: ${{ssm:/notes/table}}
    TOPIC: 'arn:aws:sns:#{{AWS::Region}}:#{{AWS::AccountId}}:notes'
package: {{exclude: [tests/**]}}
plugins: [serverless-offline, serverless-python-requirements, serverless-pseudo-parameters, serverless-prune-plugin]
custom:
  dew: {{variables: {{'ssm:/notes/table': notes-table}}}}
  serverless-offline: {{httpPort: PORT}}
functions:
  - ${{file(functions/notes.yml)}}
"""
FUNCTIONS = "notes: {handler: notes.handler, events: [httpApi: GET /notes]}\n"
HANDLER = """\
import json, os
import paragraphs

def handler(event, context):
    return {name: os.environ[name] for name in ("ACCOUNT", "TABLE", "TOPIC")} | {"package": paragraphs.NAME}
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    (tmp_path / "functions").mkdir()
    project.write("functions/notes.yml", FUNCTIONS)
    project.write("notes.py", HANDLER)
    project.write("requirements.txt", "paragraphs==1.0\nboto3\n")
    packages = tmp_path / ".venv" / "lib" / RUNTIME / "site-packages"
    (packages / "paragraphs-1.0.dist-info").mkdir(parents=True)
    (packages / "paragraphs.py").write_text("NAME = 'from the virtualenv'\n")
    return project


def test_it_runs_where_serverless_offline_would_serve_it_with_what_it_looks_up(project: Project) -> None:
    port = free_ports()
    project.write("serverless.yml", MAP.replace("PORT", str(port)))
    run = project.told("up", "--detach", "--wait", "--aws-port=0", "--frontend-port=0")
    try:
        assert run["service_url"] == f"http://127.0.0.1:{port}"
        status, body = get(f"{run['service_url']}/notes")
        assert (status, json.loads(body)) == (
            200,
            {
                "ACCOUNT": "000000000000",
                "TABLE": "notes-table",
                "TOPIC": "arn:aws:sns:us-east-1:000000000000:notes",
                "package": "from the virtualenv",
            },
        )
    finally:
        project.told("down")
    log = (project.directory / ".dew" / "dew.log").read_text()
    assert log.count("Warning: serverless.yml") == 5
    assert "provider.iamRoleStatements: an older spelling of 'provider.iam.role.statements'" in log


def test_a_port_that_is_given_wins_over_the_maps(project: Project) -> None:
    project.write("serverless.yml", MAP.replace("PORT", "1"))
    run = project.up()
    try:
        assert get(f"{run['service_url']}/notes")[0] == 200
    finally:
        project.told("down")


def test_strict_refuses_what_would_be_missing_and_nothing_else(project: Project) -> None:
    project.write(
        "serverless.yml", MAP.replace("PORT", "0").replace("serverless-prune-plugin", "serverless-lift")
    )
    project.write("functions/notes.yml", "notes: {handler: notes.handler, events: [iot: {sql: SELECT}]}\n")
    refused = project.dew("up", "--strict", *FREE_PORTS)
    assert refused.returncode == 1
    said = refused.stderr.replace("Error: ", "").strip().splitlines()
    assert [line.split(": ")[1] for line in said] == ["functions.notes.events[0].iot", "plugins[3]"]


def test_the_routes_of_such_a_map_can_be_listed_while_nothing_runs(project: Project) -> None:
    project.write("serverless.yml", MAP.replace("PORT", "0"))
    assert [route["path"] for route in project.told("routes")["routes"]] == ["/notes"]
