"""LocalStack's own environment, in the user's cache: its pinned packages are none of the developer's."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

from dewstack import __version__
from dewstack.errors import UserError
from dewstack.lambda_.pythons import every_python

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
    home = _home()
    python = home / "bin" / "python"
    wanted = _wanted()
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
    _run([*install, "-c", str(CONSTRAINTS), REQUIREMENT, *_ourselves()])
    done.write_text(wanted)
    return str(python)


def _home() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    digest = hashlib.sha256(_source().encode()).hexdigest()[:8]
    return Path(cache) / "dewstack" / f"localstack-{VERSION}-{digest}"


def _source() -> str:
    """Where dewstack itself comes from: a checkout, or a version of the package."""
    root = Path(__file__).parents[3]
    return str(root) if (root / "pyproject.toml").is_file() else f"dewstack=={__version__}"


def _ourselves() -> list[str]:
    source = _source()
    return ["-e", source] if os.path.isabs(source) else [source]


def _wanted() -> str:
    """What an environment was made from: another text means making it again."""
    requirements = sorted(distribution("dewstack").requires or ())
    entries = sorted(
        f"{each.group} {each.name} {each.value}" for each in distribution("dewstack").entry_points
    )
    return "\n".join([REQUIREMENT, CONSTRAINTS.read_text(), _source(), *requirements, *entries])


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
