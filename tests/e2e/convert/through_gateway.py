"""A pytest plugin for Flaskr's tests, unmodified: their client asks the gateway, the function looks at their database.

Flaskr's conftest makes a database file for each test. The function's DATABASE is a link to whichever is current, on a
disk that both see: on AWS that would be EFS, which all execution environments share.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from dewstack.testing.flask_client import gateway_client


def pytest_configure() -> None:
    """Let every application's test client ask the gateway."""
    disk = Path(os.environ["FLASKR_DATABASE"]).parent
    tempfile.tempdir = str(disk)
    Flask.test_client_class = gateway_client(os.environ["FLASKR_URL"])


@pytest.fixture(autouse=True)
def shared_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """Lead the function's DATABASE to the one that the test's application has."""
    link = Path(os.environ["FLASKR_DATABASE"])
    if "app" in request.fixturenames:
        draft = link.with_suffix(".draft")
        draft.symlink_to(request.getfixturevalue("app").config["DATABASE"])
        draft.replace(link)
    yield
