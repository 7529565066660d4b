"""Handlers by name only: what the map of this fixture refers to."""

from typing import Any


def hello(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer 200."""
    return {"statusCode": 200, "body": "hello"}


sleep = sleep5 = echo = binary = cookies = bare = err = simple_auth = cron = ws = hello
