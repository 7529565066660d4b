"""What needs no engine: which image a runtime has, layers in one directory, whose a container is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dewstack.lambda_.containers.containers import merged
from dewstack.lambda_.containers.images import official_image, platform_of
from dewstack.lambda_.containers.labels import emulator, lives
from dewstack.lambda_.errors import InvalidParameterValueException


@pytest.mark.parametrize(
    ("runtime", "image"),
    [
        ("python3.13", "python:3.13"),
        ("nodejs22.x", "nodejs:22"),
        ("java21", "java:21"),
        ("java8.al2", "java:8.al2"),
        ("dotnet8", "dotnet:8"),
        ("dotnetcore3.1", "dotnet:core3.1"),
        ("ruby3.4", "ruby:3.4"),
        ("provided.al2023", "provided:al2023"),
        ("provided", "provided:alami"),
        ("go1.x", "go:1"),
    ],
)
def test_each_runtime_has_the_image_that_aws_publishes(runtime: str, image: str) -> None:
    assert official_image(runtime) == f"public.ecr.aws/lambda/{image}"


@pytest.mark.parametrize("runtime", ["", "nodejs", "cobol1", "python3.13/../x", "python3.13@sha256:0"])
def test_what_is_no_runtime_has_no_image(runtime: str) -> None:
    with pytest.raises(InvalidParameterValueException, match="no image"):
        official_image(runtime)


def test_an_architecture_is_a_platform() -> None:
    assert platform_of(["arm64"]) == "linux/arm64"
    assert platform_of([]) == "linux/amd64"


def test_of_layers_the_later_ones_files_count_and_none_is_changed(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name / "python").mkdir(parents=True)
        (tmp_path / name / "python/both.py").write_text(name)
        (tmp_path / name / f"python/{name}.py").write_text(name)
    layers = [str(tmp_path / "first"), str(tmp_path / "second")]
    opt = Path(merged(layers, str(tmp_path / "opt")))
    assert sorted(os.listdir(opt / "python")) == ["both.py", "first.py", "second.py"]
    assert (opt / "python/both.py").read_text() == "second"
    assert (tmp_path / "first/python/both.py").read_text() == "first"


def test_one_layer_is_used_where_it_lies(tmp_path: Path) -> None:
    assert merged([str(tmp_path)], str(tmp_path / "opt")) == str(tmp_path)


def test_a_container_is_a_strays_when_its_emulator_has_ended_or_its_number_is_anothers() -> None:
    assert lives(emulator())
    assert not lives(f"{os.getpid()} 1")
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    assert not lives(f"{ended.pid} 1")
    assert not lives("nonsense")
