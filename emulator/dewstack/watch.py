"""A map, served: deployed to the running emulator and kept in step with the files on disk."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from dewstack.app import Emulator
from dewstack.arn import function_arn
from dewstack.config import Caller
from dewstack.deploy import Outputs, Prepared, deploy_template
from dewstack.deploy.artifacts import archives, live_template
from dewstack.deploy.bucket_events import attach_buckets
from dewstack.deploy.rest_stage import set_up_stage
from dewstack.deploy.standalone import stand_alone
from dewstack.deploy.user_pool_triggers import attach_triggers
from dewstack.errors import UserError
from dewstack.publishing import publish
from dewstack.saves import saves
from dewstack.service import Ask, Service
from dewstack.service.addresses import check_addresses

if TYPE_CHECKING:
    from dewstack.deploy.bundling import Bundler
    from dewstack.deploy.python_packages import PythonPackages

logger = logging.getLogger("dewstack.watch")

ORIGIN_VARIABLE = "FRONTEND_ORIGIN"
"""What a map may name as CORS origin by `${env:FRONTEND_ORIGIN, …}`: where the front end is served just now."""

Load = Callable[[Mapping[str, str], Ask], Service]
"""Reads the map, given what `${env:}` sees and who is asked for what only AWS knows. Raises UserError."""


class Change(Struct, frozen=True):
    """Something on disk changed and was acted on. `functions` start anew; a `deployed` map is served; `error`
    says why it is not."""

    functions: tuple[str, ...] = ()
    deployed: Service | None = None
    lingering: tuple[str, ...] = ()
    """Routes of the REST API that left the map: served until the next deployment, as on AWS."""
    error: UserError | None = None
    seconds: float = 0.0


class ServedMap:
    """One map on one emulator. `approve` sees what a deployment would change and may refuse it (UserError)."""

    def __init__(
        self, emulator: Emulator, load: Load, *, approve: Callable[[Prepared], None] | None = None
    ) -> None:
        self._emulator = emulator
        self._load = load
        self._approve = approve
        self.service: Service | None = None
        self.outputs: Outputs = {}
        self._bundler: Bundler | None = None
        self._packages: PythonPackages | None = None
        self._read_at = 0.0

    async def deploy(self) -> Service:
        """Read the map and deploy it by difference. Raises UserError; what was served before goes on."""
        self._read_at = time.time()
        service = await asyncio.to_thread(self._load, self.environ(), self._ask)
        check_addresses(service)
        self._choose_debugged(service)

        def call(name: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
            return self._ask(name, operation, params, service.region)

        def work() -> tuple[Outputs, list[dict[str, Any]]]:
            alone = stand_alone(call, service, logger.warning)
            template = live_template(self._with_packages(alone), self._bundle(alone))
            told = service.provider.settings.get("stackParameters") or ()
            parameters = {each["ParameterKey"]: each.get("ParameterValue") for each in told}
            outputs = deploy_template(
                call,
                service.stack_name,
                template,
                parameters={key: str(value) for key, value in parameters.items() if value is not None},
                approve=self._approve,
            )
            stack = {"StackName": service.stack_name}
            resources = call("cloudformation", "DescribeStackResources", stack)["StackResources"]
            set_up_stage(call, service, resources)
            attach_triggers(call, service, logger.warning)
            attach_buckets(call, service, logger.warning)
            self._seed(service, resources)
            return outputs, resources

        outputs, resources = await asyncio.to_thread(work)
        self.service, self.outputs = service, outputs
        publish(self._emulator, service, outputs, resources)
        invoker = self._emulator.functions.invoker
        for name in invoker.debugging.ports:
            invoker.start_debugged(function_arn(service.region, self._emulator.config.account_id, name))
        return service

    def _seed(self, service: Service, resources: list[dict[str, Any]]) -> None:
        """Make the users whom the map names. Raises MapError."""
        if service.users:
            from dewstack.seeds import seed  # Few maps have users.

            caller = Caller(self._emulator.config.account_id, service.region)
            seed(self._emulator.cognito.files, caller, service, resources)

    def _choose_debugged(self, service: Service) -> None:
        """Note which functions a debugger attaches to. Raises UserError for one that isn't in the map."""
        config, functions = self._emulator.config, service.functions
        for key in config.debug:
            if key not in functions:
                known = ", ".join(functions)
                raise UserError(f"--debug {key}: there is no such function", hint=f"there are {known}")
        chosen = {functions[key].name: functions[key].runtime for key in config.debug}
        self._emulator.functions.invoker.debugging.choose(chosen, config.debug_port)

    def _bundle(self, service: Service) -> Mapping[str, Path]:
        """Make JavaScript of the functions in TypeScript, and of what the map wants bundled. Raises UserError."""
        if not any(function.runtime.startswith("nodejs") for function in service.functions.values()):
            return {}
        from dewstack.deploy.bundling import Bundler

        self._bundler = self._bundler or Bundler(logger.warning)
        bundled = self._bundler.build(service)
        for failure in bundled.failures:
            logger.error(failure.text)
        return bundled.directories

    def _with_packages(self, service: Service) -> Service:
        """Give Python functions what requirements.txt names, where a plugin of the map would."""
        if "serverless-python-requirements" not in service.plugins:
            return service
        from dewstack.deploy.python_packages import PythonPackages

        runtimes = self._emulator.functions.invoker.launcher.runtimes
        self._packages = self._packages or PythonPackages(logger.warning, runtimes.resolve)
        return self._packages.add_to(service)

    def _ask(self, service: str, operation: str, params: dict[str, Any], region: str) -> dict[str, Any]:
        """Call an AWS operation of the emulator."""
        caller = Caller(self._emulator.config.account_id, region)
        return self._emulator.call(service, operation, params, caller)

    def environ(self) -> dict[str, str]:
        """What `${env:}` sees: the process's environment, and where the front end is."""
        return {ORIGIN_VARIABLE: self._emulator.urls.frontend, **os.environ}

    async def watch(self) -> AsyncIterator[Change]:
        """Act on what is saved, for as long as it is iterated: handlers start anew, the map is deployed."""
        assert self.service is not None, "deploy first"
        handlers = [each.handler for each in self.service.functions.values() if each.handler]
        root = os.path.realpath(self.service.directory)
        places = [*handlers, *(os.path.relpath(each, root) for each in archives(self.service))]
        folders = {place.split("/", 1)[0] for place in places if "/" in place}
        async for paths in saves(self.service.directory, folders, self._folders_beside):
            change = await self._act(paths)
            if change is not None:
                yield change

    def _folders_beside(self) -> list[Path]:
        """Where bundles' sources lie outside of the map's directory."""
        return self._bundler.folders_beside() if self._bundler else []

    async def _act(self, paths: set[str]) -> Change | None:
        assert self.service is not None
        started = time.monotonic()
        files = {os.path.realpath(file) for file in self.service.files}
        if not paths:
            paths = {file for file in files if _saved_at(file) > self._read_at}
            if self._bundler is not None:
                paths |= await asyncio.to_thread(self._bundler.changed_since)
        if paths & files:
            before = self.service
            try:
                service = await self.deploy()
            except UserError as error:
                return Change(error=error, seconds=time.monotonic() - started)
            except Exception as error:
                logger.exception("the map could not be deployed")
                return Change(error=UserError(f"the map could not be deployed: {error}"))
            self._emulator.functions.invoker.files_changed(paths)
            return Change(
                deployed=service,
                lingering=_lingering(before, service),
                seconds=time.monotonic() - started,
            )
        mistake = None
        if self._bundler is not None:
            bundled = await asyncio.to_thread(self._bundler.changed, paths)
            paths = paths | bundled.changed
            if bundled.failures:
                text = "\n\n".join(failure.text for failure in bundled.failures)
                mistake = UserError(text, hint="Until it is mended, the function fails with this error.")
        functions = _keys(self.service, self._emulator.functions.invoker.files_changed(paths))
        if functions or mistake:
            return Change(functions, error=mistake, seconds=time.monotonic() - started)
        return None


def _keys(service: Service, names: Iterable[str]) -> tuple[str, ...]:
    """Functions by their names in the map, given their names in AWS."""
    keys = {each.name: each.key for each in service.functions.values()}
    return tuple(keys.get(name, name) for name in names)


def _lingering(before: Service, after: Service) -> tuple[str, ...]:
    """The routes of a REST API that are in `before` and no longer in `after`. None where the whole API went."""
    now = {(route.method, route.path) for route in after.routes if route.api == "rest"}
    if not now or before.stack_name != after.stack_name:
        return ()
    was = {(route.method, route.path): None for route in before.routes if route.api == "rest"}
    return tuple(f"{method} {path}" for method, path in was if (method, path) not in now)


def _saved_at(path: str) -> float:
    """When a file was saved, in seconds since the epoch; 0 for one that is gone."""
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0
