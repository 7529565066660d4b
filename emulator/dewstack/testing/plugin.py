"""The pytest plugin: the `dew` fixture. A project that does not use it pays for reading this file."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dewstack.testing.running import Dew

MAP_OPTION = "dewstack_map"
IAM_OPTION, IAM_MODES = "dewstack_iam", ("off", "warn", "enforce")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The settings that name the map, and say whether policies are enforced (`off`, `warn` or `enforce`)."""
    parser.addini(IAM_OPTION, "what comes of calls that a function's role doesn't permit", default="warn")
    parser.addini(MAP_OPTION, "directory of the serverless.yml that `dew` deploys, from rootdir", default=".")


@pytest.fixture(scope="session")
def dew(pytestconfig: pytest.Config) -> Iterator["Dew"]:
    """A running emulator with the project's map deployed: `url`, `mail(to)`, `client("cognito-idp")`, `clock`.

    The map is the serverless.yml in the root directory, or in the one that the setting `dewstack_map` names. All
    tests of a process share it: let each make its own users. A module that wants another map, or an emulator of
    its own, defines a fixture of the same name around `dewstack.testing.start`.
    """
    from dewstack.testing.running import start

    directory = Path(pytestconfig.rootpath, pytestconfig.getini(MAP_OPTION))
    mode = pytestconfig.getini(IAM_OPTION)
    if mode not in IAM_MODES:
        raise pytest.UsageError(f"{IAM_OPTION} = {mode}: it is one of {', '.join(IAM_MODES)}")
    with start(directory, iam=mode) as running:
        yield running
