"""A CloudFormation template, read from JSON or YAML (short tags included) and checked for its structure.

Refusals use CloudFormation's own wording:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

import json
import re
from typing import Any

import yaml
from msgspec import Struct

from dewstack.cloudformation.errors import ValidationError
from dewstack.errors import NotEmulated

MAX_TEMPLATE_BYTES = 16_000_000
"""A thousand routes of a REST API are more than a million bytes, which is where AWS stops."""

_SECTIONS = frozenset(
    [
        "AWSTemplateFormatVersion",
        "Description",
        "Metadata",
        "Parameters",
        "Rules",
        "Mappings",
        "Conditions",
        "Transform",
        "Resources",
        "Outputs",
        "Hooks",
    ]
)
_BY_MACROS = frozenset({"Globals"})
"""Sections that only a macro understands, which takes them away."""
_ATTRIBUTES = frozenset(
    [
        "Type",
        "Properties",
        "DependsOn",
        "Condition",
        "DeletionPolicy",
        "UpdateReplacePolicy",
        "Metadata",
        "CreationPolicy",
        "UpdatePolicy",
        "Version",
        "Description",
    ]
)
_POLICIES = frozenset({"Delete", "Retain", "Snapshot", "RetainExceptOnCreate"})


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as CloudFormation reads it: `!Tag value` is `{"Fn::Tag": value}`, dates stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short_tag(loader: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_tag)


class ResourceSpec(Struct, frozen=True):
    """One member of `Resources`, its properties not yet evaluated."""

    logical_id: str
    type: str
    properties: dict[str, Any]
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    metadata: dict[str, Any] | None = None


class Template(Struct, frozen=True):
    """A template whose structure is sound; its references are checked in `graph`."""

    resources: dict[str, ResourceSpec]
    parameters: dict[str, dict[str, Any]]
    mappings: dict[str, Any]
    conditions: dict[str, Any]
    outputs: dict[str, dict[str, Any]]
    metadata: dict[str, Any]
    rules: dict[str, Any] = {}
    description: str | None = None
    version: str | None = None
    transforms: tuple[str, ...] = ()


def parse(text: str) -> Template:
    """Read a template that macros have nothing to do with, or have been through. Raises ValidationError in AWS's words,
    NotEmulated for hooks."""
    return understood(read(text))


def read(text: str) -> dict[str, Any]:
    """The members of a template, whatever they are. Raises ValidationError."""
    if len(text.encode()) > MAX_TEMPLATE_BYTES:
        raise ValidationError(f"Template may not exceed {MAX_TEMPLATE_BYTES} bytes in size.")
    return _document(text)


def as_written(document: dict[str, Any]) -> Template:
    """A template before its macros: what only they understand is passed over. Raises ValidationError."""
    if not document.get("Transform"):
        return understood(document)
    plain = {name: value for name, value in document.items() if name not in _BY_MACROS}
    for section in ("Resources", "Conditions", "Outputs", "Mappings", "Parameters"):
        if isinstance(plain.get(section), dict):
            plain[section] = {
                name: member for name, member in plain[section].items() if not str(name).startswith("Fn::")
            }
    if not plain.get("Resources"):
        return understood(plain | {"Resources": {"None": {"Type": ""}}}, resources=False)
    return understood(plain)


def understood(document: dict[str, Any], *, resources: bool = True) -> Template:
    """The template in `document`. Raises ValidationError in AWS's words, NotEmulated for hooks."""
    if unknown := sorted(str(key) for key in document if key not in _SECTIONS):
        raise ValidationError(f"Invalid template property or properties [{', '.join(unknown)}]")
    if document.get("Hooks"):
        raise NotEmulated("template section Hooks is not emulated by dewstack")
    declared = _section(document, "Resources")
    if not declared:
        raise ValidationError("Template format error: At least one Resources member must be defined.")
    return Template(
        resources={name: _resource(name, spec) for name, spec in declared.items()} if resources else {},
        parameters=_section(document, "Parameters", members=True),
        mappings=_section(document, "Mappings", members=True),
        conditions=_section(document, "Conditions"),
        outputs=_outputs(_section(document, "Outputs", members=True)),
        metadata=_section(document, "Metadata"),
        rules=_section(document, "Rules", members=True),
        description=document.get("Description"),
        version=document.get("AWSTemplateFormatVersion"),
        transforms=tuple(name for name, _ in transforms(document)),
    )


def _document(text: str) -> dict[str, Any]:
    kind = "JSON" if text.lstrip().startswith("{") else "YAML"
    try:
        document = json.loads(text) if kind == "JSON" else yaml.load(text, Loader=_Loader)
    except json.JSONDecodeError as error:
        where = f"(line {error.lineno}, column {error.colno})"
        raise ValidationError(f"Template format error: JSON not well-formed. {where}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise ValidationError(f"Template format error: YAML not well-formed.{where}") from error
    except RecursionError as error:
        raise ValidationError("Template format error: the template is nested too deeply.") from error
    if not isinstance(document, dict):
        raise ValidationError("Template format error: unsupported structure.")
    return document


def _section(document: dict[str, Any], name: str, *, members: bool = False) -> dict[str, Any]:
    section = document.get(name)
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise ValidationError(f"Template format error: {name} must be an object.")
    for key, member in section.items():
        if name != "Metadata" and (not isinstance(key, str) or not re.fullmatch(r"[A-Za-z0-9]+", key)):
            kind = name.removesuffix("s")
            raise ValidationError(f"Template format error: {kind} name {key} is non alphanumeric.")
        if members and not isinstance(member, dict):
            raise ValidationError(f"Template format error: [/{name}/{key}] must be an object.")
    return section


def _outputs(outputs: dict[str, Any]) -> dict[str, Any]:
    for name, spec in outputs.items():
        if "Value" not in spec:
            raise ValidationError(
                f"Template format error: [/Outputs/{name}] Every Outputs member must contain a Value object"
            )
        export = spec.get("Export")
        if export is not None and (not isinstance(export, dict) or set(export) != {"Name"}):
            raise ValidationError(f"Template format error: Output {name} is malformed.")
    return outputs


def _resource(name: str, spec: Any) -> ResourceSpec:
    if not isinstance(spec, dict):
        raise ValidationError(f"Template format error: [/Resources/{name}] must be an object.")
    kind = spec.get("Type")
    if not isinstance(kind, str):
        raise ValidationError(
            f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
        )
    for attribute in spec:
        if attribute not in _ATTRIBUTES:
            raise ValidationError(f"Invalid template resource property '{attribute}'")
    properties = spec.get("Properties") or {}
    if not isinstance(properties, dict):
        raise ValidationError(f"Template format error: [/Resources/{name}/Properties] must be an object.")
    depends_on = spec.get("DependsOn") or ()
    names = (depends_on,) if isinstance(depends_on, str) else tuple(depends_on)
    if not all(isinstance(each, str) for each in names):
        raise ValidationError("Template format error: DependsOn must be a string or list of strings.")
    return ResourceSpec(
        logical_id=name,
        type=kind,
        properties=properties,
        depends_on=names,
        condition=spec.get("Condition"),
        deletion_policy=_policy(spec, "DeletionPolicy"),
        update_replace_policy=_policy(spec, "UpdateReplacePolicy"),
        metadata=spec.get("Metadata"),
    )


def _policy(spec: dict[str, Any], name: str) -> str:
    policy = spec.get(name, "Delete")
    if not isinstance(policy, str) or policy not in _POLICIES:
        raise ValidationError(f"Template error: Unrecognized {name} {policy}")
    return policy


def transforms(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The macros that a template names for the whole of itself, in their order, with their parameters.

    Raises ValidationError.
    """
    declared = document.get("Transform") or []
    named: list[tuple[str, dict[str, Any]]] = []
    for each in declared if isinstance(declared, list) else [declared]:
        if isinstance(each, str):
            named.append((each, {}))
        elif isinstance(each, dict) and isinstance(each.get("Name"), str):
            named.append((each["Name"], each.get("Parameters") or {}))
        else:
            raise ValidationError("Template format error: Transform must be a name or an object with a Name.")
    return named
