"""`#{AWS::Region}` in the texts of a map: the plugin pseudo-parameters makes `Fn::Sub` of it, and so do we."""

import re
from typing import Any

PLUGIN = "serverless-pseudo-parameters"
_MARK = re.compile(r"#\{([^}]+)\}")


def substituted(value: Any) -> Any:
    """The value with every text that has a `#{…}` as an `Fn::Sub`; inside of an `Fn::Sub` only the marks change."""
    if isinstance(value, str):
        return {"Fn::Sub": _MARK.sub(r"${\1}", value)} if _MARK.search(value) else value
    if isinstance(value, list):
        return [substituted(item) for item in value]
    if isinstance(value, dict):
        return {
            key: _in_sub(member) if key == "Fn::Sub" else substituted(member) for key, member in value.items()
        }
    return value


def _in_sub(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_sub(value[0]), *map(substituted, value[1:])] if value else value
    return _MARK.sub(r"${\1}", value) if isinstance(value, str) else substituted(value)
