"""Installs what others have written, for the tests that run it: once for each set of pins."""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
INSTALL_SECONDS = 300.0


def install_in(where: Path) -> None:
    """Have what `where`'s package-lock.json names in its node_modules."""
    with _installing(where / "package-lock.json", where / "node_modules") as needed:
        if needed:
            _run(where, "npm", "ci", "--silent", "--no-audit", "--no-fund")


def install_program(name: str, requirements: Path) -> Path:
    """The directory with the programs of the packages in `requirements`, in an environment of their own."""
    environment = ROOT / ".tox" / name
    environment.parent.mkdir(exist_ok=True)
    with _installing(requirements, environment) as needed:
        if needed:
            _run(ROOT, sys.executable, "-m", "venv", "--clear", str(environment))
            _run(ROOT, str(environment / "bin" / "pip"), "install", "--quiet", "-r", str(requirements))
    return environment / "bin"


def download_source(requirements: Path) -> Path:
    """The unpacked source distribution of the one package that `requirements` pins."""
    pin = requirements.read_text().strip()
    place = ROOT / ".tox" / "sources" / pin
    place.mkdir(parents=True, exist_ok=True)
    with _installing(requirements, place) as needed:
        if needed:
            wanted = [*("--no-deps", "--no-binary", ":all:", "--dest"), str(place), "-r", str(requirements)]
            _run(ROOT, sys.executable, "-m", "pip", "download", "--quiet", *wanted)
            [archive] = place.glob("*.tar.gz")
            shutil.unpack_archive(archive, place, filter="data")
    [unpacked] = [each for each in place.iterdir() if each.is_dir()]
    return unpacked


@contextmanager
def _installing(pins: Path, place: Path) -> Iterator[bool]:
    """Whether `place` lacks what `pins` names; afterwards it has it. Two at once wait for each other."""
    with pins.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed = place / "installed"
        needed = not installed.is_file() or installed.read_bytes() != pins.read_bytes()
        yield needed
        if needed:
            shutil.copyfile(pins, installed)


def _run(where: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
