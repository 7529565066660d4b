"""Where the function of a handler is defined."""

from pathlib import Path

import pytest

from dewstack.service.handlers import handler_place


@pytest.mark.parametrize(
    ("file", "text", "handler", "place"),
    [
        ("a/b.py", "import os\n\n\ndef run(event, context):\n    pass\n", "a/b.run", "a/b.py:4"),
        ("a/b.py", "async def run(event, context):\n    pass\n", "a.b.run", "a/b.py:1"),
        ("a/__init__.py", "run = print\n", "a.run", "a/__init__.py:1"),
        ("a.py", "from x import *\n", "a.run", "a.py"),
        ("a.js", "'use strict';\nexports.run = async () => 1;\n", "a.run", "a.js:2"),
        ("a.mjs", "export const run = () => 1;\n", "a.run", "a.mjs:1"),
        ("a.ts", "// x\nexport async function run() {}\n", "a.run", "a.ts:2"),
        ("a.py", "def run(event, context): ...\n", "b.run", None),
        ("a.py", "", "run", None),
    ],
)
def test_the_line_is_found_without_running_anything(
    tmp_path: Path, file: str, text: str, handler: str, place: str | None
) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert handler_place(tmp_path, handler) == place


def test_nothing_outside_of_the_project_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("def run(event, context): ...\n")
    (tmp_path / "project").mkdir()
    assert handler_place(tmp_path / "project", "../secret.run") is None
