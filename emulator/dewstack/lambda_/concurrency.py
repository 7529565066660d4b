"""Lambda's API: reserved concurrency, which throttles, and provisioned concurrency, which is only recorded.

Nothing here is cold for long, and a process that waits for nobody takes memory from a laptop: environments are
started when an event comes.
"""

from typing import Any

from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.lambda_.errors import (
    InvalidParameterValueException,
    ProvisionedConcurrencyConfigNotFoundException,
)
from dewstack.lambda_.functions import FunctionStore, Reference
from dewstack.lambda_.invoker import Invoker
from dewstack.lambda_.model import LATEST
from dewstack.lambda_.paging import page
from dewstack.wire import operation


class ConcurrencyOperations:
    """How many events of a function may be served at a time."""

    def __init__(self, functions: FunctionStore, invoker: Invoker, clock: Clock) -> None:
        self._functions = functions
        self._invoker = invoker
        self._clock = clock

    @operation("PutFunctionConcurrency")
    async def put_function_concurrency(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Reserve concurrency: no more than so many events at a time."""
        return self._reserve(caller, params, params["ReservedConcurrentExecutions"])

    @operation("DeleteFunctionConcurrency")
    async def delete_function_concurrency(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Lift the reservation."""
        self._reserve(caller, params, None)
        return {}

    def _reserve(self, caller: Caller, params: dict[str, Any], concurrency: int | None) -> dict[str, Any]:
        reference = self._functions.reference(params, caller)
        function = self._functions.get(reference)
        with self._functions.store.transaction():
            settings = self._functions.get_settings(reference)
            self._functions.put_settings(replace(settings, reserved_concurrency=concurrency), reference)
        self._invoker.reserve(function.arn, concurrency)
        return {"ReservedConcurrentExecutions": concurrency}

    @operation("GetFunctionConcurrency")
    def get_function_concurrency(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The reservation, if there is one."""
        reference = self._functions.reference(params, caller)
        self._functions.get(reference)
        reserved = self._functions.get_settings(reference).reserved_concurrency
        return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}

    @operation("PutProvisionedConcurrencyConfig")
    def put_provisioned(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Record how many environments a version or alias is to have ready."""
        reference = self._qualified(caller, params)
        if reference.qualifier == LATEST:
            raise InvalidParameterValueException(
                "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
            )
        with self._functions.store.transaction():
            settings = self._functions.get_settings(reference)
            wanted = {
                "executions": params["ProvisionedConcurrentExecutions"],
                "modified": self._clock.now().strftime("%Y-%m-%dT%H:%M:%S+0000"),
            }
            provisioned = {**settings.provisioned, reference.qualifier: wanted}
            self._functions.put_settings(replace(settings, provisioned=provisioned), reference)
        return _provisioned(wanted)

    @operation("GetProvisionedConcurrencyConfig")
    def get_provisioned(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """What is recorded for a version or alias."""
        reference = self._qualified(caller, params)
        wanted = self._functions.get_settings(reference).provisioned.get(reference.qualifier)
        if wanted is None:
            raise ProvisionedConcurrencyConfigNotFoundException(
                "No Provisioned Concurrency Config found for this function"
            )
        return _provisioned(wanted)

    @operation("DeleteProvisionedConcurrencyConfig")
    def delete_provisioned(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Forget what is recorded for a version or alias."""
        reference = self._qualified(caller, params)
        with self._functions.store.transaction():
            settings = self._functions.get_settings(reference)
            kept = {key: each for key, each in settings.provisioned.items() if key != reference.qualifier}
            self._functions.put_settings(replace(settings, provisioned=kept), reference)
        return {}

    @operation("ListProvisionedConcurrencyConfigs")
    def list_provisioned(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """What is recorded for all versions and aliases of a function."""
        reference = self._functions.reference(params, caller)
        self._functions.get(reference)
        recorded = self._functions.get_settings(reference).provisioned
        items = [
            {"FunctionArn": replace(reference, qualifier=qualifier).arn, **_provisioned(wanted)}
            for qualifier, wanted in sorted(recorded.items())
        ]
        return page(items, params, "ProvisionedConcurrencyConfigs")

    def _qualified(self, caller: Caller, params: dict[str, Any]) -> Reference:
        reference = self._functions.reference(params, caller)
        self._functions.get(reference)
        return reference


def _provisioned(wanted: dict[str, Any]) -> dict[str, Any]:
    """A configuration, as the API answers it: what is asked for is there at once."""
    executions = wanted["executions"]
    return {
        "RequestedProvisionedConcurrentExecutions": executions,
        "AvailableProvisionedConcurrentExecutions": executions,
        "AllocatedProvisionedConcurrentExecutions": executions,
        "Status": "READY",
        "LastModified": wanted["modified"],
    }
