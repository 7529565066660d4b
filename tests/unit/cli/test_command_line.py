"""The edge of the command line: help, colour, and how mistakes are said."""

import json
from pathlib import Path

import click
import pytest

import dewstack
from dewstack.cli import entry

from .conftest import Dew

ALL_COMMANDS = sorted(entry.COMMANDS)


def test_version(dew: Dew) -> None:
    assert dew("--version").output == f"dew {dewstack.__version__}\n"


def test_help_lists_every_command(dew: Dew) -> None:
    listed = dew("--help").output
    assert all(f"\n  {name} " in listed for name in ALL_COMMANDS)


@pytest.mark.parametrize("name", ALL_COMMANDS)
def test_help_of_every_command_shows_examples(dew: Dew, name: str) -> None:
    shown = dew(name, "--help")
    assert shown.code == 0
    assert f"Examples:\n    dew {name}" in shown.output


@pytest.mark.parametrize(
    "name", [name for name in ALL_COMMANDS if name not in ("test", "users", "localstack")]
)
def test_every_command_offers_json(dew: Dew, name: str) -> None:
    assert "--json" in dew(name, "--help").output


@pytest.mark.parametrize("name", ["up", "down", "status"])
def test_every_localstack_command_offers_json(dew: Dew, name: str) -> None:
    assert "--json" in dew("localstack", name, "--help").output


@pytest.mark.parametrize("name", ["list", "create", "confirm", "delete", "set-password"])
def test_every_users_command_offers_json_and_examples(dew: Dew, name: str) -> None:
    shown = dew("users", name, "--help").output
    assert "--json" in shown
    assert f"Examples:\n    dew users {name}" in shown


def test_a_misspelled_command_gets_the_nearest_one(dew: Dew) -> None:
    ran = dew("lgos")
    assert ran.code == 2
    assert "No such command 'lgos'. Did you mean 'logs'?" in ran.errors


def test_an_unknown_option_exits_with_2(dew: Dew) -> None:
    assert dew("routes", "--frobnicate").code == 2


def test_no_map_says_where_it_looked(dew: Dew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = dew("routes")
    assert ran.code == 1
    assert f"no serverless.yml in {tmp_path}" in ran.errors
    assert "Traceback" not in ran.errors


def test_a_broken_map_names_file_line_and_column(dew: Dew, project: Path) -> None:
    (project / "serverless.yml").write_text("service: shop\nprovider: [\n")
    ran = dew("routes")
    assert ran.code == 1
    assert "serverless.yml:" in ran.errors
    assert "Traceback" not in ran.errors


def test_an_error_is_json_for_scripts(dew: Dew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = dew("routes", "--json")
    assert ran.output == ""
    assert "no serverless.yml" in json.loads(ran.errors)["error"]["message"]


def test_a_fault_of_its_own_is_one_line_and_a_pointer(dew: Dew, project: Path) -> None:
    (project / "serverless.yml").unlink()
    (project / "serverless.yml").symlink_to("serverless.yml")
    ran = dew("routes")
    assert ran.code in (1, entry.INTERNAL_ERROR)
    assert "Traceback" not in ran.errors


def test_an_unexpected_exception_exits_with_70_and_debug_shows_it(
    dew: Dew, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise KeyError("lost")

    monkeypatch.setitem(entry.dew.commands, "broken", click.Command("broken", callback=fail))
    monkeypatch.setattr(entry.Dew, "get_command", click.Group.get_command)
    monkeypatch.setitem(entry.COMMANDS, "broken", "")
    ran = dew("broken")
    assert ran.code == entry.INTERNAL_ERROR
    assert "dew failed: KeyError: 'lost'" in ran.errors
    assert "--debug" in ran.errors
    with pytest.raises(KeyError):
        dew("broken", "--debug")


def test_plain_text_in_a_pipe_and_colour_on_demand(
    dew: Dew, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b[" not in dew("routes").output
    assert "\x1b[" in dew("--color", "always", "routes").output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in dew("routes").output
    assert "\x1b[" in dew("--color", "always", "logs").errors
    assert "\x1b[" not in dew("logs").errors
    assert entry.wanted_color("auto") is False
    assert entry.wanted_color("always") is True
