"""esbuild, which makes JavaScript of TypeScript and bundles it: where its program comes from, and a run of it.

The project's own esbuild is taken first, then one on PATH. Where there is none, one of a known version is fetched by
npm, once, checked against its digest and kept in the user's cache.
"""

import base64
import hashlib
import io
import json
import logging
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dewstack.errors import UserError

logger = logging.getLogger("dewstack.esbuild")

VERSION = "0.28.2"
DIGESTS = {
    "darwin-arm64": "n4KqkOQrraxHJcgjM1RvwbigfQKIKJVpM7xp+KsxiyUSrRdIXnt73VhrPAx0fV44hgfmIVKjxMN9J1t5jySVkw==",
    "darwin-x64": "uq6suIWYP37qzGddBKPw5QEQPi6HiLGsO7UmkpfyaYNQ3D+rN6w6WfwH+nuqcGXWvawGwxOEroO4YGnFh95azw==",
    "linux-arm64": "pW4AC0P3it8c7do9MVM4p51FzHzdM/TZrerurgRcHJ2WTa1VQ1CIq18xncfpBJw4ojkiZZrKW2yIBWBP92j6Ug==",
    "linux-x64": "4xTZr1FUmSoQW4XIWmit3tzQrUTZM+N3P0XV8xROKYF50XfI7xeO90+1bZvNwxIufQ9hDQVRJH5YhgPVF8A/HQ==",
    "win32-x64": "5ebpxr3nWMzrL/rnUI755Jkuee0bHL/Gq0WTF9lvcpv73wAp5eu8MfBUgWK9bhWvZjj7yX8etf/8tI8Ney695g==",
}
"""SHA-512 of the npm packages of VERSION, as npm's lock files have them."""
FETCH_SECONDS, RUN_SECONDS = 120, 120
INSTALL = "npm install --save-dev esbuild"

_SYSTEMS = {"linux": "linux", "darwin": "darwin", "win32": "win32"}
_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
_PLACE = re.compile(r"^ {4}(.+?):(\d+):(\d+):$", re.M)
_ERROR = re.compile(r"^✘ \[ERROR\] (.*?)(?: \[[\w-]+\])?$", re.M)


class BuildFailure(Exception):
    """esbuild refused: `text` is all it said, with the places; `summary` the first error in one line; `unresolved`
    says that nothing is wrong but modules that aren't there."""

    def __init__(self, text: str, summary: str, *, unresolved: bool) -> None:
        super().__init__(summary)
        self.text = text
        self.summary = summary
        self.unresolved = unresolved


class Esbuild:
    """One esbuild program."""

    def __init__(self, program: str) -> None:
        self.program = program

    def run(self, directory: Path, arguments: Sequence[str]) -> dict[str, Any]:
        """Build below `directory`; the metafile: what was made of what. Raises BuildFailure, and UserError when
        esbuild itself can't be run."""
        with tempfile.TemporaryDirectory(prefix="dew-esbuild-") as scratch:
            metafile = Path(scratch, "meta.json")
            common = (
                "--bundle",
                f"--metafile={metafile}",
                "--log-level=error",
                "--log-limit=20",
                "--color=false",
            )
            try:
                done = subprocess.run(
                    [self.program, *arguments, *common],
                    cwd=directory,
                    capture_output=True,
                    timeout=RUN_SECONDS,
                    check=False,
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise UserError(f"esbuild can't be run: {error}") from error
            if done.returncode:
                raise read_failure(done.stderr)
            result: dict[str, Any] = json.loads(metafile.read_bytes())
            return result


def read_failure(said: str) -> BuildFailure:
    """What esbuild said, as an error."""
    messages = _ERROR.findall(said)
    text = said.strip().replace("✘ [ERROR] ", "")
    message = messages[0] if messages else text.partition("\n")[0]
    place = _PLACE.search(text)
    summary = f"{':'.join(place.groups())}: {message}" if place else message
    unresolved = bool(messages) and all(each.startswith("Could not resolve") for each in messages)
    return BuildFailure(text, summary, unresolved=unresolved)


def find_esbuild(directory: Path) -> Esbuild:
    """esbuild for the project in `directory`. Raises UserError when it can't be had."""
    machine = _machine()
    own = next((str(path) for path in _candidates(directory, machine) if os.access(path, os.X_OK)), None)
    return Esbuild(own or shutil.which("esbuild") or str(_cached(machine)))


def _machine() -> str:
    """This machine as esbuild's packages name it: `linux-x64`."""
    system = _SYSTEMS.get(sys.platform, sys.platform)
    return f"{system}-{_MACHINES.get(platform.machine().lower(), platform.machine())}"


def _candidates(directory: Path, machine: str) -> Iterator[Path]:
    """Where npm, yarn and pnpm put the program itself, beside the slow script that leads to it."""
    program = Path("@esbuild", machine, "esbuild.exe" if machine.startswith("win32") else "bin/esbuild")
    for folder in (directory, *directory.parents):
        modules = folder / "node_modules"
        yield modules / program
        yield Path(os.path.realpath(modules / "esbuild")).parent / program


def _cached(machine: str) -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    target = Path(base, "dewstack", "esbuild", f"{VERSION}-{machine}", "esbuild")
    if not target.exists():
        _fetch(machine, target)
    return target


def _fetch(machine: str, target: Path) -> None:
    digest, npm = DIGESTS.get(machine), shutil.which("npm")
    if digest is None or npm is None:
        lacking = "npm, which would fetch it, isn't on PATH" if digest else f"none is known for {machine}"
        raise UserError(
            f"this map needs esbuild, and there is none: {lacking}", hint=f"install it: {INSTALL}"
        )
    logger.warning("esbuild %s is fetched from npm, once, into %s", VERSION, target.parent)
    with tempfile.TemporaryDirectory(prefix="dew-esbuild-") as scratch:
        name = f"@esbuild/{machine}@{VERSION}"
        command = [
            npm,
            "pack",
            name,
            "--silent",
            "--ignore-scripts",
            "--fetch-retries=1",
            f"--pack-destination={scratch}",
        ]
        try:
            subprocess.run(command, cwd=scratch, capture_output=True, timeout=FETCH_SECONDS, check=True)
            [archive] = Path(scratch).glob("*.tgz")
            content = archive.read_bytes()
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise UserError(
                f"this map needs esbuild, and npm could not fetch {name}: {_reason(error)}",
                hint=f"when there is a network: {INSTALL}",
            ) from error
    if base64.b64encode(hashlib.sha512(content).digest()).decode() != digest:
        raise UserError(
            f"npm gave another {name} than the one that is known; it is not used",
            hint=f"install it: {INSTALL}",
        )
    _unpack(content, target)


def _reason(error: Exception) -> str:
    said = getattr(error, "stderr", None) or b""
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    return lines[0] if lines else str(error)


def _unpack(content: bytes, target: Path) -> None:
    """Take the one program out of the package, and put it in its place whole."""
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as package:
        names = [
            name for name in package.getnames() if name in ("package/bin/esbuild", "package/esbuild.exe")
        ]
        program = package.extractfile(names[0]) if names else None
        data = program.read() if program else b""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
            file.write(data)
        os.chmod(file.name, 0o755)
        os.replace(file.name, target)
    except OSError as error:
        raise UserError(f"esbuild can't be kept in {target.parent}: {error.strerror}") from error
