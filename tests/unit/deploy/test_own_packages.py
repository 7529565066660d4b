"""Functions with a package of their own: a ready-made archive, or a folder that is its root."""

import zipfile
from pathlib import Path

import pytest

from dewstack.deploy.artifacts import live_artifacts, live_layers, package_service
from dewstack.service import Service, load

MAP = """\
service: shop
plugins:
  - serverless-python-requirements
provider:
  name: aws
  runtime: python3.12
package:
  individually: true
layers:
  common:
    package:
      artifact: build/common.zip
functions:
  folder:
    handler: inside.handler
    module: parts/folder
    package:
      patterns: ['!parts/folder/notes.txt']
  archived:
    handler: whatever.handler
    package:
      artifact: build/app.zip
  whole:
    handler: app.handler
    module: parts/folder
    package:
      individually: false
"""


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A map of such functions."""
    for path, text in {
        "serverless.yml": MAP,
        "app.py": "def handler(event, context): pass",
        "parts/folder/inside.py": "def handler(event, context): pass",
        "parts/folder/notes.txt": "not for AWS",
    }.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    (tmp_path / "build").mkdir()
    for name in ("app", "common"):
        with zipfile.ZipFile(tmp_path / "build" / f"{name}.zip", "w") as archive:
            archive.writestr("x.py", "")
    return load(tmp_path, options={}, environ={})


def test_each_function_is_live_from_its_own_place(service: Service) -> None:
    root = service.directory.resolve()
    places = {key: artifact.s3_key for key, artifact in live_artifacts(service).items()}
    assert places == {
        "folder": str(root / "parts" / "folder"),
        "archived": str(root / "build" / "app.zip"),
        "whole": str(root),
    }
    assert live_layers(service)["common"].s3_key == str(root / "build" / "common.zip")


def test_a_folder_is_the_root_of_its_package(service: Service) -> None:
    packages = {package.path.name: package for package in package_service(service, now=0).packages}
    with zipfile.ZipFile(packages["folder.zip"].path) as archive:
        assert archive.namelist() == ["inside.py"]
    with zipfile.ZipFile(packages["shop.zip"].path) as archive:
        assert {"app.py", "parts/folder/inside.py"} <= set(archive.namelist())


def test_without_the_plugin_a_module_means_nothing(service: Service) -> None:
    (service.directory / "serverless.yml").write_text(MAP.replace("serverless-python-requirements", "other"))
    (service.directory / "inside.py").write_text("def handler(event, context): pass")
    plain = load(service.directory, options={}, environ={})
    assert live_artifacts(plain)["folder"].s3_key == str(service.directory.resolve())
