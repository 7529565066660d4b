"""The CPythons that this machine has: on PATH, of pyenv, of uv."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

OLDEST = (3, 9)
"""What the bootstrap runs under."""


@lru_cache(maxsize=1)
def every_python() -> dict[tuple[int, int], str]:
    """Every interpreter, by version."""
    found: dict[tuple[int, int], str] = {}
    for candidate in _candidates():
        version = _version(candidate)
        if version is not None:
            found.setdefault(version, candidate)
    return found


@lru_cache(maxsize=8)
def python_named(name: str) -> str | None:
    """The interpreter whose file is called `name` and is what it says; asks no others, which would take time."""
    version = tuple(int(part) for part in name.removeprefix("python").split("."))
    return next(
        (each for each in _candidates() if Path(each).name == name and _version(each) == version), None
    )


def _candidates() -> Iterator[str]:
    home = Path.home()
    pyenv = Path(os.environ.get("PYENV_ROOT", home / ".pyenv"))
    for root in (pyenv / "versions", home / ".local/share/uv/python"):
        for path in sorted(root.glob("*/bin/python3"), reverse=True):
            yield str(path.resolve())
    for minor in range(14, 8, -1):
        path_found = shutil.which(f"python3.{minor}")
        if path_found and "shims" not in path_found:
            yield path_found


def _version(executable: str) -> tuple[int, int] | None:
    code = "import sys, json; print(json.dumps(sys.version_info[:2]))"
    try:
        done = subprocess.run(
            [executable, "-I", "-S", "-c", code], capture_output=True, timeout=5, check=True
        )
        major, minor = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return (major, minor) if (major, minor) >= OLDEST else None
