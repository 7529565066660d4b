"""Which program runs a function: AWS's runtime identifiers and what this machine has for them."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from dewstack.lambda_.errors import InvalidParameterValueException
from dewstack.lambda_.java import java_major
from dewstack.lambda_.pythons import every_python, python_named

BOOTSTRAPS = Path(__file__).parent / "bootstraps"
RUNTIME_CLOSURE = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six.py")
OLDEST_PYTHON = (3, 10)
"""What boto3 and urllib3 still run under. AWS's older runtimes have older ones of them."""
IMAGE = "container image"
"""What stands for a runtime where the function is an image."""
RUNNABLE = (
    "python2.7 to python3.14, nodejs to nodejs24.x, java* with AWS's runtime client in the package,"
    " and provided.* with a `bootstrap` of its own"
)
IDENTIFIER = re.compile(
    r"(?:(python)(?=\d\.\d)|(nodejs|provided|go|java|dotnet(?:core)?|ruby))(\d[\d.]*)?[\w.-]*"
)


class Runtime(Struct, frozen=True):
    """A runtime identifier resolved on this machine. `notice` is the loud line when it is not the exact one."""

    identifier: str
    command: tuple[str, ...] = ()
    """What runs a function; empty where the package brings its own program."""
    notice: str = ""
    refusal: str = ""
    """Why its functions cannot be called here, and what to do; empty where they can."""


class Runtimes:
    """Finds interpreters, once each, and makes the runtime directory that Python functions import boto3 from.

    Both may take a moment: not for the loop. Safe from any thread.
    """

    def __init__(self, directory: Path, *, strict: bool = False) -> None:
        self.directory = directory
        self.bytecode = directory / "pycache"
        """Where Pythons that aren't our own keep boto3's."""
        self._strict = strict
        self._found: dict[str, Runtime] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._families: dict[str, Callable[[str, str], Runtime]] = {
            "python": self._python,
            "nodejs": self._node,
            "java": self._java,
            "provided": self._packaged,
            "go": self._packaged,
        }

    def resolve(self, identifier: str) -> Runtime:
        """The program for an AWS runtime identifier, as `python3.12` or `nodejs22.x`.

        Raises InvalidParameterValueException for one that AWS has never had, and, when strict, for one that the
        machine does not have exactly.
        """
        with self._lock:
            if identifier not in self._found:
                self._found[identifier] = self._find(identifier)
            return self._found[identifier]

    def _find(self, identifier: str) -> Runtime:
        if identifier == IMAGE:
            return self._absent(
                IMAGE,
                "Container images are not run without --docker",
                "run it by a Docker engine (dew up --docker), or give it a handler and a runtime that runs here:"
                f" {RUNNABLE}",
            )
        match = IDENTIFIER.fullmatch(identifier)
        if match is None:
            raise InvalidParameterValueException(
                f"The runtime {identifier} is not emulated by dewstack: {RUNNABLE} are"
            )
        python, other, version = match.groups()
        return self._families.get(python or other, self._foreign)(identifier, (version or "").rstrip("."))

    def _packaged(self, identifier: str, version: str) -> Runtime:
        """The package brings the program: `bootstrap`, or for go1.x a binary called as the handler."""
        return Runtime(identifier)

    def _foreign(self, identifier: str, version: str) -> Runtime:
        return self._absent(
            identifier,
            f"The runtime {identifier} is not emulated by dewstack",
            f"run it in AWS's image (dew up --docker), or give it a runtime that runs here: {RUNNABLE}",
        )

    def _absent(self, identifier: str, what: str, hint: str) -> Runtime:
        """A runtime whose functions can be deployed and not called. Raises when strict."""
        if self._strict:
            raise InvalidParameterValueException(f"{what}, and runtimes are strict")
        return Runtime(
            identifier,
            notice=f"{what}: its functions are deployed, and calling one fails",
            refusal=f"{what}: {hint}",
        )

    def _python(self, identifier: str, version: str) -> Runtime:
        wanted = tuple(int(part) for part in version.split("."))
        own = sys.version_info[:2]
        exact: str | None = None
        found = {own: getattr(sys, "_base_executable", sys.executable)}
        if wanted != own:
            exact = python_named(f"python{version}")
            found.update({(wanted[0], wanted[-1]): exact} if exact else every_python())
        if wanted < OLDEST_PYTHON and not self._strict:
            found.update(every_python())
            found = {has: program for has, program in found.items() if has >= OLDEST_PYTHON}
        nearest = min(found, key=lambda has: (abs(has[0] - wanted[0]), abs(has[1] - wanted[-1]), -has[1]))
        notice = ""
        if nearest != wanted:
            notice = self._nearest(identifier, f"Python {nearest[0]}.{nearest[1]}")
            if exact:
                notice = f"{identifier} is too old for boto3: its functions run under Python {nearest[0]}.{nearest[1]}"
        # boto3's bytecode lies beside it for our own version; for another one it is kept in a directory of its own.
        flags = ("-B",) if nearest == own else ("-X", f"pycache_prefix={self.bytecode}")
        return Runtime(
            identifier, (found[nearest], "-I", "-S", *flags, str(BOOTSTRAPS / "python.py")), notice
        )

    def _node(self, identifier: str, version: str) -> Runtime:
        node = shutil.which("node")
        if node is None:
            what = f"{identifier}: Node.js is not on this machine"
            return self._absent(identifier, what, "install it, or put it on PATH")
        major = _node_major(node)
        notice = self._nearest(identifier, f"Node.js {major}") if major != version else ""
        return Runtime(identifier, (node, str(BOOTSTRAPS / "node" / "main.cjs")), notice)

    def _java(self, identifier: str, version: str) -> Runtime:
        """The package brings AWS's runtime client: whether it does is seen when a function starts."""
        java = shutil.which("java")
        if java is None:
            what = f"{identifier}: Java is not on this machine"
            return self._absent(identifier, what, "install it, or put it on PATH")
        major = java_major(java)
        notice = self._nearest(identifier, f"Java {major}") if major != version.partition(".")[0] else ""
        return Runtime(identifier, (java,), notice)

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
            if not self._closed and not (runtime / "boto3").exists():
                runtime.mkdir(parents=True, exist_ok=True)
                for name in RUNTIME_CLOSURE:
                    _link(runtime / name, _site_packages(name.removesuffix(".py")) / name)
        return runtime

    def close(self) -> None:
        """Make nothing any more: whoever owns the directory may remove it now."""
        with self._lock:
            self._closed = True


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


@lru_cache(maxsize=8)
def _node_major(node: str) -> str:
    try:
        done = subprocess.run([node, "--version"], capture_output=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return "?"
    return done.stdout.decode().strip().lstrip("v").split(".")[0]
