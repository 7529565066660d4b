"""The pytest plugin: the `dew` fixture. A project that does not use it pays for reading this file."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dewstack.testing.running import Dew

MAP_OPTION = "dewstack_map"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The setting that names the map."""
    parser.addini(MAP_OPTION, "directory of the serverless.yml that `dew` deploys, from rootdir", default=".")


@pytest.fixture(scope="session")
def dew(pytestconfig: pytest.Config) -> Iterator["Dew"]:
    """A running emulator with the project's map deployed: `url`, `mail(to)`, `client("cognito-idp")`, `clock`.

    The map is the serverless.yml in the root directory, or in the one that the setting `dewstack_map` names. All
    tests of a process share it: let each make its own users. A module that wants another map, or an emulator of
    its own, defines a fixture of the same name around `dewstack.testing.start`.
    """
    from dewstack.testing.running import start

    with start(Path(pytestconfig.rootpath, pytestconfig.getini(MAP_OPTION))) as running:
        yield running
