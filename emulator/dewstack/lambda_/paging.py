"""Lambda's lists, a page at a time."""

from typing import Any

from dewstack.lambda_.errors import InvalidParameterValueException


def page(items: list[Any], params: dict[str, Any], key: str) -> dict[str, Any]:
    """One page of a list: `MaxItems` long, going on at `Marker`, which is the position of the next item."""
    marker = params.get("Marker") or "0"
    if not marker.isdigit():
        raise InvalidParameterValueException(f"Invalid Marker: {marker}")
    start = int(marker)
    size = min(int(params.get("MaxItems") or 50), 10_000)
    answer: dict[str, Any] = {key: items[start : start + size]}
    if start + size < len(items):
        answer["NextMarker"] = str(start + size)
    return answer
