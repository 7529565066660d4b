"""The tutorial, typed."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cli.typed import BLOCK, Shell, commands, matches, type_along

TUTORIAL = Path(__file__).parents[3] / "docs/tutorial.md"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell in a directory of its own."""
    shell = Shell(tmp_path)
    yield shell
    shell.close()


def test_the_tutorial_is_true(shell: Shell) -> None:
    type_along(shell, TUTORIAL.read_text())


def test_the_tutorial_shows_only_commands_that_are_there() -> None:
    blocks = [block["text"] for block in BLOCK.finditer(TUTORIAL.read_text()) if block["kind"] == "console"]
    typed = [command for block in blocks for command, _ in commands(block)]
    assert len(typed) > 20
    for needed in ("init", "up", "logs", "invoke", "mail", "routes", "flask", "package", "down"):
        assert any(re.match(rf"(\w+=\$\()?dew {needed}\b", command) for command in typed), needed
    assert shutil.which("curl")


@pytest.mark.parametrize(
    ("said", "printed", "same"),
    [
        ("a\n…\nb", "a\n1\n2\nb", True),
        ("a\n…", "a\n1\n2", True),
        ("a\n…", "b\n1", False),
        ("…", "", True),
        ("", "x", False),
        ("pid … ok", "pid 7 ok", True),
        ("pid … ok", "pid 7 no", False),
        ("a.c", "abc", False),
    ],
)
def test_what_the_document_leaves_out_is_all_that_may_differ(said: str, printed: str, same: bool) -> None:
    assert matches(said.splitlines(), printed.splitlines()) is same
