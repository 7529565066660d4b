"""`dew users export` and `import`, users in the map, and `dew up --smtp`, each run as a shell would."""

import json
import queue
import stat
import urllib.request
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.e2e.cli.service import MAP, Project

PASSWORD = "Correct-Horse-1"
SEEDS = f"""\
custom:
  dew:
    users:
      - {{username: seed@example.com, password: {PASSWORD}}}
      - ./seeds.json
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = Project.make(tmp_path_factory.mktemp("users") / "shop")
    project.write("serverless.yml", MAP + SEEDS)
    project.write("seeds.json", "[]")
    project.up()
    yield project
    project.dew("down")


pytestmark = pytest.mark.xdist_group("user-files")


def names(project: Project) -> set[str]:
    users = project.told("users", "list")["users"]
    found = [{each["Name"]: each["Value"] for each in user["Attributes"]} for user in users]
    return {user["email"] for user in found}


def test_an_export_is_imported_again(project: Project) -> None:
    project.told("users", "create", "ada@example.com", "--password", PASSWORD)
    wrote = project.dew("users", "export", "team.json")
    assert (wrote.returncode, wrote.stderr) == (0, "")
    assert "which only you may read" in wrote.stdout
    file = project.directory / "team.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PASSWORD not in file.read_text()
    assert not list(project.directory.glob(".team*"))

    project.dew("users", "delete", "ada@example.com")
    first = project.dew("users", "import", "team.json")
    assert first.stdout.endswith(": 1 created, 1 unchanged.\n"), first
    assert project.dew("users", "import", "team.json").stdout.endswith(": 2 unchanged.\n")
    assert project.told("users", "import", "team.json")["users"][0]["happened"] == "unchanged"
    assert json.loads(project.dew("users", "export").stdout) == json.loads(file.read_text())
    assert "seed@example.com" in names(project)


def test_differences_are_told_and_replaced_when_asked(project: Project) -> None:
    project.told("users", "create", "bob@example.com", "--password", PASSWORD)
    project.write(
        "bob.json",
        '[{"username": "bob@example.com", "attributes": {"name": "Bob"}, "password": "Other-Horse-1"}]',
    )
    kept = project.dew("users", "import", "bob.json")
    assert "1 left as they are" in kept.stdout
    assert "left so: bob@example.com. --replace takes the file's." in kept.stderr
    assert "1 replaced" in project.dew("users", "import", "bob.json", "--replace").stdout
    assert "1 unchanged" in project.dew("users", "import", "bob.json").stdout


def test_mistakes_are_told_with_line_and_column(project: Project) -> None:
    project.write(
        "bad.json", '[\n  {"username": "joe@example.com", "password": "weak-and-long"},\n  {"name": "x"}\n]'
    )
    refused = project.dew("users", "import", "bad.json")
    assert refused.returncode == 1
    assert "bad.json:2:47: [0].password: Password did not conform with policy" in refused.stderr
    assert "bad.json:3:12: [1].name: unknown key" in refused.stderr
    assert "weak-and-long" not in refused.stderr
    assert "joe@example.com" not in names(project)

    project.write("broken.json", '[\n  {"username": }\n]')
    assert "broken.json:2:16: broken JSON" in project.dew("users", "import", "broken.json").stderr
    missing = project.dew("users", "import", "nowhere.json")
    assert (missing.returncode, "there is no file nowhere.json" in missing.stderr) == (1, True)
    newer = '{\n "version": 2, "users": []}'
    project.write("newer.json", newer)
    assert "newer.json:2:13: version 2" in project.dew("users", "import", "newer.json").stderr


def test_csv_goes_out_and_comes_in_as_cognito_has_it(project: Project) -> None:
    project.told("users", "create", "eve@example.com", "--password", PASSWORD, "--attribute", "name=Eve, Ltd")
    assert project.dew("users", "export", "people.csv").returncode == 0
    text = (project.directory / "people.csv").read_text()
    assert text.splitlines()[0].endswith("cognito:mfa_enabled,cognito:username")
    assert "Eve\\, Ltd" in text
    project.dew("users", "delete", "eve@example.com")
    only_eve = "".join(
        line for line in text.splitlines(keepends=True) if "eve@" in line or "cognito:" in line
    )
    project.write("people.csv", only_eve)
    assert "1 created" in project.dew("users", "import", "people.csv").stdout
    [eve] = [each for each in project.told("users", "list")["users"] if "eve@example.com" in json.dumps(each)]
    assert eve["UserStatus"] == "RESET_REQUIRED"

    lines = only_eve.splitlines()
    project.write("people.csv", lines[0] + "\r\n" + lines[1].replace("true", "perhaps") + "\r\n")
    refused = project.dew("users", "import", "people.csv")
    assert "people.csv:2:" in refused.stderr
    assert "email_verified: expected true or false" in refused.stderr


def test_a_file_that_cannot_be_written(project: Project) -> None:
    refused = project.dew("users", "export", "nowhere/team.json")
    assert refused.returncode == 1
    assert "nowhere/team.json can't be written: No such file or directory" in refused.stderr


def test_aws_never_sees_the_users_of_the_map(project: Project) -> None:
    packaged = project.dew("package")
    assert packaged.returncode == 0, packaged.stderr
    written = [file.read_text() for file in (project.directory / ".serverless").rglob("*.json")]
    assert any("AWS::Cognito::UserPool" in text for text in written)
    assert not any("seed@example.com" in text or PASSWORD in text for text in written)
    [code] = (project.directory / ".serverless").glob("*.zip")
    with zipfile.ZipFile(code) as archive:
        packed = archive.namelist()
    assert "hello.py" in packed
    assert "seeds.json" not in packed


class Inbox:
    """What a real SMTP server received: recipients and body."""

    def __init__(self) -> None:
        self.mails: queue.Queue[tuple[list[str], str]] = queue.Queue()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=default)
        self.mails.put((envelope.rcpt_tos, mail.get_content()))
        return "250 OK"


def test_emails_go_out_by_smtp(tmp_path: Path, unused_port: int) -> None:
    project = Project.make(tmp_path / "shop")
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=unused_port)
    controller.start()
    try:
        run = project.up("--smtp", f"127.0.0.1:{unused_port}")
        project.dew("users", "create", "ada@example.com")
        recipients, body = inbox.mails.get(timeout=20)
        with urllib.request.urlopen(f"{run['aws_url']}/_dew/mail", timeout=30) as response:
            [message] = json.load(response)["messages"]
        assert (recipients, body.strip()) == (["ada@example.com"], message["body"])
    finally:
        controller.stop()
    project.dew("users", "create", "bob@example.com")
    log = project.directory / ".dew/dew.log"
    try:
        assert "bob@example.com" in project.dew("mail").stdout
    finally:
        project.dew("down")
    assert f"Mail does not go out by 127.0.0.1:{unused_port}" in log.read_text()


def test_a_server_that_is_none_is_refused_before_anything_starts(tmp_path: Path) -> None:
    project = Project.make(tmp_path / "shop")
    refused = project.dew(
        "up", "--smtp", "smtp://ada:secret@", "--port=0", "--aws-port=0", "--frontend-port=0"
    )
    assert refused.returncode == 1
    assert "The SMTP server's address is none." in refused.stderr
    assert "secret" not in refused.stderr
    project.write("serverless.yml", MAP + "custom: {dew: {smtp: 'ftp://x'}}\n")
    refused = project.dew("up", "--port=0", "--aws-port=0", "--frontend-port=0")
    assert "serverless.yml: custom.dew.smtp: " in refused.stderr


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
