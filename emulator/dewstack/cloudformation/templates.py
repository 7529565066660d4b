"""The operations on templates, of stacks and on their own."""

import asyncio
from typing import Any

from dewstack.cloudformation.errors import ValidationError
from dewstack.cloudformation.render import is_secret, without_none
from dewstack.cloudformation.requests import required_capabilities
from dewstack.cloudformation.runner import Runner
from dewstack.cloudformation.template import Template, as_written, read
from dewstack.config import Caller
from dewstack.wire import operation


class Templates:
    """Templates, of stacks and on their own."""

    def __init__(self, runner: Runner) -> None:
        self._state = runner.state
        self._providers = runner.providers
        self._reading = runner.reading

    @operation("GetTemplate")
    def get_template(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The text that a stack, or a change set, was made from: what macros made of it, or the original."""
        if name := params.get("ChangeSetName"):
            kept: Any = self._state.change_set(caller, name, params.get("StackName")).request
        else:
            kept = self._state.require(caller, params.get("StackName", ""))
        text = kept.template if params.get("TemplateStage") == "Original" else kept.read_template
        return {"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]}

    @operation("GetTemplateSummary")
    async def get_template_summary(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Parameters, resource types and needed capabilities of a template or a stack."""
        if name := params.get("StackName"):
            text = (await asyncio.to_thread(self._state.require, caller, name)).template
        else:
            text = await self._reading.text(caller, params)
        template = await asyncio.to_thread(lambda: as_written(read(text)))
        declared = [
            without_none(
                {
                    **each,
                    "ParameterType": spec.get("Type"),
                    "ParameterConstraints": {"AllowedValues": [str(value) for value in spec["AllowedValues"]]}
                    if "AllowedValues" in spec
                    else None,
                }
            )
            for spec, each in _declared(template)
        ]
        return self._summary(template) | {
            "Parameters": declared,
            "ResourceTypes": sorted({spec.type for spec in template.resources.values()}),
            "Version": template.version or "2010-09-09",
        }

    @operation("ValidateTemplate")
    async def validate_template(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Whether a template is well-formed, as an error if it is not."""
        if params.get("TemplateBody") is None and not params.get("TemplateURL"):
            raise ValidationError("Either Template URL or Template Body must be specified.")
        text = await self._reading.text(caller, params)
        template = await asyncio.to_thread(lambda: as_written(read(text)))
        return self._summary(template) | {"Parameters": [each for _, each in _declared(template)]}

    def _summary(self, template: Template) -> dict[str, Any]:
        capability = required_capabilities(template, self._providers)
        needed = [capability] if capability else []
        if template.transforms:
            needed.append("CAPABILITY_AUTO_EXPAND")
        types = sorted(s.type for s in template.resources.values() if s.type.startswith("AWS::IAM::"))
        reason = f"The following resource(s) require capabilities: [{', '.join(types)}]"
        return without_none(
            {
                "Description": template.description,
                "Capabilities": needed,
                "CapabilitiesReason": reason if capability else None,
                "DeclaredTransforms": list(template.transforms),
            }
        )


def _declared(template: Template) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [
        (
            spec,
            without_none(
                {
                    "ParameterKey": name,
                    "DefaultValue": None if "Default" not in spec else str(spec["Default"]),
                    "NoEcho": is_secret(spec),
                    "Description": spec.get("Description"),
                }
            ),
        )
        for name, spec in template.parameters.items()
    ]
