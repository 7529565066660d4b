"""A package holds what the map's patterns select, and the same files make the same zip."""

import os
import stat
import zipfile
from pathlib import Path

import pytest

from dewstack.deploy.globs import compile_glob, select
from dewstack.deploy.package import package_files, write_package, write_templates
from dewstack.errors import UserError


@pytest.fixture
def service(tmp_path: Path) -> Path:
    for name in (
        "handlers/login.py",
        "handlers/deep/er/x.py",
        "handlers/__pycache__/login.cpython-311.pyc",
        "tests/test_login.py",
        "serverless.yml",
        ".git/config",
        ".dew/state.db",
        ".venv/bin/python",
        ".serverless/old.zip",
        ".env",
        ".env.local",
        ".hidden/kept.txt",
    ):
        path = tmp_path / "service" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "service"


def test_what_a_directory_collects_stays_out_by_default(service: Path) -> None:
    assert package_files(service, excludes=["serverless.yml"]) == [
        ".hidden/kept.txt",
        "handlers/deep/er/x.py",
        "handlers/login.py",
        "tests/test_login.py",
    ]


def test_the_last_pattern_that_matches_decides(service: Path) -> None:
    assert package_files(service, ["!**", "handlers/**"]) == [
        "handlers/__pycache__/login.cpython-311.pyc",
        "handlers/deep/er/x.py",
        "handlers/login.py",
    ]
    assert package_files(service, ["!**", "handlers/*.py"]) == ["handlers/login.py"]


def test_a_package_without_files_is_refused(service: Path) -> None:
    with pytest.raises(UserError, match="no file is left to package"):
        package_files(service, ["!**"])


def test_a_pattern_brings_back_what_is_left_out_by_default(service: Path) -> None:
    assert package_files(service, ["!**", ".venv/bin/*"]) == [".venv/bin/python"]


def test_a_pattern_that_leads_out_of_the_service_is_refused(service: Path) -> None:
    with pytest.raises(UserError, match="lies outside of"):
        package_files(service, ["../common/**"])


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.py", "a.py", True),
        ("*.py", "a/b.py", False),
        ("**/*.py", "a.py", True),
        ("**/*.py", "a/b/c.py", True),
        ("a/**", "a/b/c", True),
        ("a/**", "ab/c", False),
        ("./a/*", "a/b", True),
        ("{a,b}/*.{js,mjs}", "b/x.mjs", True),
        ("{a,b}/*.{js,mjs}", "c/x.mjs", False),
        ("a?c", "abc", True),
        ("[ab].txt", "b.txt", True),
        ("[!ab].txt", "b.txt", False),
        ("a.b", "axb", False),
        ("**", "any/thing", True),
    ],
)
def test_globs(pattern: str, path: str, matches: bool) -> None:
    assert (compile_glob(pattern).fullmatch(path) is not None) is matches


def test_an_unclosed_brace_is_named() -> None:
    with pytest.raises(UserError, match="unclosed brace"):
        compile_glob("{a,b")


def test_everything_is_selected_at_first() -> None:
    assert select(["b", "a"], []) == ["a", "b"]


def test_the_same_files_make_the_same_zip(service: Path, tmp_path: Path) -> None:
    files = package_files(service, ["!**", "handlers/*.py"])
    first = write_package(service, files, tmp_path / "one.zip")
    os.utime(service / "handlers/login.py", (1, 1))
    (service / "handlers/login.py").chmod(0o600)
    second = write_package(service, files, tmp_path / "two.zip")
    assert first.sha256 == second.sha256
    (service / "handlers/login.py").write_text("changed")
    assert write_package(service, files, tmp_path / "three.zip").sha256 != first.sha256


def test_executable_files_stay_executable(service: Path, tmp_path: Path) -> None:
    (service / "handlers/login.py").chmod(0o755)
    package = write_package(service, ["handlers/login.py"], tmp_path / "one.zip")
    with zipfile.ZipFile(package.path) as archive:
        [entry] = archive.infolist()
    assert stat.S_IMODE(entry.external_attr >> 16) == 0o755
    assert entry.date_time == (1980, 1, 1, 0, 0, 0)


def test_templates_are_named_as_the_framework_names_them(tmp_path: Path) -> None:
    create, update = write_templates(tmp_path, {"a": 1}, {"b": 2})
    assert create == tmp_path / ".serverless" / "cloudformation-template-create-stack.json"
    assert update.read_text() == '{\n  "b": 2\n}'
