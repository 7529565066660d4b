"""A small checkout around the real wrapper; its package tells how it was started and builds offline."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[3]

CLI = """\
import json, os, sys
print(json.dumps({"arguments": sys.argv[1:], "cwd": os.getcwd(), "python": sys.version_info[:2]}))
"""

BACKEND = """\
import os, time, zipfile
from pathlib import Path

def build_editable(directory, config_settings=None, metadata_directory=None):
    root = Path(__file__).parent
    with open(root / "builds", "a") as builds:
        builds.write("built\\n")
    while (root / "hang").exists():
        time.sleep(0.02)
    name = "dewstack-0-py3-none-any.whl"
    info = "dewstack-0.dist-info/"
    with zipfile.ZipFile(Path(directory) / name, "w") as wheel:
        wheel.writestr("dewstack.pth", str(root / "emulator") + "\\n")
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: dewstack\\nVersion: 0\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""

PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "dewstack"
version = "0"
"""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A directory with the wrapper in it."""

    root: Path

    @classmethod
    def make(cls, root: Path) -> "Checkout":
        """Lay out a checkout at `root`."""
        package = root / "emulator" / "dewstack" / "cli"
        package.mkdir(parents=True)
        (package.parent / "__init__.py").touch()
        (package / "__init__.py").touch()
        (package / "__main__.py").write_text(CLI)
        (root / "backend.py").write_text(BACKEND)
        (root / "pyproject.toml").write_text(PYPROJECT)
        shutil.copy(REPOSITORY / "dew", root / "dew")
        requirements = root / "requirements"
        requirements.mkdir()
        shutil.copy(REPOSITORY / "requirements" / "install.py", requirements)
        for name in ("runtime", "build", "test"):
            (requirements / f"{name}.txt").write_text("# nothing\n")
        return cls(root)

    def environment(self, **variables: str) -> dict[str, str]:
        """An environment with an empty home, the Python of these tests, and no package index."""
        home = self.root / "home"
        home.mkdir(exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "DEW_PYTHON": sys.executable,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
            **variables,
        }

    def start(self, *arguments: str, cwd: Path | None = None, **variables: str) -> "subprocess.Popen[str]":
        """Start the wrapper in a process group of its own."""
        return subprocess.Popen(
            [self.root / "dew", *arguments],
            cwd=cwd or self.root,
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(
        self, *arguments: str, cwd: Path | None = None, **variables: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run the wrapper to its end."""
        process = self.start(*arguments, cwd=cwd, **variables)
        output, errors = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def started(self, *arguments: str, cwd: Path | None = None, **variables: str) -> dict[str, Any]:
        """What the command behind the wrapper says of how it was started."""
        done = self.run(*arguments, cwd=cwd, **variables)
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    @property
    def builds(self) -> int:
        """How often the package was installed."""
        try:
            return len((self.root / "builds").read_text().splitlines())
        except FileNotFoundError:
            return 0


def kill_group(process: "subprocess.Popen[str]") -> None:
    """SIGKILL a process started by `Checkout.start` and all it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
