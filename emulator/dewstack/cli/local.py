"""An emulator in memory for the length of a command, where none runs for the project."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dewstack.app import Emulator
from dewstack.background import STOP_SECONDS, LoopThread
from dewstack.cli.control import CallRefused
from dewstack.cli.mapping import MapOptions, print_warnings
from dewstack.config import Config
from dewstack.errors import AwsError
from dewstack.project import Project
from dewstack.watch import ServedMap

START_SECONDS = 60.0
DEPLOYMENT_SECONDS = 1200.0
"""Packages of functions may have to be installed first."""


class LocalApi:
    """Answers like `ControlApi`, without a socket between."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def functions(self) -> list[dict[str, Any]]:
        """The functions of the map."""
        return self._emulator.deployed.functions

    def routes(self) -> dict[str, Any]:
        """The routes of the map, and the region that it is in."""
        return {"routes": self._emulator.deployed.routes, "region": self._emulator.deployed.region}

    def call(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """One AWS operation in boto3's shapes. Raises CallRefused with the error AWS answers."""
        try:
            return self._emulator.call(service, operation, params)
        except AwsError as error:
            raise CallRefused(error.code, error.message) from error


@contextmanager
def local_api(project: Project, options: MapOptions) -> Iterator[LocalApi]:
    """Deploy the project's map to an emulator on free ports, which keeps nothing. Raises UserError."""
    thread = LoopThread()
    emulator = Emulator(Config(aws_port=0, service_port=0, frontend_port=0))
    try:
        thread.run(emulator.start(), START_SECONDS)
        try:
            served = ServedMap(emulator, lambda environ, ask: options.load(project.directory, environ, ask))
            print_warnings(thread.run(served.deploy(), DEPLOYMENT_SECONDS))
            yield LocalApi(emulator)
        finally:
            thread.run(emulator.stop(), STOP_SECONDS)
    finally:
        thread.close()
