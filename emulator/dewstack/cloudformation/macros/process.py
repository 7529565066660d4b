"""The order of a template's macros: those inside of it first, the deepest ones before the others; then those that are
for all of it, as it lists them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-overview.html
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from dewstack.cloudformation.macros.fragment import Fragment, Setting, TransformError
from dewstack.cloudformation.macros.functions import run
from dewstack.cloudformation.macros.include import include
from dewstack.cloudformation.macros.language import extend
from dewstack.cloudformation.macros.sam import SAM, Sam
from dewstack.cloudformation.state import State
from dewstack.cloudformation.template import transforms
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.wire import Call

_NESTED = "Fn::Transform"
MACRO = "AWS::CloudFormation::Macro"

Macro = Callable[[Setting, Fragment], Awaitable[Any]]


class Macros:
    """Everything that `Transform` and `Fn::Transform` may name."""

    def __init__(self, call: Call, state: State) -> None:
        self._call = call
        self._state = state
        self._own: Mapping[str, Macro] = {
            "AWS::Include": include,
            "AWS::LanguageExtensions": extend,
            SAM: Sam(),
        }

    async def process(
        self, caller: Caller, document: dict[str, Any], names: dict[str, Any], parameters: dict[str, Any]
    ) -> str:
        """The template's text after its macros; empty where it has none.

        Raises ValidationError (a TransformError where a macro fails), NotEmulated.
        """
        declared = transforms(document)
        if not uses_macros(document):
            return ""
        setting = Setting(caller, self._call, names, parameters, document.get("Mappings") or {})
        rest = {name: value for name, value in document.items() if name != "Transform"}
        result = await self._inner(setting, rest)
        for name, given in declared:
            evaluated = setting.evaluator().evaluate(given)
            result = await self._run(setting, name, Fragment(result, evaluated, whole=True))
        if not isinstance(result, dict):
            raise TransformError("Template format error: unsupported structure.")
        return json.dumps(result, separators=(",", ":"), default=str)

    async def _inner(self, setting: Setting, value: Any) -> Any:
        """`value` with every `Fn::Transform` in it carried out."""
        if isinstance(value, list):
            return [await self._inner(setting, item) for item in value]
        if not isinstance(value, dict):
            return value
        around = {name: await self._inner(setting, item) for name, item in value.items() if name != _NESTED}
        call = value.get(_NESTED)
        if call is None:
            return around
        result: Any = around
        for each in call if isinstance(call, list) else [call]:
            if not isinstance(each, dict) or not isinstance(each.get("Name"), str):
                raise TransformError("Template format error: Fn::Transform requires a Name.")
            given = setting.evaluator().evaluate(await self._inner(setting, each.get("Parameters") or {}))
            result = await self._run(setting, each["Name"], Fragment(result, given, whole=False))
        return result

    async def _run(self, setting: Setting, name: str, fragment: Fragment) -> Any:
        own = self._own.get(name)
        if own is not None:
            return await own(setting, fragment)
        if name.startswith("AWS::"):
            raise NotEmulated(f"transform {name} is not emulated by dewstack")
        return await run(setting, name, self._function(setting.caller, name), fragment)

    def _function(self, caller: Caller, name: str) -> str:
        for stack, resource in self._state.resources_of(MACRO):
            home = (stack.account_id, stack.region)
            if (
                resource.exists
                and resource.physical_id == name
                and home == (caller.account_id, caller.region)
            ):
                return str(resource.properties["FunctionName"])
        raise TransformError(f"No transform named {caller.account_id}::{name} found.")


def uses_macros(document: dict[str, Any]) -> bool:
    """Whether a template has macros, for all of it or inside."""
    return bool(document.get("Transform")) or _nested(document)


def _nested(value: Any) -> bool:
    if isinstance(value, dict):
        return _NESTED in value or any(_nested(item) for item in value.values())
    return isinstance(value, list) and any(_nested(item) for item in value)
