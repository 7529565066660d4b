"""The Flask view that would be what a route of the map is."""

import keyword
import re
from collections.abc import Mapping
from typing import Any

VARIABLE = re.compile(r"\{([^{}+]+)(\+?)\}")
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
"""Those that Flask has a decorator for."""


def view_code(method: str, path: str, function: str, event: Mapping[str, Any], *, guarded: bool) -> str:
    """The decorator, the view's head, and how it would come by what the event holds."""
    names = [name for name, _ in VARIABLE.findall(path)]
    rule = VARIABLE.sub(lambda found: f"<{'path:' if found[2] else ''}{_identifier(found[1])}>", path)
    decorator = f'@app.{method.lower()}("{rule}")'
    if method not in METHODS:
        decorator = (
            f'@app.route("{rule}", methods=["{method}"])' if method != "ANY" else f'@app.route("{rule}")'
        )
    lines = [decorator]
    if guarded:
        lines.append("@login_required  # API Gateway's authorizer, before the function is even started")
    lines.append(f"def {_identifier(function)}({', '.join(map(_identifier, names))}):")
    if event.get("queryStringParameters"):
        lines += [
            f'    {_identifier(name)} = request.args["{name}"]'
            for name in list(event["queryStringParameters"])[:4]
        ]
    if event.get("body"):
        lines.append("    data = request.get_json(silent=True) or request.get_data()")
    lines.append('    return body, status, headers  # {"statusCode": …, "headers": …, "body": …}')
    return "\n".join(lines)


def _identifier(text: str) -> str:
    """A name that Python takes."""
    name = re.sub(r"\W", "_", text, flags=re.ASCII) or "value"
    return f"{name}_" if keyword.iskeyword(name) else f"_{name}" if name[0].isdigit() else name
