"""`AWS::Include`: a piece of a template that lies in S3.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/transform-aws-include.html
"""

from typing import Any

from dewstack.cloudformation.locations import read_object
from dewstack.cloudformation.macros.fragment import Fragment, Setting, TransformError
from dewstack.cloudformation.template import read


async def include(setting: Setting, fragment: Fragment) -> Any:
    """The fragment with what lies at `Location`. Raises TransformError."""
    location = fragment.parameters.get("Location")
    if not isinstance(location, str):
        raise TransformError(
            "Transform AWS::Include failed with: The specified S3 object's URL is missing: parameter Location"
        )
    piece = read(await read_object(setting.call, setting.caller, location))
    if not isinstance(fragment.value, dict):
        return piece
    return _merged(fragment.value, piece)


def _merged(around: dict[str, Any], piece: dict[str, Any]) -> dict[str, Any]:
    """Both; where both have a section, its members."""
    merged = dict(around)
    for name, value in piece.items():
        own = merged.get(name)
        merged[name] = own | value if isinstance(own, dict) and isinstance(value, dict) else value
    return merged
