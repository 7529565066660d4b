"""Between the model and boto3's shapes: `restApiId` and `rest_api_id`, with AWS's own exceptions."""

from typing import Any

from dewstack.apigateway.shapes import Shapes, required

__all__ = ["fields_of", "names_of", "output", "required"]

_IRREGULAR = {"provider_arns": "providerARNs"}
_EMPTY = frozenset(
    {"cacheKeyParameters", "methodSettings", "responseParameters", "responseTemplates", "stageKeys"}
)
"""Members that AWS shows although they are empty."""


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return _IRREGULAR.get(name) or head + "".join(word.capitalize() for word in rest)


_SHAPES = Shapes(_camel, frozenset({"account_id", "mapping_id", "region", "snapshot"}))
fields_of = _SHAPES.fields_of
names_of = _SHAPES.names_of


def output(value: Any) -> dict[str, Any]:
    """A model value as boto3 returns it: AWS's member names, without what was never set."""
    return {k: v for k, v in _SHAPES.output(value).items() if v not in ({}, []) or k in _EMPTY}
