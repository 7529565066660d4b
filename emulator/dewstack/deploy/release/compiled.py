"""A map, made ready for a target: its template, and the zips that go with it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from dewstack.deploy.artifacts import PackagedCode, live_template, package_code
from dewstack.deploy.package import Package
from dewstack.deploy.release.uploads import upload_key
from dewstack.deploy.standalone import stand_alone
from dewstack.deploy.target import Call, Target
from dewstack.errors import UserError
from dewstack.service import Service

if TYPE_CHECKING:
    from dewstack.deploy.python_packages import Program


class Compiled(Struct, frozen=True):
    """`service` is the map as it is deployed, `packages` what is uploaded, by its key in the bucket."""

    service: Service
    template: dict[str, Any]
    packages: Mapping[str, Package] = field(default_factory=dict)
    code: PackagedCode | None = None
    """The zips by function and layer; None where code is used in place."""


class Tools(Struct, frozen=True):
    """What compiling needs of this machine: who is told of what is done, and which program runs a runtime."""

    say: Callable[[str], None]
    resolve: "Callable[[str], Program]"


def compile_for(target: Target, call: Call, service: Service, tools: Tools) -> Compiled:
    """Compile the map and have its code where the target takes it. Raises UserError."""
    if target.stands_alone:
        service = stand_alone(call, service, tools.say)
    make = {"bucket": _packed, "directory": _in_place}[target.code]
    return make(service, tools)


def _packed(service: Service, tools: Tools) -> Compiled:
    code = package_code(service, tools.say)
    packages = {upload_key(service, package): package for package in code.packages}
    template = code.template(lambda package: upload_key(service, package))
    return Compiled(code.service, template, packages, code)


def _in_place(service: Service, tools: Tools) -> Compiled:
    if "serverless-python-requirements" in service.plugins:
        from dewstack.deploy.python_packages import PythonPackages

        service = PythonPackages(tools.say, tools.resolve).add_to(service)
    return Compiled(service, live_template(service, _bundles(service, tools)))


def _bundles(service: Service, tools: Tools) -> Mapping[str, Path]:
    if not any(function.runtime.startswith("nodejs") for function in service.functions.values()):
        return {}
    from dewstack.deploy.bundling import Bundler

    bundled = Bundler(tools.say).build(service)
    if bundled.failures:
        text = "\n\n".join(failure.text for failure in bundled.failures)
        raise UserError(text, hint="mend it, then deploy again")
    return bundled.directories
