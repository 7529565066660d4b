"""Lambda's API: reserved concurrency, which throttles, and provisioned concurrency, which is ready before an event."""

import asyncio
from typing import Any

from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.lambda_.errors import (
    InvalidParameterValueException,
    ProvisionedConcurrencyConfigNotFoundException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from dewstack.lambda_.functions import FunctionStore, Reference
from dewstack.lambda_.invoker import MAX_ENVIRONMENTS, Invoker
from dewstack.lambda_.model import LATEST
from dewstack.lambda_.paging import page
from dewstack.wire import operation

ACCOUNT_CONCURRENCY, MINIMUM_UNRESERVED = 1000, 100
"""An account's limit on AWS, and what has to be left of it for functions that reserve nothing."""


class ConcurrencyOperations:
    """How many events of a function may be served at a time."""

    def __init__(self, functions: FunctionStore, invoker: Invoker, clock: Clock) -> None:
        self._functions = functions
        self._invoker = invoker
        self._clock = clock

    @operation("PutFunctionConcurrency")
    async def put_function_concurrency(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Reserve concurrency: no more than so many events at a time."""
        return await self._reserve(caller, params, params["ReservedConcurrentExecutions"])

    @operation("DeleteFunctionConcurrency")
    async def delete_function_concurrency(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Lift the reservation."""
        await self._reserve(caller, params, None)
        return {}

    async def _reserve(
        self, caller: Caller, params: dict[str, Any], concurrency: int | None
    ) -> dict[str, Any]:
        reference = replace(self._functions.reference(params, caller), qualifier="")

        def keep() -> None:
            with self._functions.store.transaction():
                self._functions.get(reference)
                settings = self._functions.get_settings(reference)
                if concurrency is not None:
                    others = reserved_in(self._functions, caller) - (settings.reserved_concurrency or 0)
                    _check_limits(concurrency, others, sum(_executions(settings.provisioned).values()))
                self._functions.put_settings(replace(settings, reserved_concurrency=concurrency), reference)

        await asyncio.to_thread(keep)
        self._invoker.reserve(reference.arn, concurrency)
        return {"ReservedConcurrentExecutions": concurrency}

    @operation("GetFunctionConcurrency")
    def get_function_concurrency(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The reservation, if there is one."""
        reference = self._functions.reference(params, caller)
        self._functions.get(reference)
        reserved = self._functions.get_settings(reference).reserved_concurrency
        return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}

    @operation("PutProvisionedConcurrencyConfig")
    async def put_provisioned(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Have so many environments of a version or alias ready."""
        reference = self._functions.reference(params, caller)
        executions = params["ProvisionedConcurrentExecutions"]

        def keep() -> dict[str, Any]:
            with self._functions.store.transaction():
                self._check_version(reference)
                settings = self._functions.get_settings(reference)
                others = _executions(settings.provisioned)
                others.pop(reference.qualifier, None)
                reserved = settings.reserved_concurrency
                if reserved is not None and reserved < executions + sum(others.values()):
                    raise InvalidParameterValueException(
                        "Requested Provisioned Concurrency should not be greater than the"
                        " reservedConcurrentExecution for function"
                    )
                if reserved is None:
                    _check_account(executions, reserved_in(self._functions, caller))
                wanted = {
                    "executions": executions,
                    "modified": self._clock.now().strftime("%Y-%m-%dT%H:%M:%S+0000"),
                }
                provisioned = {**settings.provisioned, reference.qualifier: wanted}
                self._functions.put_settings(replace(settings, provisioned=provisioned), reference)
                return wanted

        wanted = await asyncio.to_thread(keep)
        before = self._answer(reference, wanted)
        await self.apply(reference)
        return {**before, "Status": "IN_PROGRESS"}

    def _check_version(self, reference: Reference) -> None:
        """Raise what AWS does for what cannot be provisioned: $LATEST, and a version by two names."""
        if reference.qualifier in ("", LATEST):
            raise InvalidParameterValueException(
                "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
            )
        function = self._functions.get(reference)
        provisioned = self._functions.get_settings(reference).provisioned
        if reference.qualifier != function.version and function.version in provisioned:
            raise ResourceConflictException(
                "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
            )
        if reference.qualifier == function.version and any(
            alias in provisioned for alias in self._functions.aliases_of(function)
        ):
            raise ResourceConflictException("Version is pointed by a Provisioned Concurrency alias")

    @operation("GetProvisionedConcurrencyConfig")
    async def get_provisioned(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """What was asked for and what there is, for a version or alias."""
        reference = self._functions.reference(params, caller)
        self._functions.get(reference)
        wanted = self._functions.get_settings(reference).provisioned.get(reference.qualifier)
        if wanted is None:
            raise ProvisionedConcurrencyConfigNotFoundException(
                "No Provisioned Concurrency Config found for this function"
            )
        return self._answer(reference, wanted)

    @operation("DeleteProvisionedConcurrencyConfig")
    async def delete_provisioned(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Keep nothing ready any more."""
        reference = self._functions.reference(params, caller)

        def keep() -> None:
            with self._functions.store.transaction():
                self._functions.get(reference)
                settings = self._functions.get_settings(reference)
                kept = {key: each for key, each in settings.provisioned.items() if key != reference.qualifier}
                self._functions.put_settings(replace(settings, provisioned=kept), reference)

        await asyncio.to_thread(keep)
        await self.apply(reference)
        return {}

    @operation("ListProvisionedConcurrencyConfigs")
    async def list_provisioned(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """All versions and aliases of a function that are provisioned."""
        reference = self._functions.reference(params, caller)
        self._functions.get(reference)
        items = []
        for qualifier, wanted in sorted(self._functions.get_settings(reference).provisioned.items()):
            named = replace(reference, qualifier=qualifier)
            items.append({"FunctionArn": named.arn, **self._answer(named, wanted)})
        return page(items, params, "ProvisionedConcurrencyConfigs")

    def _answer(self, reference: Reference, wanted: dict[str, Any]) -> dict[str, Any]:
        """A configuration, as the API answers it."""
        try:
            provision = self._invoker.provision_of(self._functions.get(reference).qualified_arn)
        except ResourceNotFoundException:
            provision = self._invoker.provision_of("")
        answer = {
            "RequestedProvisionedConcurrentExecutions": wanted["executions"],
            "AvailableProvisionedConcurrentExecutions": provision.available,
            "AllocatedProvisionedConcurrentExecutions": provision.available,
            "Status": provision.status if provision.requested else "IN_PROGRESS",
            "LastModified": wanted["modified"],
        }
        return {**answer, "StatusReason": provision.failure} if answer["Status"] == "FAILED" else answer

    async def apply(self, reference: Reference) -> None:
        """Have as many environments of each version of a function as its configurations say now."""
        for arn, executions in (await asyncio.to_thread(self._wanted, reference)).items():
            self._invoker.provision(arn, min(executions, MAX_ENVIRONMENTS))

    def _wanted(self, reference: Reference) -> dict[str, int]:
        """How many environments each version is to have, by its ARN."""
        where = (reference.account_id, reference.region, reference.name)
        wanted = {each.qualified_arn: 0 for each in self._functions.versions.scan(*where)}
        for qualifier, executions in _executions(self._functions.get_settings(reference).provisioned).items():
            named = replace(reference, qualifier=qualifier)
            if self._functions.exists(named):
                wanted[self._functions.get(named).qualified_arn] += executions
        return wanted

    async def resume(self) -> None:
        """Provide what was provisioned when the last emulator ended."""
        kept = await asyncio.to_thread(self._functions.settings.items)
        for where, settings in kept:
            if settings.provisioned:
                await self.apply(Reference(*where))


def _executions(provisioned: dict[str, dict[str, Any]]) -> dict[str, int]:
    return {qualifier: each["executions"] for qualifier, each in provisioned.items()}


def reserved_in(functions: FunctionStore, caller: Caller) -> int:
    """How much concurrency the functions of an account and region have for themselves."""
    total = 0
    for settings in functions.settings.scan(caller.account_id, caller.region):
        provisioned = sum(_executions(settings.provisioned).values())
        total += provisioned if settings.reserved_concurrency is None else settings.reserved_concurrency
    return total


def _check_limits(concurrency: int, others: int, provisioned: int) -> None:
    if provisioned > concurrency:
        raise InvalidParameterValueException(
            f"ReservedConcurrentExecutions  {concurrency} should not be lower than function's total provisioned"
            f" concurrency [{provisioned}]."
        )
    if ACCOUNT_CONCURRENCY - others - concurrency < MINIMUM_UNRESERVED:
        raise InvalidParameterValueException(
            "Specified ReservedConcurrentExecutions for function decreases account's"
            f" UnreservedConcurrentExecution below its minimum value of [{MINIMUM_UNRESERVED}]."
        )


def _check_account(executions: int, reserved: int) -> None:
    if executions > ACCOUNT_CONCURRENCY:
        raise InvalidParameterValueException(
            "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency"
            f" [{ACCOUNT_CONCURRENCY}]."
        )
    if ACCOUNT_CONCURRENCY - reserved - executions < MINIMUM_UNRESERVED:
        raise InvalidParameterValueException(
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below"
            f" its minimum value of [{MINIMUM_UNRESERVED}]."
        )
