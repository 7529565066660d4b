"""Where a map's functions take their code from, for each way that a target takes it."""

import base64
import hashlib
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from dewstack.compile import (
    Artifact,
    compile_service,
    create_template,
    without_redundant_dependencies,
)
from dewstack.deploy.libraries import PYTHON_REQUIREMENTS, Libraries, libraries_of
from dewstack.deploy.package import (
    PACKAGE_DIRECTORY,
    Package,
    package_files,
    package_patterns,
    unzipped_size,
    write_package,
    write_templates,
)
from dewstack.errors import UserError
from dewstack.service import FunctionSpec, Service

if TYPE_CHECKING:
    from dewstack.deploy.bundle_package import Gathered

HOT_RELOAD = "hot-reload"
"""As the bucket of a function's code: the key is a directory, used in place. LocalStack's marker, and ours."""
NOT_BUNDLED: Mapping[str, Path] = MappingProxyType({})


def live_artifacts(service: Service, bundled: Mapping[str, Path] = NOT_BUNDLED) -> dict[str, Artifact]:
    """Every function's code in place, or from where its bundle is; its hash is of the place's name."""
    return {
        key: _live(bundled.get(key) or _live_code(service, function))
        for key, function in service.functions.items()
        if function.handler
    }


def _live_code(service: Service, function: FunctionSpec) -> Path:
    """What a function is made of: a zip that somebody else builds, a folder of its own (the python-requirements
    plugin's `module`), or else the map's directory."""
    own = function.settings.get("package") or {}
    artifact = own.get("artifact") or (
        None if _individually(service, own) else service.package.get("artifact")
    )
    return service.directory / str(artifact or _module(service, function) or ".")


def _individually(service: Service, own: Mapping[str, Any]) -> bool:
    return bool(own.get("individually", service.package.get("individually")))


def _module(service: Service, function: FunctionSpec) -> str | None:
    """The folder that the python-requirements plugin makes the root of a function that is packaged by itself."""
    alone = _individually(service, function.settings.get("package") or {})
    return function.settings.get("module") if alone and PYTHON_REQUIREMENTS in service.plugins else None


def live_layers(service: Service) -> dict[str, Artifact]:
    """Every layer straight from its directory, or from the zip that somebody else builds."""
    return {
        key: _live(
            service.directory / str((layer.get("package") or {}).get("artifact") or layer.get("path", key))
        )
        for key, layer in service.layers.items()
    }


def archives(service: Service) -> list[str]:
    """The archives that functions and layers are made of in place."""
    made = (*live_artifacts(service).values(), *live_layers(service).values())
    return [artifact.s3_key for artifact in made if artifact.s3_key.endswith((".zip", ".jar", ".whl"))]


def _live(directory: Path) -> Artifact:
    real = os.path.realpath(directory)
    return Artifact(HOT_RELOAD, real, base64.b64encode(hashlib.sha256(real.encode()).digest()).decode())


def live_template(service: Service, bundled: Mapping[str, Path] = NOT_BUNDLED) -> dict[str, Any]:
    """The template of `dew up`: code from the directory, nothing packed. `bundled` functions have their own."""
    return compile_service(service, live_artifacts(service, bundled), live_layers(service))


class Packaged(Struct, frozen=True):
    """What `dew package` wrote."""

    packages: tuple[Package, ...]
    create_template: Path
    update_template: Path


class PackagedCode(Struct, frozen=True):
    """The zips of a map, by function and by layer. Functions that share their code share a zip."""

    service: Service
    """The map, with the layers that plugins add."""
    functions: Mapping[str, Package]
    layers: Mapping[str, Package]

    @property
    def packages(self) -> tuple[Package, ...]:
        """Every zip once."""
        return tuple(dict.fromkeys((*self.functions.values(), *self.layers.values())))

    def template(self, key_of: Callable[[Package], str]) -> dict[str, Any]:
        """The map's template, its code in the bucket at the keys that `key_of` gives. Raises UserError."""
        bucket = self.service.provider.deployment_bucket.name or {"Ref": "ServerlessDeploymentBucket"}

        def artifacts(packages: Mapping[str, Package]) -> dict[str, Artifact]:
            return {
                name: Artifact(bucket, key_of(package), package.sha256) for name, package in packages.items()
            }

        return without_redundant_dependencies(
            compile_service(self.service, artifacts(self.functions), artifacts(self.layers))
        )


def package_service(
    service: Service, *, now: float | None = None, say: Callable[[str], None] = lambda text: None
) -> Packaged:
    """Write the zips and both templates to `.serverless/`, as the Serverless Framework does.

    `now` (seconds) names the folder in the bucket; `say` is told of what takes long. Raises UserError.
    """
    code = package_code(service, say)
    prefix = f"{uploads_prefix(service)}/{deployment_folder(time.time() if now is None else now)}"
    update = code.template(lambda package: f"{prefix}/{package.path.name}")
    return Packaged(code.packages, *write_templates(service.directory, create_template(service), update))


def package_code(service: Service, say: Callable[[str], None] = lambda text: None) -> PackagedCode:
    """Write the zips of all functions and layers to `.serverless/`; `say` is told of what takes long.

    Raises UserError.
    """
    folder = service.directory / PACKAGE_DIRECTORY
    libraries = libraries_of(service, say)
    service = libraries.with_layer()
    made: dict[str, Package] = {}
    functions: dict[str, Package] = {}
    bundled = _bundled(service, folder)
    for key, function in service.functions.items():
        if not function.handler:
            continue
        if gathered := bundled.get(key):
            name = gathered.zip_name
            if name not in made:
                made[name] = write_package(gathered.directory, gathered.files, folder / name)
            functions[key] = made[name]
            continue
        functions[key] = _function_package(service, function, folder, made, libraries)
    layers = {
        key: _layer_package(service, key, layer, folder, made, libraries)
        for key, layer in service.layers.items()
    }
    return PackagedCode(service, functions, layers)


def uploads_prefix(service: Service) -> str:
    """What all that is uploaded for a service and stage begins with."""
    return f"{service.provider.deployment_prefix}/{service.name}/{service.stage}"


def deployment_folder(now: float) -> str:
    """The folder of one deployment, by its time in seconds, as the Framework names it."""
    milliseconds = int(now * 1000)
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{milliseconds}-{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def _bundled(service: Service, folder: Path) -> "dict[str, Gathered]":
    """What is packed of functions that are bundled, which take nothing else along."""
    if not any(function.runtime.startswith("nodejs") for function in service.functions.values()):
        return {}
    from dewstack.deploy.bundle_package import gather_bundles

    return gather_bundles(service, folder)


def _function_package(
    service: Service,
    function: FunctionSpec,
    folder: Path,
    made: dict[str, Package],
    libraries: Libraries,
) -> Package:
    """The function's own zip when it is packaged individually, the service's otherwise."""
    own = function.settings.get("package") or {}
    if artifact := own.get("artifact"):
        return _ready_made(service, str(artifact), made)
    individually = _individually(service, own)
    if not individually and (artifact := service.package.get("artifact")):
        return _ready_made(service, str(artifact), made)
    name = f"{function.key}.zip" if individually else f"{service.name}.zip"
    if name not in made:
        patterns = [*package_patterns(service.package), *(package_patterns(own) if individually else ())]
        layers = (f"{layer.get('path', key)}/**" for key, layer in service.layers.items())
        excludes = [service.file, *(source.name for source in service.users), *layers]
        files = package_files(service.directory, patterns, excludes)
        root = service.directory
        if module := _module(service, function):
            prefix = f"{Path(module).as_posix()}/"
            files, root = (
                [file.removeprefix(prefix) for file in files if file.startswith(prefix)],
                root / module,
            )
        sharing = [function] if individually else list(service.functions.values())
        made[name] = write_package(root, files, folder / name, libraries.beside(sharing))
    return made[name]


def _layer_package(
    service: Service,
    key: str,
    layer: Mapping[str, Any],
    folder: Path,
    made: dict[str, Package],
    libraries: Libraries,
) -> Package:
    if library := libraries.in_layer(key):
        made[f"layer {key}"] = write_package(service.directory, (), folder / f"{key}.zip", library)
        return made[f"layer {key}"]
    own = layer.get("package") or {}
    if artifact := own.get("artifact"):
        return _ready_made(service, str(artifact), made)
    directory = service.directory / str(layer.get("path", key))
    files = package_files(directory, package_patterns(own))
    made[f"layer {key}"] = write_package(directory, files, folder / f"{key}.zip")
    return made[f"layer {key}"]


def _ready_made(service: Service, artifact: str, made: dict[str, Package]) -> Package:
    path = service.directory / artifact
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read package.artifact {artifact}: {error.strerror}") from error
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    made.setdefault(artifact, Package(path, digest, len(content), (), unzipped_size(path)))
    return made[artifact]
