"""The reference service's handlers, each loaded by itself, as Lambda does it."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from botocore.stub import Stubber

HANDLERS = Path(__file__).parents[3] / "handlers"
Load = Callable[[str], ModuleType]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads handlers/<name>.py anew, in an environment such as Lambda gives it. Cognito is not reachable there."""
    for key, value in {
        "USER_POOL_CLIENT_ID": "client",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(key, value)

    def from_file(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"handlers_{name}", HANDLERS / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return from_file


@pytest.fixture
def cognito(load: Load) -> Iterator[Callable[[str], tuple[ModuleType, Stubber]]]:
    """Loads a handler whose Cognito answers as the test says; what is sent is checked against Cognito's model."""
    stubbers: list[Stubber] = []

    def stubbed(name: str) -> tuple[ModuleType, Stubber]:
        module = load(name)
        stubber = Stubber(module.cognito)
        stubber.activate()
        stubbers.append(stubber)
        return module, stubber

    yield stubbed
    for stubber in stubbers:
        stubber.assert_no_pending_responses()
        stubber.deactivate()
