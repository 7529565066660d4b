"""Parameters whose value lies in the Parameter Store: `AWS::SSM::Parameter::Value<…>`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
"""

from collections.abc import Mapping

from dewstack.cloudformation.errors import ValidationError
from dewstack.cloudformation.scope import stored_kind
from dewstack.cloudformation.template import Template
from dewstack.config import Caller
from dewstack.wire import Call

_BATCH = 10
"""As many as GetParameters takes."""


async def stored_values(
    call: Call, caller: Caller, template: Template, values: Mapping[str, str]
) -> dict[str, str]:
    """What lies in the Parameter Store, by the template's name of the parameter. Raises ValidationError."""
    wanted = {name: value for name, value in values.items() if stored_kind(template.parameters[name])}
    names = sorted(
        {
            value
            for name, value in values.items()
            if str(template.parameters[name].get("Type", "")).startswith("AWS::SSM::Parameter::")
        }
    )
    found: dict[str, str] = {}
    missing: list[str] = []
    for start in range(0, len(names), _BATCH):
        answer = await call("ssm", "GetParameters", {"Names": names[start : start + _BATCH]}, caller)
        missing += answer.get("InvalidParameters", [])
        for each in answer["Parameters"]:
            if each["Type"] == "SecureString":
                raise ValidationError(
                    f"Parameters [{each['Name']}] referenced by template have types not supported by CloudFormation."
                )
            found |= {each["Name"]: each["Value"], each.get("ARN", ""): each["Value"]}
            found[f"{each['Name']}:{each.get('Version', '')}"] = each["Value"]
    if missing:
        raise ValidationError(
            f"Unable to fetch parameters [{','.join(missing)}] from parameter store for this account."
        )
    return {name: found[value] for name, value in wanted.items()}
