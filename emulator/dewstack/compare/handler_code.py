"""The Lambda handler that does what a Flask view would: the same lines, the event in place of `request`."""

import json
import keyword
import re
from collections.abc import Mapping
from typing import Any

PARAMETER = re.compile(r"\{([^{}+]+)\+?\}")


def handler_code(method: str, path: str, event: Mapping[str, Any], *, guarded: bool) -> str:
    """The route of the map as comments, and how the handler comes by what the event holds."""
    lines = [f"# serverless.yml: {method} {path}"]
    if guarded:
        lines.append("# serverless.yml: authorizer")
    lines.append("def handler(event, context):")
    lines += [
        f'    {_variable(name)} = event["pathParameters"][{json.dumps(name)}]'
        for name in PARAMETER.findall(path)
    ]
    lines += [
        f'    {_variable(name)} = event["queryStringParameters"][{json.dumps(name, ensure_ascii=False)}]'
        for name in list(event.get("queryStringParameters") or {})[:4]
    ]
    if event.get("body"):
        encoded = event.get("isBase64Encoded")
        lines.append(f'    data = {"base64.b64decode" if encoded else "json.loads"}(event["body"])')
    lines.append('    return {"statusCode": status, "headers": headers, "body": body}')
    return "\n".join(lines)


def _variable(name: str) -> str:
    """A name that Python takes."""
    spelled = re.sub(r"\W", "_", name, flags=re.ASCII) or "value"
    return f"{spelled}_" if keyword.iskeyword(spelled) else f"_{spelled}" if spelled[0].isdigit() else spelled
