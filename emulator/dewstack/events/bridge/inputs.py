"""What a target is sent of an event: all of it, a part, a constant, or a text that parts of it are put into."""

import json
import re
from typing import Any

_PLACEHOLDER = re.compile(r"<([^<>\s]+)>")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']+)'\]")


def read_path(event: Any, path: str) -> Any:
    """What stands at a JSON path such as `$.detail.items[0]`; None where there is nothing."""
    found, position = event, 1
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            return None
        name, index, quoted = step.groups()
        position = step.end()
        if index is not None:
            found = found[int(index)] if isinstance(found, list) and int(index) < len(found) else None
        else:
            found = found.get(name or quoted) if isinstance(found, dict) else None
    return found


def target_input(target: dict[str, Any], event: dict[str, Any], rule_arn: str) -> str:
    """The JSON (or the text) that a target is sent."""
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        return _json(read_path(event, target["InputPath"]))
    transformer = target.get("InputTransformer")
    return _transformed(transformer, event, rule_arn) if transformer else _json(event)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _transformed(transformer: dict[str, Any], event: dict[str, Any], rule_arn: str) -> str:
    """The template with its placeholders filled: inside quotes as text, elsewhere as JSON."""
    values = {name: read_path(event, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": event.get("time"),
        "aws.events.event": event,
        "aws.events.event.json": event,
    }
    template = str(transformer["InputTemplate"])

    def filled(match: re.Match[str]) -> str:
        if match[1] not in values:
            return match[0]
        value = values[match[1]]
        if _quoted(template, match.start()):
            text = "" if value is None else value if isinstance(value, str) else _json(value)
            return json.dumps(text, ensure_ascii=False)[1:-1]
        return _json(value)

    text = _PLACEHOLDER.sub(filled, template)
    try:
        return _json(json.loads(text))
    except ValueError:
        return text


def _quoted(template: str, position: int) -> bool:
    """Whether a place of a template is inside a JSON string."""
    return len(re.findall(r'(?<!\\)"', template[:position])) % 2 == 1
