"""The service that the shim's own tests have, and requests to it."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx
import pytest

from dewstack.compare import Comparison
from dewstack.shim.embedded import find_endpoint
from dewstack.testing import Dew, start

SERVICE = Path(__file__).parents[1] / "shim" / "service"


@pytest.fixture(scope="module")
def dew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dew]:
    """The service that the shim's own tests have."""
    directory = tmp_path_factory.mktemp("compared")
    copytree(SERVICE, directory, dirs_exist_ok=True)
    with start(directory) as running:
        yield running


@pytest.fixture(scope="module")
def comparison(dew: Dew) -> Iterator[Comparison]:
    made = Comparison(find_endpoint(dew.service.directory, {}, None, dew.aws_url))
    yield made
    made.close()


def send(dew: Dew, **request: Any) -> dict[str, Any]:
    """What became of a request to the service."""
    given = {"headers": [["Host", "localhost"]], "body": ""} | request
    with httpx.Client(timeout=30, trust_env=False, verify=False) as client:
        answer = client.post(f"{dew.aws_url}/_dew/invocations/send", json=given)
    assert answer.status_code == 200, answer.text
    detail: dict[str, Any] = answer.json()
    return detail
