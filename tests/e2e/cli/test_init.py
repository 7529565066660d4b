"""`dew init`: a new service that starts as it is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.cli.service import Project, get


def init(directory: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-P", "-m", "dewstack.cli", "init", *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("template", ["reference", "typescript", "minimal"])
def test_a_template_becomes_a_service_of_the_directory_s_name(tmp_path: Path, template: str) -> None:
    done = init(tmp_path, "--template", template, "My Shop")
    assert done.returncode == 0, done.stderr
    assert "Next: cd 'My Shop' && " in done.stdout
    project = Project(tmp_path / "My Shop")
    assert "\nservice: my-shop\n" in "\n" + (project.directory / "serverless.yml").read_text()
    assert ".dew/" in (project.directory / ".gitignore").read_text()
    assert not [path for path in project.directory.rglob("*") if path.name in ("node_modules", "__pycache__")]
    listed = project.dew("package", "--json") if template != "typescript" else None
    assert listed is None or listed.returncode == 0, listed.stderr


def test_the_minimal_service_answers_and_its_test_passes(tmp_path: Path) -> None:
    assert init(tmp_path, "--template", "minimal", "shop").returncode == 0
    project = Project(tmp_path / "shop")
    run = project.up()
    try:
        assert get(f"{run['service_url']}/hello?name=Ada") == (200, '{"message": "Hello, Ada!"}')
    finally:
        project.dew("down")
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project.directory,
        env={key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "1 passed" in tests.stdout, tests.stdout


def test_nothing_that_is_there_is_touched(tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text("service: mine\n")
    refused = init(tmp_path, "--template", "minimal")
    assert refused.returncode == 1
    assert "serverless.yml is there already" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["serverless.yml"]


def test_a_map_of_another_name_is_one_too(tmp_path: Path) -> None:
    (tmp_path / "serverless.ts").write_text("export default {};\n")
    refused = init(tmp_path, "--template", "minimal")
    assert refused.returncode == 1
    assert "serverless.ts is there already" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["serverless.ts"]


@pytest.mark.parametrize("name", ["42", "p", "…"])
def test_a_name_that_makes_no_service_is_refused(tmp_path: Path, name: str) -> None:
    refused = init(tmp_path, "--name", name)
    assert refused.returncode == 1
    assert "begins with a letter" in refused.stderr
    assert not list(tmp_path.iterdir())
