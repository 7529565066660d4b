"""What a project requires, read from whatever says so, and packed for Lambda's own platform."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from dewstack.deploy.artifacts import package_code
from dewstack.deploy.requirements import platform_tags, read_required
from dewstack.errors import UserError
from dewstack.service import load

UV = """
version = 1
[[package]]
name = "shop"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "httpx", extra = ["http2"] }, { name = "colorama", marker = "sys_platform == 'win32'" }]
[package.dev-dependencies]
dev = [{ name = "pytest" }]
[[package]]
name = "httpx"
version = "0.28.1"
dependencies = [{ name = "idna" }]
[package.optional-dependencies]
http2 = [{ name = "h2" }]
[[package]]
name = "idna"
version = "3.10"
[[package]]
name = "h2"
version = "4.2.0"
[[package]]
name = "colorama"
version = "0.4.6"
[[package]]
name = "pytest"
version = "8.3.0"
"""
POETRY = """
[[package]]
name = "requests"
version = "2.32.0"
optional = false
groups = ["main"]
[[package]]
name = "tzdata"
version = "2025.1"
optional = false
groups = ["main", "dev"]
markers = "sys_platform == 'win32'"
[[package]]
name = "pytest"
version = "8.3.0"
optional = false
groups = ["dev"]
"""
PIPENV = '{"default": {"flask": {"version": "==3.1.0", "markers": "python_version >= \'3.9\'"}}, "develop": {"x": {}}}'
PROJECT = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["msgspec>=0.19", "httpx"]\n'


@pytest.mark.parametrize(
    ("file", "content", "lines"),
    [
        ("requirements.txt", "httpx==0.28.1 # why\n\n# all\nidna \\\n  >= 3\n", ["httpx==0.28.1", "idna    >= 3"]),
        (
            "uv.lock",
            UV,
            ["colorama==0.4.6 ; sys_platform == 'win32'", "h2==4.2.0", "httpx==0.28.1", "idna==3.10"],
        ),
        ("poetry.lock", POETRY, ["requests==2.32.0", "tzdata==2025.1 ; sys_platform == 'win32'"]),
        ("Pipfile.lock", PIPENV, ["flask==3.1.0 ; python_version >= '3.9'"]),
        ("pyproject.toml", PROJECT, ["msgspec>=0.19", "httpx"]),
    ],
)  # fmt: skip
def test_what_says_it_is_read(tmp_path: Path, file: str, content: str, lines: list[str]) -> None:
    (tmp_path / file).write_text(content)
    required = read_required(tmp_path)
    assert required is not None and list(required.lines) == lines and required.file.name == file


def test_included_files_stand_in_their_place_and_paths_are_absolute(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("-r more/base.txt\n-c limits.txt\n./wheels/own.whl\n")
    (tmp_path / "more").mkdir()
    (tmp_path / "more/base.txt").write_text("httpx\n-r ../requirements.txt\n")
    required = read_required(tmp_path)
    assert required is not None
    assert required.lines == ("httpx", f"-c {tmp_path}/limits.txt", f"{tmp_path}/wheels/own.whl")


def test_a_project_that_says_nothing_requires_nothing(tmp_path: Path) -> None:
    assert read_required(tmp_path) is None
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n")
    assert read_required(tmp_path) is None


def test_a_broken_lock_is_named(tmp_path: Path) -> None:
    (tmp_path / "uv.lock").write_text("version = ")
    with pytest.raises(UserError, match=r"uv\.lock can't be understood"):
        read_required(tmp_path)


def test_platforms_are_those_of_the_runtimes_linux() -> None:
    older, newer = platform_tags("python3.11", "x86_64"), platform_tags("python3.12", "arm64")
    assert older[0] == "manylinux_2_26_x86_64" and "manylinux2014_x86_64" in older
    assert newer[0] == "manylinux_2_34_aarch64" and "manylinux1_aarch64" not in newer


MAP = """
service: shop
provider: {{name: aws, runtime: python3.12, architecture: arm64}}
plugins: [serverless-python-requirements]
{custom}
functions:
  a: {{handler: a.handler, {more}}}
  b: {{handler: a.handler}}
"""


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel for Python 3.12 on Linux arm64, which this machine could not run."""
    path = tmp_path / "wheels/native-1.0-cp312-cp312-manylinux_2_28_aarch64.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("native/__init__.py", "")
        archive.writestr(
            "native-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: native\nVersion: 1.0\n"
        )
        archive.writestr(
            "native-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: cp312-cp312-manylinux_2_28_aarch64\n"
        )
        archive.writestr("native-1.0.dist-info/RECORD", "")
    return path  # fmt: skip


def packed(tmp_path: Path, custom: str = "", more: str = "") -> Any:
    (tmp_path / "a.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "serverless.yml").write_text(MAP.format(custom=custom, more=more))
    (tmp_path / "requirements.txt").write_text(
        "./wheels/native-1.0-cp312-cp312-manylinux_2_28_aarch64.whl\nboto3\n"
    )
    return package_code(load(tmp_path, options={}, environ={}))  # fmt: skip


def test_packages_lie_beside_the_code_in_a_functions_zip(tmp_path: Path, wheel: Path) -> None:
    code = packed(tmp_path)
    assert code.functions["a"] is code.functions["b"]
    names = zipfile.ZipFile(code.functions["a"].path).namelist()
    assert {"a.py", "native/__init__.py", "native-1.0.dist-info/METADATA"} <= set(names)
    assert not any("boto3" in name or name.endswith("RECORD") for name in names)
    again = packed(tmp_path)
    assert again.functions["a"].sha256 == code.functions["a"].sha256


def test_packages_are_a_layer_where_the_map_wants_one(tmp_path: Path, wheel: Path) -> None:
    code = packed(
        tmp_path,
        "custom: {pythonRequirements: {layer: true}}",
        "layers: [{Ref: PythonRequirementsLambdaLayer}]",
    )
    assert zipfile.ZipFile(code.layers["pythonRequirements"].path).namelist()[0].startswith("python/native")
    assert "native/__init__.py" not in zipfile.ZipFile(code.functions["a"].path).namelist()
    template = code.template(lambda package: package.path.name)
    layer = template["Resources"]["PythonRequirementsLambdaLayer"]["Properties"]
    assert layer["LayerName"] == "shop-dev-python-requirements"


def test_a_package_without_a_wheel_for_the_platform_is_named(tmp_path: Path, wheel: Path) -> None:
    wheel.rename(wheel.with_name("native-1.0-cp312-cp312-macosx_11_0_arm64.whl"))
    (tmp_path / "a.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "serverless.yml").write_text(MAP.format(custom="", more=""))
    (tmp_path / "requirements.txt").write_text(f"--no-index\n--find-links {wheel.parent}\nnative\n")
    with pytest.raises(
        UserError, match=r"requirements\.txt: there is no wheel of native for python3\.12 on Linux arm64"
    ):
        package_code(load(tmp_path, options={}, environ={}))
    assert not list((tmp_path / ".dew/python").iterdir())
