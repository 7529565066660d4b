"""The packages of requirements.txt: found in a virtualenv, or installed, and seen as a layer."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dewstack.compile import compile_service
from dewstack.deploy.artifacts import live_artifacts, live_layers
from dewstack.deploy.python_packages import PythonPackages, installed_names, required_names
from dewstack.service import Service, load

VERSION = "3.11"
MAP = """\
service: shop
provider: {name: aws, runtime: python3.11}
plugins: [serverless-python-requirements]
functions:
  a: {handler: a.handler}
  b: {handler: a.handler, layers: ['arn:aws:lambda:us-east-1:1:layer:x:1']}
  c: {handler: c.handler, runtime: nodejs20.x}
"""


@dataclass(frozen=True)
class Interpreter:
    command: tuple[str, ...]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    (tmp_path / "a.py").write_text("def handler(e, c): ...\n")
    (tmp_path / "serverless.yml").write_text(MAP)
    return tmp_path


@pytest.fixture
def python(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Interpreter]:
    """A Python 3.11 whose pip copies the packages that it is told of from a folder, or fails."""
    program = tmp_path_factory.mktemp("bin") / "python3.11"
    program.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *version_info*) echo {VERSION}; exit;; esac\n'
        'while [ $# -gt 0 ]; do case "$1" in --target) target=$2;; --requirement) file=$2;; esac; shift; done\n'
        'if grep -q nowhere "$file"; then echo "WARNING: root" >&2; echo "ERROR: no nowhere" >&2; exit 1; fi\n'
        'cp "$file" "$target/installed.txt"\n'
    )
    program.chmod(0o755)
    return lambda runtime: Interpreter((str(program),))


def virtualenv(place: Path, *names: str) -> Path:
    packages = place / "lib" / f"python{VERSION}" / "site-packages"
    packages.mkdir(parents=True)
    for name in names:
        (packages / f"{name}-1.0.dist-info").mkdir()
    return packages


def completed(project: Path, python: Any, said: list[str]) -> Service:
    service = load(project, options={}, environ={})
    return PythonPackages(said.append, python).add_to(service)


def layer_of(service: Service) -> Path:
    return Path(str(service.layers["pythonRequirements"]["path"]))


def test_the_projects_own_virtualenv_is_used_in_place(project: Path, python: Any) -> None:
    (project / "requirements.txt").write_text("requests>=2  # http\nPyJWT[crypto]==2.8\nboto3\n")
    packages = virtualenv(project / ".venv", "requests", "pyjwt")
    said: list[str] = []
    layer = layer_of(completed(project, python, said))
    assert (layer / "python" / "lib" / "python3.11" / "site-packages").resolve() == packages.resolve()
    assert said == []


def test_the_active_virtualenv_comes_first(
    project: Path, python: Any, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "requirements.txt").write_text("requests\n")
    virtualenv(project / ".venv", "requests")
    active = tmp_path_factory.mktemp("active")
    packages = virtualenv(active, "requests")
    monkeypatch.setenv("VIRTUAL_ENV", str(active))
    layer = layer_of(completed(project, python, []))
    assert (layer / "python" / "lib" / "python3.11" / "site-packages").resolve() == packages.resolve()


def test_otherwise_they_are_installed_once_and_that_is_said(project: Path, python: Any) -> None:
    (project / "requirements.txt").write_text("requests\n")
    said: list[str] = []
    layer = layer_of(completed(project, python, said))
    assert (layer / "python" / "installed.txt").read_text() == "requests\n"
    assert len(said) == 1
    assert said[0].startswith(
        f"Installing requirements.txt for the functions with pip into .dew/python/{layer.name}"
    )
    assert layer_of(completed(project, python, said)) == layer
    assert len(said) == 1


def test_other_requirements_are_another_layer(project: Path, python: Any) -> None:
    (project / "requirements.txt").write_text("requests\n")
    first = layer_of(completed(project, python, []))
    (project / "requirements.txt").write_text("requests\nflask\n")
    assert layer_of(completed(project, python, [])) != first


def test_what_can_not_be_installed_is_said_once_and_the_rest_goes_on(project: Path, python: Any) -> None:
    (project / "requirements.txt").write_text("nowhere\n")
    said: list[str] = []
    packages = PythonPackages(said.append, python)
    service = load(project, options={}, environ={})
    for _ in range(2):
        assert "pythonRequirements" not in packages.add_to(service).layers
    assert len(said) == 2
    assert (
        said[1]
        == "requirements.txt can't be installed, functions see what is there without it: ERROR: no nowhere"
    )


def test_a_virtualenv_that_lacks_something_is_better_than_nothing(project: Path, python: Any) -> None:
    (project / "requirements.txt").write_text("requests\nnowhere\n")
    packages = virtualenv(project / "venv", "requests")
    said: list[str] = []
    layer = layer_of(completed(project, python, said))
    assert (layer / "python" / "lib" / "python3.11" / "site-packages").resolve() == packages.resolve()
    assert said[0] == f"{project / 'venv'} lacks nowhere of requirements.txt"


def test_python_functions_see_them_as_a_layer_below_their_own(project: Path, python: Any) -> None:
    (project / "requirements.txt").write_text("requests\n")
    service = completed(project, python, [])
    template = compile_service(service, live_artifacts(service), live_layers(service))
    layer = {"Ref": "PythonRequirementsLambdaLayer"}
    resources = template["Resources"]
    assert resources["PythonRequirementsLambdaLayer"]["Type"] == "AWS::Lambda::LayerVersion"
    assert resources["ALambdaFunction"]["Properties"]["Layers"] == [layer]
    assert resources["BLambdaFunction"]["Properties"]["Layers"][0] == layer
    assert "Layers" not in resources["CLambdaFunction"]["Properties"]


def test_a_layer_that_functions_name_themselves_is_only_made(project: Path, python: Any) -> None:
    (project / "serverless.yml").write_text(MAP + "custom: {pythonRequirements: {layer: true}}\n")
    (project / "requirements.txt").write_text("requests\n")
    service = completed(project, python, [])
    assert "pythonRequirements" in service.layers
    assert service.functions["a"].layers == ()


def test_a_module_has_requirements_of_its_own(project: Path, python: Any) -> None:
    (project / "serverless.yml").write_text(
        MAP.replace("{handler: a.handler}", "{handler: a.handler, module: jobs}")
    )
    (project / "jobs").mkdir()
    (project / "jobs" / "requirements.txt").write_text("requests\n")
    service = completed(project, python, [])
    assert list(service.layers) == ["jobsPythonRequirements"]
    assert service.functions["a"].layers == ({"Ref": "JobsPythonRequirementsLambdaLayer"},)


@pytest.mark.parametrize("content", ["", "# nothing\n", "boto3\nsix\n"])
def test_what_the_runtime_has_needs_no_layer(project: Path, python: Any, content: str) -> None:
    (project / "requirements.txt").write_text(content)
    assert completed(project, python, []).layers == {}


def test_another_tools_lock_file_is_read(project: Path, python: Any) -> None:
    lock = '[[package]]\nname = "requests"\nversion = "2.32.0"\ngroups = ["main"]\n'
    (project / "poetry.lock").write_text(lock)
    said: list[str] = []
    [layer] = completed(project, python, said).layers.values()
    assert Path(layer["path"], "python/installed.txt").read_text() == "requests==2.32.0\n"


@pytest.mark.parametrize(
    ("file", "content", "step"),
    [
        ("poetry.lock", "", "lock it anew"),
        ("Pipfile", "[packages]\n", "pipenv lock"),
        ("pyproject.toml", "[tool.poetry.dependencies]\nhttpx = '*'\n", "poetry lock"),
    ],
)
def test_a_list_that_cannot_be_read_is_named(
    project: Path, python: Any, file: str, content: str, step: str
) -> None:
    (project / file).write_text(content)
    said: list[str] = []
    assert completed(project, python, said).layers == {}
    assert file in said[0] and step in said[0]


def test_without_the_plugin_nothing_happens(project: Path, python: Any) -> None:
    (project / "serverless.yml").write_text(
        MAP.replace("serverless-python-requirements", "serverless-offline")
    )
    (project / "requirements.txt").write_text("requests\n")
    assert completed(project, python, []).layers == {}


def test_required_names_are_canonical_and_followed(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(
        "-r base.txt\n--index-url https://example.com/simple\nPyYAML==6 ; python_version < '4'\nzope.interface\n"
        "./wheels/tiny-1.0-py3-none-any.whl\ngit+https://example.com/x.git#egg=My_Egg\n-e ./here\nname @ https://x/y.zip\n"
    )
    (tmp_path / "base.txt").write_text("-r requirements.txt\nFlask \\\n  >=2\n")
    assert required_names(tmp_path / "requirements.txt") == {
        "flask",
        "pyyaml",
        "zope-interface",
        "tiny",
        "my-egg",
        "-e ./here",
        "name",
    }


def test_installed_names_are_canonical(tmp_path: Path) -> None:
    for name in (
        "PyYAML-6.0.dist-info",
        "zope.interface-6.1.dist-info",
        "old_style-1.0-py3.11.egg-info",
        "yaml",
    ):
        (tmp_path / name).mkdir()
    assert installed_names(tmp_path) == {"pyyaml", "zope-interface", "old-style"}
