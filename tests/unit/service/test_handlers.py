"""Python handlers are looked for by reading their file."""

from pathlib import Path

import pytest

from dewstack.service.handlers import check_handler

SOURCE = '''
import os
from lib import imported, other as renamed

"""
def in_a_text(): ...
"""

def plain(event, context):
    def inner(): ...

async def asynchronous(event, context): ...

class Callable:
    def method(self): ...

assigned = plain
annotated: object = plain
first, (second, third) = plain, (plain, plain)

try:
    from fast import tried
except ImportError:
    def tried(event, context): ...

if os.name == "posix":
    def conditional(event, context): ...
'''


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "src" / "pkg").mkdir(parents=True)
    (tmp_path / "src" / "app.py").write_text(SOURCE)
    (tmp_path / "src" / "pkg" / "__init__.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "star.py").write_text("from lib import *\n")
    (tmp_path / "dynamic.py").write_text("def __getattr__(name): ...\n")
    (tmp_path / "broken.py").write_text("def handler(:\n")
    (tmp_path / "raises.py").write_text("raise SystemExit('imported')\n")
    return tmp_path


@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "asynchronous",
        "Callable",
        "assigned",
        "annotated",
        "first",
        "second",
        "third",
        "imported",
        "renamed",
        "os",
        "tried",
        "conditional",
    ],
)
def test_a_name_that_the_module_binds_is_found(directory: Path, name: str) -> None:
    assert check_handler(directory, f"src/app.{name}") is None


@pytest.mark.parametrize(
    "handler", ["src/pkg.handler", "src.pkg.handler", "star.anything", "dynamic.anything"]
)
def test_packages_dots_and_open_modules_are_fine(directory: Path, handler: str) -> None:
    assert check_handler(directory, handler) is None


@pytest.mark.parametrize("name", ["inner", "method", "lib", "other", "nope"])
def test_a_name_that_the_module_does_not_bind_is_not(directory: Path, name: str) -> None:
    problem = check_handler(directory, f"src/app.{name}")
    assert problem is not None
    assert problem.message == (
        f"src/app.py has no function '{name}'; it has: plain, asynchronous, tried, conditional"
    )


def test_a_module_without_functions_says_so_and_is_not_run(directory: Path) -> None:
    problem = check_handler(directory, "raises.handler")
    assert problem is not None
    assert problem.message == "raises.py has no function 'handler'; it has: no public function"


def test_a_missing_file_names_it(directory: Path) -> None:
    problem = check_handler(directory, "src/ap.plain")
    assert problem is not None
    assert problem.message == "there is no file src/ap.py for the handler 'src/ap.plain', did you mean 'app'?"
    problem = check_handler(directory, "none/ap.plain")
    assert problem is not None
    assert problem.message == "there is no file none/ap.py for the handler 'none/ap.plain'"


def test_a_syntax_error_only_warns_because_lambda_reports_it(directory: Path) -> None:
    problem = check_handler(directory, "broken.other")
    assert problem is not None
    assert problem.severity == "warning"
    assert problem.message.startswith("broken.py:1: ")
