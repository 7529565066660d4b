"""Has an application imported by its project's own Python, and takes what that tells of it."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from dewstack.convert.model import Application
from dewstack.deploy.python_packages import VIRTUALENVS
from dewstack.errors import UserError

PROBE = Path(__file__).with_name("probe.py")
IMPORT_SECONDS = 60.0


class _Failure(msgspec.Struct, frozen=True):
    error: str
    message: str
    at: str


def project_python(directory: Path) -> str:
    """The interpreter of the project in `directory`: of the virtualenv that is active or lies there, else dew's own."""
    active = os.environ.get("VIRTUAL_ENV")
    places = [Path(active)] if active else []
    for place in [*places, *(directory / name for name in VIRTUALENVS)]:
        for python in (place / "bin" / "python", place / "Scripts" / "python.exe"):
            if python.is_file():
                return str(python)
    return sys.executable


def read_application(directory: Path, target: str, python: str = "") -> Application:
    """What the application `target` (as for `flask --app`) in `directory` is made of. Its code is run: imported.

    Takes IMPORT_SECONDS at most. Raises UserError for an application that can't be imported, saying where it fails.
    """
    python = python or project_python(directory)
    try:
        done = subprocess.run(
            [python, str(PROBE), target],
            cwd=directory,
            env=_environ(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=IMPORT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"{target} isn't imported after {IMPORT_SECONDS:.0f} s",
            hint="what waits or serves must not run at import: put it under if __name__ == '__main__'",
        ) from None
    except OSError as error:
        raise UserError(
            f"{python} can't be run: {error.strerror}", hint="name another by --python"
        ) from error
    try:
        return msgspec.json.decode(done.stdout, type=Application, strict=False)
    except msgspec.ValidationError:
        failure = _failure(done.stdout)
        if failure is None:
            raise
        raise _refusal(target, python, failure) from None
    except msgspec.DecodeError:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["without a word"]
        raise UserError(
            f"{python} ended while it imported {target} (status {done.returncode}): {last[0]}"
        ) from None


def _environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The caller's own; app.run() does nothing, as under Flask's commands."""
    return {**environ, "FLASK_RUN_FROM_CLI": "true", "PYTHONDONTWRITEBYTECODE": "1"}


def _failure(told: bytes) -> _Failure | None:
    try:
        return msgspec.json.decode(told, type=_Failure)
    except msgspec.DecodeError:
        return None


def _refusal(target: str, python: str, failure: _Failure) -> UserError:
    if failure.error == "NoAppException" and "Traceback" in failure.message:
        failure = _inside(failure)
    if failure.error == "ModuleNotFoundError" and "'flask'" in failure.message:
        return UserError(
            f"there is no Flask in {python}",
            hint="activate the project's virtualenv, or name its Python: --python .venv/bin/python",
        )
    if failure.error == "NoAppException":
        return UserError(
            failure.message, hint="name it as for flask --app: shop, shop:app, 'shop:create_app()'"
        )
    where = f" at {failure.at}" if failure.at else ""
    return UserError(
        f"{target} can't be imported: {failure.error}{where}: {failure.message}",
        hint=f"it was imported by {python}, with the variables of this shell and of .env",
    )


def _inside(failure: _Failure) -> _Failure:
    """The error that a message of Flask's quotes with its traceback."""
    lines = failure.message.strip().splitlines()
    kind, _, message = lines[-1].partition(": ")
    places = re.findall(r'File "([^"]+)", line (\d+)', failure.message)
    own = [(file, line) for file, line in places if "site-packages" not in file and not file.startswith("<")]
    at = f"{os.path.basename(own[-1][0])}:{own[-1][1]}" if own else ""
    return _Failure(kind.rpartition(".")[2], message, at)
