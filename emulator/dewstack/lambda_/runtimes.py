"""Which program runs a function: AWS's runtime identifiers and what this machine has for them."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dewstack.lambda_.errors import InvalidParameterValueException

BOOTSTRAPS = Path(__file__).parent / "bootstraps"
RUNTIME_CLOSURE = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six.py")
IDENTIFIER = re.compile(r"(python|nodejs)(\d+(?:\.\d+)?)(?:\.x)?")


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime identifier resolved on this machine. `notice` is the loud line when it is not the exact one."""

    identifier: str
    command: tuple[str, ...]
    notice: str = ""


class Runtimes:
    """Finds interpreters, once each, and makes the runtime directory that Python functions import boto3 from.

    Both may take a moment: not for the loop. Safe from any thread.
    """

    def __init__(self, directory: Path, *, strict: bool = False) -> None:
        self.directory = directory
        self._strict = strict
        self._found: dict[str, Runtime] = {}
        self._lock = threading.Lock()

    def resolve(self, identifier: str) -> Runtime:
        """The program for an AWS runtime identifier, as `python3.12` or `nodejs22.x`.

        Raises InvalidParameterValueException for one that is not emulated, that the machine has nothing for, or
        (when strict) not exactly.
        """
        with self._lock:
            if identifier not in self._found:
                self._found[identifier] = self._find(identifier)
            return self._found[identifier]

    def _find(self, identifier: str) -> Runtime:
        match = IDENTIFIER.fullmatch(identifier)
        if match is None:
            raise InvalidParameterValueException(
                f"The runtime {identifier} is not emulated by dewstack: python3.9 to python3.14 and nodejs18.x to"
                " nodejs24.x are"
            )
        family, version = match.groups()
        return self._python(identifier, version) if family == "python" else self._node(identifier, version)

    def _python(self, identifier: str, version: str) -> Runtime:
        wanted = tuple(int(part) for part in version.split("."))
        own = sys.version_info[:2]
        found = {own: getattr(sys, "_base_executable", sys.executable)}
        if wanted != own:
            exact = _python_named(f"python{version}")
            found.update({(wanted[0], wanted[-1]): exact} if exact else _pythons())
        nearest = min(found, key=lambda has: (abs(has[0] - wanted[0]), abs(has[1] - wanted[-1]), -has[1]))
        notice = ""
        if nearest != wanted:
            notice = self._nearest(identifier, f"Python {nearest[0]}.{nearest[1]}")
        # boto3's bytecode lies beside it for our own version; for another one it is kept in a directory of its own.
        flags = ("-B",) if nearest == own else ("-X", f"pycache_prefix={self.directory / 'pycache'}")
        return Runtime(
            identifier, (found[nearest], "-I", "-S", *flags, str(BOOTSTRAPS / "python.py")), notice
        )

    def _node(self, identifier: str, version: str) -> Runtime:
        node = shutil.which("node")
        if node is None:
            raise InvalidParameterValueException(
                f"{identifier}: Node.js is not on this machine; install it, or put it on PATH"
            )
        major = _node_major(node)
        notice = self._nearest(identifier, f"Node.js {major}") if major != version else ""
        return Runtime(identifier, (node, str(BOOTSTRAPS / "node.mjs")), notice)

    def _nearest(self, identifier: str, has: str) -> str:
        if self._strict:
            raise InvalidParameterValueException(
                f"{identifier} is not on this machine (nearest: {has}), and runtimes are strict"
            )
        return f"{identifier} is not on this machine: its functions run under {has}"

    def python_directory(self) -> Path:
        """The directory that stands for /var/runtime: boto3 and its closure, linked, and nothing else of ours."""
        runtime = self.directory / "python"
        with self._lock:
            if not (runtime / "boto3").exists():
                runtime.mkdir(parents=True, exist_ok=True)
                for name in RUNTIME_CLOSURE:
                    _link(runtime / name, _site_packages(name.removesuffix(".py")) / name)
        return runtime


def _link(link: Path, source: Path) -> None:
    """Let `link` lead to `source`, wherever it led before."""
    if link.is_symlink():
        link.unlink()
    if source.exists():
        link.symlink_to(source)


def _site_packages(name: str) -> Path:
    from importlib.util import find_spec

    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return Path("/nonexistent")
    origin = Path(spec.origin)
    return origin.parent if origin.name == f"{name}.py" else origin.parent.parent


@lru_cache(maxsize=1)
def _pythons() -> dict[tuple[int, int], str]:
    """Every other CPython that this machine has, by version: on PATH, of pyenv, of uv."""
    found: dict[tuple[int, int], str] = {}
    for candidate in _candidates():
        version = _python_version(candidate)
        if version is not None:
            found.setdefault(version, candidate)
    return found


@lru_cache(maxsize=8)
def _python_named(name: str) -> str | None:
    """The interpreter whose file is called `name` and is what it says; asks no others, which would take time."""
    version = tuple(int(part) for part in name.removeprefix("python").split("."))
    return next(
        (each for each in _candidates() if Path(each).name == name and _python_version(each) == version), None
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


def _python_version(executable: str) -> tuple[int, int] | None:
    code = "import sys, json; print(json.dumps(sys.version_info[:2]))"
    try:
        done = subprocess.run(
            [executable, "-I", "-S", "-c", code], capture_output=True, timeout=5, check=True
        )
        major, minor = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return (major, minor) if (major, minor) >= (3, 9) else None


@lru_cache(maxsize=8)
def _node_major(node: str) -> str:
    try:
        done = subprocess.run([node, "--version"], capture_output=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return "?"
    return done.stdout.decode().strip().lstrip("v").split(".")[0]
