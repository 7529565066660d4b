"""Optional parts of dewstack, and the command that installs one into the Python that runs."""

import shlex
import sys
from pathlib import Path


def install_command(extra: str) -> str:
    """What to type so that the extra `extra` of pyproject.toml is there: in a checkout, its pinned versions."""
    python = shlex.quote(sys.executable)
    pinned = Path(__file__).parents[2] / "requirements" / f"{extra}.txt"
    what = f"-r {shlex.quote(str(pinned))}" if pinned.is_file() else f"'dewstack[{extra}]'"
    return f"{python} -m pip install {what}"
