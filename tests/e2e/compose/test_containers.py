"""The containers of docker-compose.yml while they run: what they may do, who reaches them, what they serve."""

import os
from typing import Any

import httpx
import pytest

from tests.e2e.compose.compose import SERVICES, compose, containers
from tests.e2e.service.remote import FLASK, Remote

pytestmark = pytest.mark.compose


@pytest.fixture(scope="module", params=SERVICES)
def container(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What Docker knows of a container."""
    (found,) = containers(compose(), request.param)
    return found


def test_is_healthy(container: dict[str, Any]) -> None:
    assert container["State"]["Health"]["Status"] == "healthy"


def test_has_no_privileges_and_no_engine(container: dict[str, Any]) -> None:
    host = container["HostConfig"]
    assert not host["Privileged"]
    assert not host["CapAdd"]
    assert host["NetworkMode"] != "host"
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert not any("docker.sock" in mount["Source"] for mount in container["Mounts"])
    assert all(mount["RW"] is False for mount in container["Mounts"] if mount["Type"] == "bind")


def test_is_reached_from_this_machine_alone(container: dict[str, Any]) -> None:
    bound = [each for ports in container["HostConfig"]["PortBindings"].values() for each in ports]
    assert bound
    assert {each["HostIp"] for each in bound} == {"127.0.0.1"}


@pytest.mark.parametrize("service", ["page", "flask"])
def test_dewstacks_own_image_runs_as_nobody_special(service: str) -> None:
    (container,) = containers(compose(), service)
    assert container["Config"]["User"] == "dew"


def test_the_page_knows_where_its_apis_are() -> None:
    page = os.environ["FRONTEND_ORIGIN"]
    assert "<title>dewstack</title>" in httpx.get(page).text
    config = httpx.get(f"{page}/config.json").json()
    for url in (config["apiUrl"], config["restApiUrl"]):
        answer = httpx.get(f"{url}/auth/profile", headers={"Origin": page})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, page)
    assert config["userPoolId"] == Remote(os.environ["DEW_E2E_ENDPOINT"]).outputs["UserPoolId"]


def test_flask_has_the_same_pool() -> None:
    answer = httpx.post(
        f"{os.environ[FLASK]}/auth/login", json={"email": "nobody@example.com", "password": "Difference-1"}
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "NotAuthorizedException")
