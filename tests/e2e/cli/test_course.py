"""The course: every lesson, typed in a directory of its own."""

import re
from pathlib import Path

import pytest

from tests.e2e.cli.typed import BLOCK, Shell, commands, type_along

COURSE = Path(__file__).parents[3] / "docs/course"
LESSONS = sorted(path.name for path in COURSE.glob("[0-9]*.md"))
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_is_true(lesson: str, tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    try:
        type_along(shell, (COURSE / lesson).read_text())
    finally:
        shell.close()


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_leads_only_to_pages_that_are_there(lesson: str) -> None:
    for link in LINK.findall((COURSE / lesson).read_text()):
        assert (COURSE / link).exists(), link


@pytest.mark.parametrize("lesson", LESSONS)
def test_what_is_not_typed_is_marked_as_such(lesson: str) -> None:
    """Commands stand in `console` blocks, which run; `sh` is for other machines, and text says so."""
    text = (COURSE / lesson).read_text()
    blocks = list(BLOCK.finditer(text))
    assert any(commands(block["text"]) for block in blocks if block["kind"] == "console")
    for block in blocks:
        if block["kind"] == "sh":
            before = text[: block.start()].rstrip().rpartition("\n\n")[2]
            assert "no test runs" in before, block["text"]
