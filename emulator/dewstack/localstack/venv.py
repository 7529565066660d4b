"""LocalStack's own environment, in the user's cache: its pinned packages are none of the developer's."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from dewstack.errors import UserError
from dewstack.lambda_.pythons import every_python
from dewstack.localstack.ourselves import Ourselves, ourselves

VERSION = "4.14.0"
"""The last that starts without an account."""
REQUIREMENT = f"localstack-core[runtime]=={VERSION}"
CONSTRAINTS = Path(__file__).with_name("constraints.txt")
INSTALL_SECONDS = 900.0
_PYTHONS = ((3, 13), (3, 12))
"""What this LocalStack runs under, the better first; its metadata says otherwise."""

Say = Callable[[str], None]


def localstack_python(say: Say) -> str:
    """The Python of an environment that has LocalStack and dewstack in it, made on first use (a minute, 515 MB).

    Raises UserError where there is no Python for it, or no package index.
    """
    us = ourselves()
    home = _home(us)
    python = home / "bin" / "python"
    wanted = _wanted(us)
    done = home / "dewstack-installed"
    if done.is_file() and done.read_text() == wanted and python.exists():
        return str(python)
    base = next((every_python()[each] for each in _PYTHONS if each in every_python()), None)
    if base is None:
        raise UserError(
            f"LocalStack {VERSION} needs Python 3.12 or 3.13, and there is none",
            hint="install one (pyenv, uv or the system's packages), or leave out --host and use Docker",
        )
    say(f"Installing LocalStack {VERSION} into {home} (once, about a minute)")
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    _run([base, "-m", "venv", str(home)])
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    source = ["-e", us.source] if us.checkout else [us.source]
    _run([*install, "-c", str(CONSTRAINTS), REQUIREMENT, *source])
    done.write_text(wanted)
    return str(python)


def _home(us: Ourselves) -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    digest = hashlib.sha256(us.source.encode()).hexdigest()[:8]
    return Path(cache) / "dewstack" / f"localstack-{VERSION}-{digest}"


def _wanted(us: Ourselves) -> str:
    """What an environment was made from: another text means making it again."""
    points = (
        f"{group}: {name} = {value}"
        for group, points in us.entry_points.items()
        for name, value in points.items()
    )
    return "\n".join([REQUIREMENT, CONSTRAINTS.read_text(), us.source, *us.requirements, *points])


def _run(command: list[str]) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False, env=environ
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"LocalStack can't be installed: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise UserError(
            f"LocalStack can't be installed: {said[-1] if said else command[0]}",
            hint="is the package index reachable? pip install 'dewstack[localstack]' shows the whole story",
        )
