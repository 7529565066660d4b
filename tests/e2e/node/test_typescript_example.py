"""The TypeScript example, as its README has it: install, check, `dew up`, sign up, confirm, log in, see the profile."""

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cli.service import Project

pytestmark = [pytest.mark.node, pytest.mark.xdist_group("typescript-example")]

EXAMPLE = Path(__file__).parents[3] / "examples" / "typescript"
ADA = {"email": "ada@example.com", "password": "Passw0rd1"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the example with its modules: those that are installed beside the original, or fresh ones."""
    directory = tmp_path_factory.mktemp("typescript") / "example"
    leave = shutil.ignore_patterns("node_modules", ".dew", ".serverless", ".esbuild")
    shutil.copytree(EXAMPLE, directory, ignore=leave)
    if (EXAMPLE / "node_modules" / "@aws-sdk").is_dir():
        (directory / "node_modules").symlink_to(EXAMPLE / "node_modules")
    else:
        subprocess.run(["npm", "ci", "--silent"], cwd=directory, check=True, timeout=300)
    return Project(directory)


@pytest.fixture(scope="module")
def running(project: Project) -> Iterator[dict[str, Any]]:
    run = project.up()
    yield run
    project.dew("down")


def ask(
    url: str, body: object = None, method: str | None = None, **headers: str
) -> tuple[int, Any, dict[str, str]]:
    """Status, decoded body and headers (lower case) of a request with a JSON body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        answer = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        content = answer.read()
        lowered = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status, json.loads(content) if content else None, lowered


def test_it_is_sound_typescript(project: Project) -> None:
    done = subprocess.run(["npm", "run", "check"], cwd=project.directory, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_from_sign_up_to_profile(running: dict[str, Any]) -> None:
    base = f"{running['service_url']}/dev/auth"
    status, user, _ = ask(f"{base}/register", ADA)
    assert (status, user["confirmed"]) == (201, False)
    assert ask(f"{base}/register", ADA)[:2] == (
        409,
        {"message": "An account with the given email already exists.", "code": "UsernameExistsException"},
    )
    status, refusal, _ = ask(f"{base}/login", ADA)
    assert (status, refusal["code"]) == (403, "UserNotConfirmedException")

    status, refusal, _ = ask(f"{base}/confirm", {"email": ADA["email"], "code": "000000"})
    assert status == 400
    [mail] = ask(f"{running['aws_url']}/_dew/mail?to={ADA['email']}")[1]["messages"]
    assert ask(f"{base}/confirm", {"email": ADA["email"], "code": mail["code"]})[:2] == (
        200,
        {"confirmed": True},
    )

    assert ask(f"{base}/login", {**ADA, "password": "Wrong1234"})[0] == 401
    status, tokens, _ = ask(f"{base}/login", ADA)
    assert status == 200 and tokens["expiresIn"] == 3600

    bearer = f"Bearer {tokens['accessToken']}"
    status, profile, headers = ask(f"{base}/profile", Authorization=bearer)
    assert status == 200
    assert profile == {"id": user["id"], "email": ADA["email"], "emailVerified": True}
    assert headers["access-control-allow-origin"] == "*"


def test_the_profile_is_for_those_with_a_token(running: dict[str, Any]) -> None:
    url = f"{running['service_url']}/dev/auth/profile"
    status, body, headers = ask(url)
    assert (status, body) == (401, {"message": "Unauthorized"})
    assert headers["access-control-allow-origin"] == "*"
    assert ask(url, Authorization="Bearer nonsense")[0] == 401


def test_what_the_caller_does_wrong_is_said(running: dict[str, Any]) -> None:
    base = f"{running['service_url']}/dev/auth"
    assert ask(f"{base}/register", {"email": "bob@example.com"})[:2] == (
        400,
        {"message": "password is required."},
    )
    assert ask(f"{base}/register", [1])[0] == 400
    status, refusal, _ = ask(f"{base}/register", {"email": "bob@example.com", "password": "password"})
    assert (status, refusal["code"]) == (400, "InvalidPasswordException")


def test_a_page_on_another_origin_may_ask(running: dict[str, Any]) -> None:
    url = f"{running['service_url']}/dev/auth/login"
    status, _, headers = ask(url, method="OPTIONS", Origin="http://localhost:8000")
    assert status in (200, 204)
    assert "POST" in headers["access-control-allow-methods"]


def test_it_packages_to_one_zip(project: Project) -> None:
    told = project.told("package")
    [package] = told["packages"]
    assert Path(package["path"]).name == "typescript.zip"
    template = json.loads(Path(told["update_template"]).read_text())
    assert (
        template["Resources"]["SignupLambdaFunction"]["Properties"]["Handler"]
        == "src/handlers/signup.signupHandler"
    )
