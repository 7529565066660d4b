"""The `dew` fixture and `start`: what tests of a service, ours included, stand on."""

import gc
import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import httpx
import pytest

from dewstack.errors import AwsError, UserError
from dewstack.testing import Dew, start


def test_the_fixture_serves_the_reference_service(dew: Dew) -> None:
    email = "fixture@example.com"
    registered = httpx.post(f"{dew.url}/auth/register", json={"email": email, "password": "Correct-Horse-1"})
    assert registered.status_code == 201, registered.text
    [message] = dew.mail(email)
    confirmed = httpx.post(f"{dew.url}/auth/confirm", json={"email": email, "code": message.code})
    assert confirmed.status_code == 200, confirmed.text
    login = httpx.post(f"{dew.url}/auth/login", json={"email": email, "password": "Correct-Horse-1"})
    token = login.json()["accessToken"]
    profile = httpx.get(f"{dew.url}/auth/profile", headers={"Authorization": f"Bearer {token}"})
    assert profile.json()["email"] == email
    assert httpx.get(f"{dew.url}/auth/profile").status_code == 401


def test_clients_are_made_once_and_reach_this_emulator(dew: Dew) -> None:
    client = dew.client("cognito-idp")
    assert dew.client("cognito-idp") is client
    pools = client.list_user_pools(MaxResults=10)["UserPools"]
    assert dew.outputs["UserPoolId"] in [pool["Id"] for pool in pools]


def test_calls_need_no_socket_and_raise_what_aws_answers(dew: Dew) -> None:
    assert dew.call("lambda", "ListFunctions")["Functions"]
    with pytest.raises(AwsError):
        dew.call("lambda", "GetFunction", {"FunctionName": "nobody"})


def test_the_environment_leads_tools_here(dew: Dew) -> None:
    assert dew.environ["AWS_ENDPOINT_URL"] == dew.aws_url
    assert dew.environ["AWS_DEFAULT_REGION"] == dew.service.region


def test_start_without_a_map_gives_an_empty_emulator_and_leaves_nothing_behind() -> None:
    before = threading.active_count()
    with start(region="eu-west-1") as dew:
        assert dew.client("cognito-idp").meta.region_name == "eu-west-1"
        assert dew.call("cognito-idp", "ListUserPools", {"MaxResults": 1})["UserPools"] == []
        assert dew.outputs == {}
        with pytest.raises(LookupError):
            _ = dew.service
        dew.clock.advance(3600)
        address = dew.aws_url
    with pytest.raises(httpx.ConnectError):
        httpx.get(address)
    gc.collect()
    assert threading.active_count() <= before


def test_a_map_that_cannot_be_served_raises_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no serverless\.yml"), start(tmp_path):
        pass


def test_the_plugin_costs_nothing_until_it_is_used() -> None:
    heavy = {"boto3", "dewstack.app", "msgspec", "uvicorn", "yaml"}
    code = f"import sys, dewstack.testing.plugin; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_another_project_chooses_its_map_by_a_setting(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "serverless.yml").write_text(
        textwrap.dedent("""\
            service: shop
            provider:
              name: aws
              runtime: python3.11
            functions:
              hello:
                handler: hello.handler
                events:
                  - httpApi: GET /hello
            """)
    )
    (tmp_path / "app" / "hello.py").write_text("def handler(event, context):\n    return 'hello'\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\ndewstack_map = app\n")
    (tmp_path / "test_shop.py").write_text(
        "import urllib.request\n\n"
        "def test_hello(dew):\n    assert urllib.request.urlopen(dew.url + '/hello').read() == b'hello'\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
