"""Reads what CreateStack, UpdateStack and CreateChangeSet have in common, and decides what it means."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from dewstack.cloudformation.errors import InsufficientCapabilitiesException, ValidationError
from dewstack.cloudformation.model import Request, Stack
from dewstack.cloudformation.resources import Provider
from dewstack.cloudformation.scope import Scope, bind, parameter_values
from dewstack.cloudformation.template import ResourceSpec, Template, parse
from dewstack.errors import NotEmulated

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
_REFUSED = ("ResourcesToImport", "StackPolicyBody", "StackPolicyURL", "StackPolicyDuringUpdateBody")


def check_stack_name(name: str) -> None:
    """Raise ValidationError unless `name` may name a new stack."""
    if not _NAME.fullmatch(name):
        raise ValidationError(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy"
            " constraint: Member must"
            " satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )


def read_request(params: Mapping[str, Any], previous: Stack | None) -> Request:
    """The request in `params`, with what it takes over from the stack's `previous` state."""
    for name in _REFUSED:
        if params.get(name):
            raise NotEmulated(f"CloudFormation parameter {name} is not emulated by dewstack")
    template = template_text(params, previous)
    return Request(
        template=template,
        parameters=_given_parameters(params.get("Parameters") or (), previous),
        tags=_tags(params["Tags"]) if "Tags" in params else dict(previous.tags) if previous else {},
        capabilities=list(params.get("Capabilities") or ()),
        notification_arns=list(params.get("NotificationARNs") or ()),
        role_arn=params.get("RoleARN"),
        token=params.get("ClientRequestToken"),
    )


def template_text(params: Mapping[str, Any], previous: Stack | None = None) -> str:
    """The template's text. Raises ValidationError without one, NotEmulated for a template in S3."""
    body = params.get("TemplateBody")
    if body is not None:
        return str(body)
    if params.get("TemplateURL"):
        raise NotEmulated(
            "CloudFormation parameter TemplateURL is not emulated by dewstack: send TemplateBody"
        )
    if params.get("UsePreviousTemplate") and previous is not None and previous.template:
        return previous.template
    raise ValidationError("Either Template URL or Template Body must be specified.")


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
    template = parse(request.template)
    scope = bind(template, stack, parameter_values(template, request.parameters))
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
