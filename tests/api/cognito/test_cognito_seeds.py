"""Users in the map (`custom.dew.users`): made where it is served, with every mistake at its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from dewstack.errors import UserError
from dewstack.service import MapError
from dewstack.testing import Dew, start

POOL = """\
resources:
  Resources:
    People:
      Type: AWS::Cognito::UserPool
      Properties: {UserPoolName: people, UsernameAttributes: [email], AutoVerifiedAttributes: [email]}
    Admins:
      Type: AWS::Cognito::UserPoolGroup
      Properties: {UserPoolId: !Ref People, GroupName: admins}
    Web:
      Type: AWS::Cognito::UserPoolClient
      Properties: {UserPoolId: !Ref People, ExplicitAuthFlows: [ALLOW_USER_PASSWORD_AUTH]}
  Outputs:
    ClientId: {Value: !Ref Web}
    PoolId: {Value: !Ref People}
"""
OTHER_POOL = "    Staff: {Type: AWS::Cognito::UserPool, Properties: {UserPoolName: staff}}\n  Outputs:\n"
HEAD = "service: shop\nprovider: {name: aws, runtime: python3.12}\n"


def write_map(directory: Path, users: str, resources: str = POOL) -> Path:
    """A map whose line 4 is `dew:` and whose users begin in line 6."""
    indented = "".join(f"      {line}\n" for line in users.splitlines())
    (directory / "serverless.yml").write_text(f"{HEAD}custom:\n  dew:\n    users:\n{indented}{resources}")
    return directory


def refusal(directory: Path, users: str, resources: str = POOL) -> list[str]:
    """The mistakes that keep the map from being served."""
    write_map(directory, users, resources)
    with pytest.raises(MapError) as refused, start(directory):
        pass
    return refused.value.message.splitlines()


def sign_in(dew: Dew, name: str, password: str) -> dict[str, Any]:
    answer: dict[str, Any] = dew.client("cognito-idp").initiate_auth(
        ClientId=dew.outputs["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )
    return answer


def addresses(dew: Dew) -> list[str]:
    users = dew.client("cognito-idp").list_users(UserPoolId=dew.outputs["PoolId"])["Users"]
    found = [{each["Name"]: each["Value"] for each in user["Attributes"]} for user in users]
    return sorted(user["email"] for user in found)


def test_users_of_the_map_sign_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ADAS_PASSWORD", "From-The-Env-1")
    write_map(
        tmp_path,
        "- username: ada@example.com\n"
        "  password: ${env:ADAS_PASSWORD}\n"
        "  groups: [admins]\n"
        "- {username: bob@example.com, password: Correct-Horse-1, temporary: true}\n",
    )
    with start(tmp_path) as dew:
        assert "AccessToken" in sign_in(dew, "ada@example.com", "From-The-Env-1")["AuthenticationResult"]
        challenge = sign_in(dew, "bob@example.com", "Correct-Horse-1")
        assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_users_of_files(tmp_path: Path):
    (tmp_path / "team.json").write_text(
        json.dumps({"users": [{"username": "ada@example.com", "groups": ["qa"]}], "groups": [{"name": "qa"}]})
    )
    (tmp_path / "more.yml").write_text("- username: bob@example.com\n  password: Correct-Horse-1\n")
    write_map(tmp_path, "- team.json\n- {file: more.yml}\n")
    with start(tmp_path) as dew:
        assert addresses(dew) == ["ada@example.com", "bob@example.com"]
        assert {(tmp_path / name).resolve() for name in ("team.json", "more.yml")} <= set(dew.service.files)
        header = dew.client("cognito-idp").get_csv_header(UserPoolId=dew.outputs["PoolId"])["CSVHeader"]
    rows = {"email": "eve@example.com", "email_verified": "true"}
    rows |= {"cognito:username": "eve@example.com", "cognito:mfa_enabled": "false"}
    (tmp_path / "people.csv").write_text(
        ",".join(header) + "\r\n" + ",".join(rows.get(name, "") for name in header) + "\r\n"
    )
    (tmp_path / "serverless.yml").write_text(f"{HEAD}custom: {{dew: {{users: people.csv}}}}\n{POOL}")
    with start(tmp_path) as dew:
        assert addresses(dew) == ["eve@example.com"]


def test_who_is_there_already_stays(tmp_path: Path):
    entry = "- {username: ada@example.com, password: Correct-Horse-1, attributes: {name: NAME}}\n"
    write_map(tmp_path, entry.replace("NAME", "Ada"))
    state = tmp_path / ".dew"
    with start(tmp_path, state_dir=state) as dew:
        dew.client("cognito-idp").admin_set_user_password(
            UserPoolId=dew.outputs["PoolId"],
            Username="ada@example.com",
            Password="Other-Horse-1",
            Permanent=True,
        )
    write_map(tmp_path, entry.replace("NAME", "Augusta"))
    with start(tmp_path, state_dir=state) as dew:
        assert sign_in(dew, "ada@example.com", "Other-Horse-1")["AuthenticationResult"]
        assert addresses(dew) == ["ada@example.com"]


def test_mistakes_have_their_place_in_the_map(tmp_path: Path):
    lines = refusal(
        tmp_path,
        "- username: ada@example.com\n"
        "  pasword: Correct-Horse-1\n"
        "- username: bob\n"
        "- username: eve@example.com\n"
        "  password: weak-but-long\n"
        "  groups: [admins, ghosts]\n",
    )
    assert [line.split(" ", 2)[:2] for line in lines] == [
        ["serverless.yml:7:18:", "custom.dew.users[0].pasword:"],
        ["serverless.yml:8:19:", "custom.dew.users[1].username:"],
        ["serverless.yml:10:19:", "custom.dew.users[2].password:"],
        ["serverless.yml:11:26:", "custom.dew.users[2].groups[1]:"],
    ]
    assert "weak-but-long" not in "".join(lines)


def test_mistakes_have_their_place_in_a_file(tmp_path: Path):
    (tmp_path / "team.json").write_text(
        '{"users": [\n  {"username": "ada@example.com"},\n  {"username": 7}\n]}'
    )
    [line] = refusal(tmp_path, "- team.json")
    assert line == "team.json:3:16: users[1].username: expected a text"
    (tmp_path / "team.json").write_text('{"users": [\n  {"username": "ada"\n]}')
    [line] = refusal(tmp_path, "- team.json")
    assert line.startswith("team.json:3:1: custom.dew.users[0]: broken JSON")


@pytest.mark.parametrize(
    ("users", "line"),
    [
        ("- nothing.json", "serverless.yml:6:9: custom.dew.users[0]: there is no file nothing.json"),
        ("- {file: 5}", "serverless.yml:6:16: custom.dew.users[0].file: expected the name of a file"),
        (
            "- 5",
            "serverless.yml:6:9: custom.dew.users[0]: expected a user with a username, or the name of a file",
        ),
        ("- {file: a.json, colour: red}", "serverless.yml:6:32: custom.dew.users[0].colour: unknown key"),
        (
            "- {username: a, pool: [x]}",
            "serverless.yml:6:23: custom.dew.users[0].pool: expected a user pool's",
        ),
        (
            "- {username: a@example.com, pool: Staff}",
            "serverless.yml:6:9: custom.dew.users: the map has no user pool",
        ),
    ],
)
def test_what_the_section_cannot_be(tmp_path: Path, users: str, line: str):
    assert any(each.startswith(line) for each in refusal(tmp_path, users))


def test_a_pool_is_named_where_there_are_several(tmp_path: Path):
    several = POOL.replace("  Outputs:\n", OTHER_POOL)
    [line] = refusal(tmp_path, "- {username: ada@example.com}", several)
    assert "the map has several user pools: name one of them, pool: " in line
    write_map(
        tmp_path, "- {username: ada@example.com, pool: People}\n- {username: joe, pool: Staff}\n", several
    )
    with start(tmp_path) as dew:
        assert addresses(dew) == ["ada@example.com"]


def test_a_map_without_a_pool_has_nowhere_to_put_users(tmp_path: Path):
    [line] = refusal(tmp_path, "- {username: ada@example.com}", "")
    assert "the map has no user pool" in line


def test_a_password_that_is_nowhere_is_a_mistake_of_the_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("NOBODYS_PASSWORD", raising=False)
    write_map(tmp_path, "- {username: ada@example.com, password: '${env:NOBODYS_PASSWORD}'}")
    with pytest.raises(UserError, match="NOBODYS_PASSWORD isn't set"), start(tmp_path):
        pass
