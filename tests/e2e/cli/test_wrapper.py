"""The wrapper of a checkout: sets itself up once, whatever happens meanwhile, then only starts `dew`."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cli.wrapped import Checkout, kill_group

pytestmark = pytest.mark.xdist_group("wrapper")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout that was started once; tests that share it leave it as it is."""
    checkout = Checkout.make(tmp_path_factory.mktemp("wrapper") / "check out")
    first = checkout.run("up")
    assert first.returncode == 0, first.stderr
    assert "installing the pinned libraries into .venv" in first.stderr
    assert first.stdout.count("\n") == 1
    return checkout


@pytest.fixture
def checkout(installed: Checkout, tmp_path: Path) -> Checkout:
    """A checkout in which someone made a virtual environment, as `python -m venv .venv` would."""
    checkout = Checkout.make(tmp_path / "check out")
    environment = checkout.root / ".venv"
    shutil.copytree(installed.root / ".venv", environment, symlinks=True)
    shutil.rmtree(environment / "dew")
    return checkout


class TestAnInstalledCheckout:
    def test_passes_arguments_as_they_are(self, installed: Checkout) -> None:
        arguments = ["invoke", "a b", "", "--data", '{"x": "$HOME *"}']
        assert installed.started(*arguments)["arguments"] == arguments

    def test_keeps_the_working_directory(self, installed: Checkout, tmp_path: Path) -> None:
        assert installed.started("routes", cwd=tmp_path)["cwd"] == str(tmp_path)

    def test_runs_the_tests_in_its_own_root(self, installed: Checkout, tmp_path: Path) -> None:
        told = installed.started("test", "-x", cwd=tmp_path)
        assert told["cwd"] == str(installed.root)
        assert told["arguments"] == ["test", "-x"]

    def test_works_through_symbolic_links(self, installed: Checkout, tmp_path: Path) -> None:
        (tmp_path / "bin").mkdir()
        (tmp_path / "absolute").symlink_to(installed.root / "dew")
        (tmp_path / "bin" / "dew").symlink_to("../absolute")
        done = subprocess.run(
            [tmp_path / "bin" / "dew", "up"],
            cwd=tmp_path,
            env=installed.environment(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert '["up"]' in done.stdout

    def test_works_from_the_path_and_by_its_bare_name(self, installed: Checkout, tmp_path: Path) -> None:
        environment = installed.environment(PATH=f"{installed.root}:{os.environ['PATH']}")
        done = subprocess.run(["dew"], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        bare = subprocess.run(
            ["sh", "dew"], cwd=installed.root, env=environment, capture_output=True, text=True
        )
        assert bare.returncode == 0, bare.stderr

    def test_starts_without_pip_and_without_a_word(self, installed: Checkout) -> None:
        before = installed.builds
        assert installed.run("up").stderr == ""
        assert installed.builds == before

    def test_a_module_in_the_working_directory_is_not_mistaken_for_its_own(
        self, installed: Checkout, tmp_path: Path
    ) -> None:
        (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
        installed.started("up", cwd=tmp_path)

    def test_needs_no_network(self, installed: Checkout) -> None:
        unshare = shutil.which("unshare")
        alone = [unshare or "", "--user", "--map-root-user", "--net"]
        if not unshare or subprocess.run([*alone, "true"], capture_output=True).returncode:
            pytest.skip("this kernel gives no network namespaces")
        done = subprocess.run(
            [*alone, installed.root / "dew", "up"],
            env=installed.environment(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr


def test_an_interrupted_first_start_is_begun_anew(checkout: Checkout) -> None:
    (checkout.root / "hang").touch()
    process = checkout.start("up")
    try:
        deadline = time.monotonic() + 60
        while not checkout.builds and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        kill_group(process)
    (checkout.root / "hang").unlink()
    assert (checkout.root / ".venv" / "dew" / "incomplete").exists()
    (checkout.root / ".venv" / "leftover").touch()
    checkout.started("up")
    assert checkout.builds == 2
    assert not (checkout.root / ".venv" / "leftover").exists()


def test_changed_pins_are_installed_if_the_index_can_be_reached_and_ones_own_environment_is_kept(
    checkout: Checkout,
) -> None:
    (checkout.root / ".venv" / "mine").touch()
    checkout.started("up", DEW_PYTHON="")
    (checkout.root / "requirements" / "runtime.txt").write_text("# something else\n")
    assert "installing" in checkout.run("up", DEW_PYTHON="").stderr
    assert checkout.builds == 2
    assert (checkout.root / ".venv" / "mine").exists()

    (checkout.root / "requirements" / "runtime.txt").write_text("click==8.1.8\n")
    offline = checkout.run("up", DEW_PYTHON="", PIP_RETRIES="1")
    assert offline.returncode == 1
    assert "the package index cannot be reached" in offline.stderr
    assert "Traceback" not in offline.stderr
    assert offline.stdout == ""


def test_a_python_that_is_too_old_or_broken_is_refused_by_its_name(checkout: Checkout) -> None:
    done = checkout.run("up", DEW_PYTHON="/bin/false")
    assert done.returncode == 1
    assert "DEW_PYTHON=/bin/false is not a Python 3.11 or newer" in done.stderr


@pytest.fixture
def empty_path(tmp_path: Path) -> Iterator[Path]:
    """A PATH with the tools of the wrapper and no Python but shims that fail."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for tool in ("readlink", "cat", "cmp"):
        (directory / tool).symlink_to(shutil.which(tool) or "")
    for name in ("python3.13", "python3.12", "python3"):
        shim = directory / name
        shim.write_text(f"#!/bin/sh\necho 'pyenv: {name}: command not found' >&2\nexit 127\n")
        shim.chmod(0o755)
    yield directory


def test_no_python_at_all_is_said_with_what_to_install(checkout: Checkout, empty_path: Path) -> None:
    done = checkout.run("up", DEW_PYTHON="", PATH=str(empty_path))
    assert done.returncode == 1
    assert "dew needs Python 3.11 or newer" in done.stderr
    assert "pyenv" not in done.stderr


def test_two_first_starts_at_once_install_once_and_pass_over_shims_that_fail(
    checkout: Checkout, empty_path: Path
) -> None:
    (empty_path / "python3").unlink()
    (empty_path / "python3").symlink_to(sys.executable)
    processes = [checkout.start("up", DEW_PYTHON="", PATH=str(empty_path)) for _ in range(2)]
    for process in processes:
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        assert json.loads(output)["python"] == list(sys.version_info[:2])
    assert checkout.builds == 1
