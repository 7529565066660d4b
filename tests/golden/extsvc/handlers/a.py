"""The handler that every function of this fixture names."""

from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer 200."""
    return {"statusCode": 200}
