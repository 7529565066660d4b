"""Lambda's API: functions and their configuration."""

import asyncio
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.ids import uuid4
from dewstack.lambda_.configuration import configuration, configured
from dewstack.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from dewstack.lambda_.functions import FunctionStore, Reference, Settings
from dewstack.lambda_.invoker import Invoker
from dewstack.lambda_.layers import Layers
from dewstack.lambda_.model import LATEST, Code, Function
from dewstack.lambda_.packages import Packages
from dewstack.lambda_.paging import page
from dewstack.lambda_.requests import check_revision
from dewstack.wire import operation

CREATING = {
    "State": "Pending",
    "StateReason": "The function is being created.",
    "StateReasonCode": "Creating",
}
UPDATING = {
    "LastUpdateStatus": "InProgress",
    "LastUpdateStatusReason": "The function is being created.",
    "LastUpdateStatusReasonCode": "Creating",
}
"""What the operations answer; whoever asks then finds it done."""


class FunctionOperations:
    """Create, read, change and delete functions."""

    def __init__(
        self, functions: FunctionStore, layers: Layers, packages: Packages, invoker: Invoker, clock: Clock
    ) -> None:
        self._functions = functions
        self._layers = layers
        self._packages = packages
        self._invoker = invoker
        self._clock = clock

    @operation("CreateFunction")
    async def create_function(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Keep a new function."""
        reference = self._functions.reference(params, caller)
        image = params["Code"].get("ImageUri")
        for needed in () if image else ("Handler", "Runtime"):
            if not params.get(needed):
                raise InvalidParameterValueException(f"{needed} is a required parameter for zip functions")
        check = self._invoker.launcher.check_runtime
        await asyncio.to_thread(
            check, params.get("Runtime") or "", image or "", params.get("Architectures") or ()
        )
        code = await self._packages.resolve(params["Code"], caller, "CreateFunction")
        return await asyncio.to_thread(self._create, reference, params, code)

    def _create(self, reference: Reference, params: dict[str, Any], code: Code) -> dict[str, Any]:
        function = self._stamp(
            configured(
                Function(
                    reference.account_id,
                    reference.region,
                    reference.name,
                    LATEST,
                    "",
                    "",
                    params["Role"],
                    code,
                ),
                params,
            )
        )
        self._layers.check(function)
        with self._functions.store.transaction():
            where = (reference.account_id, reference.region, reference.name)
            if self._functions.versions.get(*where, LATEST):
                raise ResourceConflictException(f"Function already exist: {reference.name}")
            self._functions.put(function)
            self._functions.put_settings(Settings(tags=params.get("Tags") or {}), reference)
            made = configuration(self._publish(reference) if params.get("Publish") else function)
        return {key: each for key, each in made.items() if key != "LastUpdateStatus"} | CREATING

    @operation("GetFunction")
    def get_function(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Configuration, where the code is, tags, concurrency."""
        reference = self._functions.reference(params, caller)
        function = self._functions.get(reference)
        settings = self._functions.get_settings(reference)
        answer: dict[str, Any] = {
            "Configuration": configuration(function),
            "Code": self._location(function.code),
            "Tags": settings.tags,
        }
        if settings.reserved_concurrency is not None and not params.get("Qualifier"):
            answer["Concurrency"] = {"ReservedConcurrentExecutions": settings.reserved_concurrency}
        return answer

    @operation("GetFunctionConfiguration")
    def get_function_configuration(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The configuration of a version."""
        return configuration(self._functions.get(self._functions.reference(params, caller)))

    @operation("ListFunctions")
    def list_functions(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """All functions of the account and region; with FunctionVersion=ALL every version."""
        every = self._functions.versions.scan(caller.account_id, caller.region)
        wanted = [f for f in every if params.get("FunctionVersion") == "ALL" or f.version == LATEST]
        return page([configuration(f) for f in wanted], params, "Functions")

    @operation("UpdateFunctionCode")
    async def update_function_code(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Serve other code from now on."""
        reference = self._changeable(caller, params)
        code = await self._packages.resolve(params, caller, "UpdateFunctionCode")
        architectures = params.get("Architectures")

        def change(function: Function) -> Function:
            return replace(function, code=code, architectures=architectures or function.architectures)

        return await self._change(reference, params, change)

    @operation("UpdateFunctionConfiguration")
    async def update_function_configuration(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Change what is given and leave the rest."""
        reference = self._changeable(caller, params)
        if params.get("Runtime"):
            await asyncio.to_thread(self._invoker.launcher.check_runtime, params["Runtime"])
        return await self._change(reference, params, lambda function: configured(function, params))

    def _changeable(self, caller: Caller, params: dict[str, Any]) -> Reference:
        """The function itself. Raises InvalidParameterValueException for a version or an alias."""
        reference = self._functions.reference(params, caller)
        if reference.qualifier not in ("", LATEST):
            raise InvalidParameterValueException(
                "This operation is permitted on Lambda functions only. Aliases and versions do not support this"
                " operation. Please specify either a function name or an unqualified function ARN."
            )
        return reference

    async def _change(
        self, reference: Reference, params: dict[str, Any], change: Callable[[Function], Function]
    ) -> dict[str, Any]:
        def keep() -> tuple[Function, Function]:
            with self._functions.store.transaction():
                function = self._functions.get(reference)
                check_revision(params, function.revision_id)
                changed = self._stamp(change(function))
                if params.get("DryRun"):
                    return function, changed
                if changed.layers != function.layers:
                    self._layers.check(changed)
                self._functions.put(changed)
                return changed, self._publish(reference) if params.get("Publish") else changed

        changed, answered = await asyncio.to_thread(keep)
        if not params.get("DryRun"):
            self._invoker.changed(changed)
        return configuration(answered) | ({} if params.get("DryRun") else UPDATING)

    @operation("DeleteFunction")
    async def delete_function(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a version, or the function with all its versions; environments end."""
        reference = self._functions.reference(params, caller)
        function = self._functions.get(reference)
        if reference.qualifier == LATEST:
            raise InvalidParameterValueException(
                "$LATEST version cannot be deleted without deleting the function."
            )
        if reference.qualifier:
            if not reference.qualifier.isdigit():
                raise InvalidParameterValueException("Deletion of aliases is not currently supported.")
            if aliases := self._functions.aliases_of(function):
                raise ResourceConflictException(
                    "Unable to delete version because the following aliases reference it:"
                    f" [{', '.join(aliases)}]"
                )
        await asyncio.to_thread(self._functions.delete, reference)
        self._invoker.removed(function.arn, reference.qualifier)
        return {}

    @operation("PublishVersion")
    def publish_version(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Freeze $LATEST under the next number; the last one again if nothing has changed since."""
        reference = self._functions.reference(params, caller)
        with self._functions.store.transaction():
            latest = self._functions.get(replace(reference, qualifier=""))
            check_revision(params, latest.revision_id)
            if params.get("CodeSha256") not in (None, latest.code.sha256) and not latest.code.live:
                raise InvalidParameterValueException(
                    f"CodeSHA256 ({params['CodeSha256']}) is different from current CodeSHA256 in $LATEST"
                    f" ({latest.code.sha256}). Please try again with the CodeSHA256 in $LATEST."
                )
            return configuration(self._publish(reference, params.get("Description")))

    def _publish(self, reference: Reference, description: str | None = None) -> Function:
        reference = replace(reference, qualifier="")
        latest = self._functions.get(reference)
        settings = self._functions.get_settings(reference)
        where = (reference.account_id, reference.region, reference.name)
        last = self._functions.versions.get(*where, str(settings.last_version))
        if last is not None and last == replace(
            latest, version=last.version, description=last.description, revision_id=last.revision_id
        ):
            return last
        number = settings.last_version + 1
        published = replace(
            latest,
            version=str(number),
            revision_id=uuid4(),
            description=latest.description if description is None else description,
        )
        self._functions.put(published)
        self._functions.put_settings(replace(settings, last_version=number), reference)
        return published

    @operation("ListVersionsByFunction")
    def list_versions_by_function(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """$LATEST and every published version."""
        reference = self._functions.reference(params, caller)
        versions = self._functions.versions.scan(reference.account_id, reference.region, reference.name)
        if not versions:
            raise ResourceNotFoundException(f"Function not found: {reference.arn}")
        versions.sort(key=lambda f: 0 if f.version == LATEST else int(f.version))
        return page([configuration(f) for f in versions], params, "Versions")

    def _location(self, code: Code) -> dict[str, Any]:
        if code.image:
            return {"RepositoryType": "ECR", "ImageUri": code.image, "ResolvedImageUri": code.image}
        return {"RepositoryType": "S3", "Location": self._packages.location(code)}

    def _stamp(self, function: Function) -> Function:
        at = self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
        return replace(function, last_modified=at, revision_id=uuid4())
