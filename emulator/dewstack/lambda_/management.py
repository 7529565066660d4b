"""Lambda's API: how a function's runtime is updated, and what becomes of loops. The former is kept and told: here a
runtime is what the machine has."""

from typing import Any

from msgspec.structs import replace

from dewstack.config import Caller
from dewstack.lambda_.errors import InvalidParameterValueException
from dewstack.lambda_.functions import FunctionStore
from dewstack.lambda_.model import LATEST
from dewstack.wire import operation

MANUAL = "Manual"


class ManagementOperations:
    """Settings of functions about which Lambda itself cares."""

    def __init__(self, functions: FunctionStore) -> None:
        self._functions = functions

    @operation("PutRuntimeManagementConfig")
    def put_runtime_management_config(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Say when a version's runtime is to be updated."""
        reference = self._functions.reference(params, caller)
        mode, arn = params["UpdateRuntimeOn"], params.get("RuntimeVersionArn")
        if (mode == MANUAL) != bool(arn):
            raise InvalidParameterValueException(
                "RuntimeVersionArn is required with UpdateRuntimeOn Manual, and can be given with no other mode."
            )
        kept = {"UpdateRuntimeOn": mode, **({"RuntimeVersionArn": arn} if arn else {})}
        with self._functions.store.transaction():
            function = self._functions.get(reference)
            settings = self._functions.get_settings(reference)
            modes = {**settings.runtime_management, function.version: kept}
            self._functions.put_settings(replace(settings, runtime_management=modes), reference)
        return {**kept, "FunctionArn": function.qualified_arn}

    @operation("GetRuntimeManagementConfig")
    def get_runtime_management_config(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """When a version's runtime is updated: `Auto` unless somebody said otherwise."""
        reference = self._functions.reference(params, caller)
        function = self._functions.get(reference)
        kept = self._functions.get_settings(reference).runtime_management.get(function.version)
        arn = function.arn if function.version == LATEST else function.qualified_arn
        return {**(kept or {"UpdateRuntimeOn": "Auto"}), "FunctionArn": arn}

    @operation("PutFunctionRecursionConfig")
    def put_function_recursion_config(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Say whether a loop is to be ended."""
        reference = self._functions.reference(params, caller)
        with self._functions.store.transaction():
            self._functions.get(reference)
            settings = self._functions.get_settings(reference)
            settings = replace(settings, recursive_loop=params["RecursiveLoop"])
            self._functions.put_settings(settings, reference)
        return {"RecursiveLoop": settings.recursive_loop}

    @operation("GetFunctionRecursionConfig")
    def get_function_recursion_config(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """`Terminate` unless somebody said otherwise."""
        reference = self._functions.reference(params, caller)
        self._functions.get(reference)
        return {"RecursiveLoop": self._functions.get_settings(reference).recursive_loop}
