"""What a map's Python functions import: the packages of requirements.txt, as the plugin python-requirements has it.

They are taken from the project's own virtualenv where that has them all, else installed once, into the project's
.dew/. Either way functions see them as a layer, `PythonRequirementsLambdaLayer`, the plugin's own name for it.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from dewstack.errors import UserError
from dewstack.service import FunctionSpec, Service

PLUGIN = "serverless-python-requirements"
DIRECTORY = Path(".dew/python")
INSTALL_SECONDS = 900.0
ASK_SECONDS = 10.0
VIRTUALENVS = (".venv", "venv", "env")
LAYER = "pythonRequirements"
IN_RUNTIME = frozenset(
    "boto3 botocore docutils jmespath pip python-dateutil s3transfer setuptools six urllib3".split()
)
"""What the runtime has anyway; the plugin leaves these out too."""
UNZIP = "unzip_requirements.py"
"""What code imports under the plugin's `zip: true`; nothing is zipped here, so there is nothing to do."""
_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?![\w.+-]*[:/])")
_FILE = re.compile(r"[#&]egg=([\w.-]+)|([\w.]+)-[^/]*\.whl$")
"""The name in the address of a package, or of a wheel."""


class Program(Protocol):
    """What runs a runtime's functions: the interpreter first; nothing where the machine has none."""

    @property
    def command(self) -> tuple[str, ...]:
        """The command line."""
        ...


class Requirements(Struct, frozen=True):
    """A requirements file, and the runtime whose functions need it."""

    file: Path
    runtime: str
    module: str

    @property
    def layer(self) -> str:
        """The key of the layer, unique in the map."""
        return LAYER if not self.module else f"{re.sub('[^A-Za-z0-9]', '', self.module)}PythonRequirements"


class PythonPackages:
    """Finds or installs packages. `say` is told what is done; `resolve` gives the program of a runtime."""

    def __init__(self, say: Callable[[str], None], resolve: Callable[[str], Program]) -> None:
        self._say = say
        self._resolve = resolve
        self._said: set[str] = set()
        self._failed: set[Path] = set()
        self._versions: dict[str, str] = {}

    def add_to(self, service: Service) -> Service:
        """The service, its Python functions with a layer of what they require. Blocks while pip works."""
        if PLUGIN not in service.plugins:
            return service
        settings = service.custom.get("pythonRequirements")
        options = settings if isinstance(settings, dict) else {}
        layers: dict[str, Mapping[str, Any]] = dict(service.layers)
        given: dict[str, str] = {}
        for requirements, keys in self._needed(service, options):
            directory = self._layer(service.directory, requirements)
            if directory is None:
                continue
            layers[requirements.layer] = {
                "path": str(directory),
                "compatibleRuntimes": [requirements.runtime],
            }
            given |= dict.fromkeys(keys, requirements.layer)
        by_itself = not options.get("layer")  # else the functions name the layer themselves
        functions = {
            key: _with_layer(function, given[key]) if by_itself and key in given else function
            for key, function in service.functions.items()
        }
        return replace(service, layers=layers, functions=functions)

    def _needed(
        self, service: Service, options: Mapping[str, Any]
    ) -> Iterator[tuple[Requirements, list[str]]]:
        name = str(options.get("fileName") or "requirements.txt")
        wanted: dict[Requirements, list[str]] = {}
        for key, function in service.functions.items():
            if function.handler and function.runtime.startswith("python"):
                module = str(function.settings.get("module") or "")
                file = service.directory / module / name
                wanted.setdefault(Requirements(file, function.runtime, module), []).append(key)
        for requirements, functions in wanted.items():
            if requirements.file.is_file():
                yield requirements, functions
                continue
            try:
                locked = _locked(service.directory, requirements.file.parent)
            except UserError as error:
                self._once(f"{error.message}: {error.hint}")
                continue
            if locked is not None:
                yield replace(requirements, file=locked), functions

    def _layer(self, project: Path, requirements: Requirements) -> Path | None:
        """The layer's directory, with all that the file names; None when it can't be had."""
        try:
            content = requirements.file.read_bytes()
        except OSError as error:
            self._once(f"{requirements.file} can't be read: {error.strerror}")
            return None
        names = required_names(requirements.file)
        if not names - IN_RUNTIME:
            return None
        command = self._resolve(requirements.runtime).command
        if not command:
            return None
        python = command[0]
        version = self._version(python)
        shown = os.path.relpath(requirements.file, project)
        nearest: Path | None = None
        for packages in virtualenv_packages(project, version):
            nearest = nearest or packages
            missing = names - IN_RUNTIME - installed_names(packages)
            if not missing:
                return _linked(project, packages, requirements.runtime)
            self._once(f"{packages.parents[2]} lacks {', '.join(sorted(missing))} of {shown}")
        digest = hashlib.sha256(b"\0".join([content, version.encode(), str(project).encode()])).hexdigest()[
            :12
        ]
        layer = project / DIRECTORY / digest
        if (layer / "python").is_dir():
            return layer
        installed = self._install(python, version, requirements.file, layer, shown)
        return installed or (_linked(project, nearest, requirements.runtime) if nearest else None)

    def _install(self, python: str, version: str, file: Path, layer: Path, shown: str) -> Path | None:
        if layer in self._failed:
            return None
        self._say(
            f"Installing {shown} for the functions with pip into {DIRECTORY / layer.name}, once"
            f" (a .venv of Python {version} that has it all is used as it is)"
        )
        scratch = layer.with_name(layer.name + ".new")
        shutil.rmtree(scratch, ignore_errors=True)
        (scratch / "python").mkdir(parents=True)
        failure = _pip(python, file, scratch / "python")
        if failure:
            self._failed.add(layer)
            shutil.rmtree(scratch, ignore_errors=True)
            self._say(f"{shown} can't be installed, functions see what is there without it: {failure}")
            return None
        (scratch / "python" / UNZIP).touch()
        scratch.rename(layer)
        return layer

    def _version(self, python: str) -> str:
        """`3.11`."""
        if python not in self._versions:
            if python == getattr(sys, "_base_executable", sys.executable):
                self._versions[python] = "{}.{}".format(*sys.version_info)
            else:
                asked = "import sys; print('%d.%d' % sys.version_info[:2])"
                done = subprocess.run(
                    [python, "-I", "-S", "-c", asked], capture_output=True, text=True, timeout=ASK_SECONDS
                )
                self._versions[python] = done.stdout.strip()
        return self._versions[python]

    def _once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say(text)


def required_names(file: Path, seen: frozenset[Path] = frozenset()) -> set[str]:
    """The packages that a requirements file names, in their canonical spelling, those of included files too.

    An address that doesn't tell the name stands for itself.
    """
    names: set[str] = set()
    file = file.resolve()
    if file in seen or not file.is_file():
        return names
    for line in file.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ").splitlines():
        text = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
        if included := re.match(r"(?:-r|--requirement)[ =]*(\S+)", text):
            names |= required_names(file.parent / included[1], seen | {file})
        elif text and (not text.startswith("-") or re.match(r"-e\b|--editable\b", text)):
            named = _FILE.search(text) or _NAME.match(text)
            names.add(_canonical(named[named.lastindex or 1]) if named else text)
    return names


def virtualenv_packages(project: Path, version: str) -> Iterator[Path]:
    """The site-packages of the virtualenvs that a developer would mean here, of the given Python."""
    active = os.environ.get("VIRTUAL_ENV")
    places = [Path(active)] if active else []
    for place in [*places, *(project / name for name in VIRTUALENVS)]:
        packages = place / "lib" / f"python{version}" / "site-packages"
        if packages.is_dir():
            yield packages


def installed_names(packages: Path) -> set[str]:
    """What is installed in a site-packages, in canonical spelling."""
    found = [entry.name for entry in packages.iterdir() if entry.suffix in (".dist-info", ".egg-info")]
    return {_canonical(name.rpartition(".")[0].split("-")[0]) for name in found}


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _with_layer(function: FunctionSpec, layer: str) -> FunctionSpec:
    name = f"{layer[0].upper()}{layer[1:]}LambdaLayer"
    return replace(function, layers=({"Ref": name}, *function.layers))


def _linked(project: Path, packages: Path, runtime: str) -> Path:
    """A layer whose packages are those of a virtualenv, in place."""
    digest = hashlib.sha256(f"{packages}\0{runtime}".encode()).hexdigest()[:12]
    layer = project / DIRECTORY / digest
    link = layer / "python" / "lib" / runtime / "site-packages"
    if not link.is_symlink():
        link.parent.mkdir(parents=True, exist_ok=True)
        (layer / "python" / UNZIP).touch()
        link.symlink_to(packages)
    return layer


def _locked(project: Path, directory: Path) -> Path | None:
    """What a lock file or pyproject.toml says, as a requirements file. Raises UserError for a broken one."""
    from dewstack.deploy.requirements.files import read_required

    required = read_required(directory)
    if required is None:
        return None
    text = "".join(f"{line}\n" for line in required.lines)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    file = project / DIRECTORY / f"{required.file.name}-{digest}.txt"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return file


def _pip(python: str, file: Path, target: Path) -> str:
    """Install; gives why that failed, or nothing."""
    command = [python, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    environ = {**os.environ, "PIP_REQUIRE_VIRTUALENV": "0", "PIP_ROOT_USER_ACTION": "ignore"}
    environ.pop("PYTHONPATH", None)
    try:
        done = subprocess.run(
            [*command, "--target", str(target), "--requirement", str(file)],
            cwd=file.parent,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"pip isn't done after {INSTALL_SECONDS:.0f} s"
    except OSError as error:
        return f"{python} can't be run: {error.strerror}"
    if done.returncode == 0:
        return ""
    said = (done.stderr or done.stdout).splitlines()
    lines = [line for line in said if line.strip() and not line.startswith("WARNING")]
    errors = [line for line in lines if line.lower().startswith("error")]
    return (errors or lines or ["pip gave no reason"])[-1]
