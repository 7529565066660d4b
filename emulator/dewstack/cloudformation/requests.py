"""Reads what CreateStack, UpdateStack and CreateChangeSet have in common, and decides what it means."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from dewstack.cloudformation.errors import InsufficientCapabilitiesException, ValidationError
from dewstack.cloudformation.locations import read_object, template_text
from dewstack.cloudformation.macros import Macros, uses_macros
from dewstack.cloudformation.model import Request, Stack
from dewstack.cloudformation.policies import check_policy
from dewstack.cloudformation.resources import Provider
from dewstack.cloudformation.scope import Scope, bind, names_of, parameter_values
from dewstack.cloudformation.state import State
from dewstack.cloudformation.stored import stored_values
from dewstack.cloudformation.template import ResourceSpec, Template, as_written, parse, read
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.wire import Call

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
_REFUSED = ("ResourcesToImport",)
_INDIRECT = ("Transform", "AWS::SSM::Parameter")
"""What a template says that has macros, or parameters in the Parameter Store: without, it is not looked at here."""


def check_stack_name(name: str) -> None:
    """Raise ValidationError unless `name` may name a new stack."""
    if not _NAME.fullmatch(name):
        raise ValidationError(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy"
            " constraint: Member must"
            " satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )


class Reading:
    """Reads requests: gets the template, lets its macros work on it, looks up parameters in the Parameter Store."""

    def __init__(self, call: Call, state: State) -> None:
        self._call = call
        self._macros = Macros(call, state)

    async def text(self, caller: Caller, params: Mapping[str, Any], previous: Stack | None = None) -> str:
        """The template's text as it was sent, wherever it lies. Raises ValidationError."""
        return await template_text(self._call, caller, params, previous.template if previous else "")

    async def request(
        self, stack: Stack, params: Mapping[str, Any], previous: Stack | None, *, direct: bool = True
    ) -> Request:
        """The request in `params` about `stack`, with what it takes over from its `previous` state. `direct`: what
        macros make of the template is carried out before anybody sees it.

        Raises ValidationError (a TransformError where a macro fails), InsufficientCapabilitiesException, NotEmulated.
        """
        for name in _REFUSED:
            if params.get(name):
                raise NotEmulated(f"CloudFormation parameter {name} is not emulated by dewstack")
        policies = [
            await self._policy(stack.caller, params, name)
            for name in ("StackPolicyDuringUpdate", "StackPolicy")
        ]
        request = Request(
            template=await self.text(stack.caller, params, previous),
            parameters=_given_parameters(params.get("Parameters") or (), previous),
            tags=_tags(params["Tags"]) if "Tags" in params else dict(previous.tags) if previous else {},
            capabilities=list(params.get("Capabilities") or ()),
            notification_arns=list(params.get("NotificationARNs") or ()),
            role_arn=params.get("RoleARN"),
            token=params.get("ClientRequestToken"),
            policy=policies[0],
            lasting_policy=policies[1],
        )
        if not any(word in request.template for word in _INDIRECT):
            return request
        return await self._complete(stack, request, direct=direct)

    async def _complete(self, stack: Stack, request: Request, *, direct: bool) -> Request:
        document = await asyncio.to_thread(read, request.template)
        declared = as_written(document)
        values = parameter_values(declared, request.parameters)
        resolved = await stored_values(self._call, stack.caller, declared, values)
        names = names_of(
            declared, replace(stack, notification_arns=request.notification_arns), values, resolved
        )
        own = {name: names[name] for name in values}
        if uses_macros(document) and direct and "CAPABILITY_AUTO_EXPAND" not in request.capabilities:
            raise InsufficientCapabilitiesException("Requires capabilities : [CAPABILITY_AUTO_EXPAND]")
        processed = await self._macros.process(stack.caller, document, names, own)
        return replace(request, processed=processed, resolved=resolved)

    async def _policy(self, caller: Caller, params: Mapping[str, Any], name: str) -> str:
        """A stack policy, in the request or where it leads to; empty without one. Raises ValidationError."""
        body, url = params.get(f"{name}Body"), params.get(f"{name}URL")
        return check_policy(await read_object(self._call, caller, url) if url else body or "")


def _tags(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _given_parameters(given: Iterable[Mapping[str, Any]], previous: Stack | None) -> dict[str, str]:
    values: dict[str, str] = {}
    for parameter in given:
        key = parameter.get("ParameterKey", "")
        if parameter.get("UsePreviousValue"):
            if previous is None or key not in previous.parameters:
                raise ValidationError(
                    f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as"
                    " true for a parameter key not in the previous template"
                )
            values[key] = previous.parameters[key]
        else:
            values[key] = str(parameter.get("ParameterValue", ""))
    return values


def understand(stack: Stack, request: Request, providers: Mapping[str, Provider]) -> Scope:
    """Parse the template for this stack and check all that can be checked before anything is made.

    Raises ValidationError, InsufficientCapabilitiesException, NotEmulated.
    """
    template = parse(request.read_template)
    scope = bind(template, stack, parameter_values(template, request.parameters), request.resolved)
    check_types(scope.resources.values(), providers)
    needed = required_capabilities(template, providers)
    if needed and not set(request.capabilities) & {needed, "CAPABILITY_NAMED_IAM"}:
        raise InsufficientCapabilitiesException(f"Requires capabilities : [{needed}]")
    return scope


def check_types(resources: Iterable[ResourceSpec], providers: Mapping[str, Provider]) -> None:
    """Raise ValidationError naming every resource whose type dewstack cannot make."""
    unknown = [
        f"Template error: resource type {spec.type} (logical ID {spec.logical_id}) is not"
        " emulated by dewstack"
        for spec in resources
        if spec.type not in providers
    ]
    if unknown:
        raise ValidationError("\n".join(unknown))


def required_capabilities(template: Template, providers: Mapping[str, Provider]) -> str | None:
    """`CAPABILITY_NAMED_IAM`, `CAPABILITY_IAM` or None."""
    needed = None
    for spec in template.resources.values():
        provider = providers.get(spec.type)
        if provider is not None and provider.needs_capability:
            if provider.name_property in spec.properties:
                return "CAPABILITY_NAMED_IAM"
            needed = "CAPABILITY_IAM"
    return needed
