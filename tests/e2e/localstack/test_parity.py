"""The reference service here and on the emulator of dew up: what differs has a reason."""

import json
from pathlib import Path

import pytest

from dewstack.cli import run
from dewstack.testing.running import start
from tests.e2e.service.remote import Remote

pytestmark = pytest.mark.localstack

ROOT = Path(__file__).parents[3]


def test_what_differs_from_dew_up_has_a_reason(
    remote: Remote, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    with start() as emulator:
        assert run(["deploy", "--endpoint", emulator.aws_url, "--json"]) == 0
        capfd.readouterr()
        targets = f"embedded={emulator.aws_url},localstack={remote.aws_url}"
        code = run(["parity", "--targets", targets, "--json"])
    told = json.loads(capfd.readouterr().out)
    assert code == 0, [each for each in told["differences"] if not each["reason"]]
    assert told["requests"] > 100 and told["skipped"] == []
