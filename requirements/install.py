"""Make or mend .venv for the `dew` wrapper: `install.py ROOT GROUP...`, a group being a file beside this one.

Runs with nothing but the standard library, under any Python 3.11. Two at once wait for each other; one that
was interrupted leaves `.venv/dew/incomplete` behind and the next starts over. `.venv/dew/GROUP` is a copy of
what was installed, so that the wrapper needs one comparison, and no Python, to know that all is there.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

OFFLINE = (
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "Network is unreachable",
    "Temporary failure in name resolution",
    "No route to host",
)


class InstallError(Exception):
    """What went wrong, and what to do about it."""


def main(root: Path, groups: list[str]) -> int:
    """Install what is missing of `groups` into `root/.venv`. Exit code 0: everything is there."""
    try:
        lock = os.open(root / "requirements", os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        install(root, groups, lock)
    except InstallError as error:
        print(f"dew: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"dew: cannot make {root / '.venv'}: {error.strerror}: {error.filename}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndew: interrupted; the next start begins anew.", file=sys.stderr)
        return 130
    return 0


def install(root: Path, groups: list[str], lock: int) -> None:
    """Bring `.venv` to the pinned versions of `groups`, `lock` (a descriptor) held. Raises InstallError."""
    venv = root / ".venv"
    state = venv / "dew"
    wanted_python = os.environ.get("DEW_PYTHON", "")
    if not reusable(venv, wanted_python):
        shutil.rmtree(venv, ignore_errors=True)
    missing = [group for group in groups if not current(root, group)]
    if not missing:
        return
    started = time.monotonic()
    version = ".".join(map(str, sys.version_info[:2]))
    what = "libraries" if "runtime" in missing else "test tools"
    print(
        f"dew: installing the pinned {what} into .venv (once; Python {version}) …",
        file=sys.stderr,
        flush=True,
    )
    state.mkdir(parents=True, exist_ok=True)
    (state / "incomplete").touch()
    if not works(venv):
        create(venv)
    files = [f"-r{root / 'requirements' / group}.txt" for group in missing]
    if "runtime" in missing:
        pip(venv, lock, *files, f"-r{root / 'requirements' / 'build.txt'}")
        pip(venv, lock, "--no-deps", "--no-build-isolation", "--editable", str(root))
    else:
        pip(venv, lock, *files)
    for group in missing:
        (state / group).write_bytes(contents(root, group))
    (state / "python").write_text(wanted_python + "\n")
    (state / "incomplete").unlink()
    print(f"dew: ready after {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def reusable(venv: Path, wanted_python: str) -> bool:
    """Whether an existing environment can be built upon: complete, working, and of the wanted Python."""
    if (venv / "dew" / "incomplete").exists() or not works(venv):
        return False
    if not wanted_python:
        return True
    made_by = venv / "dew" / "python"
    return made_by.exists() and made_by.read_text().strip() == wanted_python


def works(venv: Path) -> bool:
    """Whether the environment has a Python 3.11 or newer that can run pip."""
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([venv / "bin" / "python", "-c", check], capture_output=True).returncode == 0
    except OSError:
        return False


def current(root: Path, group: str) -> bool:
    """Whether the environment was made from exactly the present pins."""
    try:
        return (root / ".venv" / "dew" / group).read_bytes() == contents(root, group)
    except OSError:
        return False


def contents(root: Path, group: str) -> bytes:
    """All that an installed group depends on, byte for byte as the wrapper compares it."""
    return (root / "requirements" / f"{group}.txt").read_bytes() + (root / "pyproject.toml").read_bytes()


def create(venv: Path) -> None:
    """Make an empty environment from the real interpreter, not from a shim or another environment."""
    base = getattr(sys, "_base_executable", sys.executable)
    made = subprocess.run([os.path.realpath(base), "-m", "venv", venv], capture_output=True, text=True)
    if made.returncode:
        raise InstallError(f"cannot make {venv}: {(made.stderr or made.stdout).strip()}")


def pip(venv: Path, lock: int, *arguments: str) -> None:
    """`pip install`, its output kept in .venv/dew/install.log. Raises InstallError with the reason it gave.

    pip inherits the lock: should this process be killed, nobody clears the environment under pip's feet.
    """
    log = venv / "dew" / "install.log"
    command = [venv / "bin" / "python", "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    environment = {"PIP_RETRIES": "2", "PIP_ROOT_USER_ACTION": "ignore", **os.environ}
    with log.open("a") as output:
        offset = output.tell()
        done = subprocess.run(
            [*command, "--progress-bar=off", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            pass_fds=(lock,),
        )
    if done.returncode == 0:
        return
    said = log.read_text(errors="replace")[offset:]
    if any(sign in said for sign in OFFLINE):
        raise InstallError(
            "the package index cannot be reached.\n"
            "  The first start needs it once, to install the pinned libraries; later ones need no network.\n"
            "  Connect and start again, or point pip at a mirror (PIP_INDEX_URL, PIP_FIND_LINKS).\n"
            f"  pip's own words: {log}"
        )
    errors = [line for line in said.splitlines() if line.startswith("ERROR")] or said.splitlines()[-5:]
    raise InstallError(
        "\n  ".join(["pip could not install the pinned libraries.", *errors, f"All of it: {log}"])
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
