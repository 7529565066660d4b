"""Between the model and boto3's shapes: `AuthorizerResultTtlInSeconds` and
`authorizer_result_ttl_in_seconds`."""

from dewstack.apigateway.shapes import Shapes, required

__all__ = ["fields_of", "output", "required"]


def _pascal(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


_SHAPES = Shapes(_pascal, frozenset({"account_id", "owner_id", "region", "snapshot"}))
output = _SHAPES.output
fields_of = _SHAPES.fields_of
