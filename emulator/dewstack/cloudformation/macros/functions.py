"""A macro of one's own: a function that `AWS::CloudFormation::Macro` gives a name.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros-author.html
"""

import json
from typing import Any

from dewstack.cloudformation.macros.fragment import Fragment, Setting, TransformError
from dewstack.errors import AwsError
from dewstack.ids import uuid4


async def run(setting: Setting, name: str, function: str, fragment: Fragment) -> Any:
    """What the macro's function makes of the fragment. Raises TransformError."""
    label = f"{setting.caller.account_id}::{name}"
    request = uuid4()
    event = {
        "accountId": setting.caller.account_id,
        "fragment": fragment.value,
        "transformId": label,
        "requestId": request,
        "region": setting.caller.region,
        "params": fragment.parameters,
        "templateParameterValues": setting.parameters,
    }
    payload = json.dumps(event).encode()
    try:
        given = {"FunctionName": function, "Payload": payload}
        answer = await setting.call("lambda", "Invoke", given, setting.caller)
    except AwsError as error:
        raise TransformError(f"Transform {label} failed with: {error.message or error.code}.") from error
    text = _text(answer.get("Payload"))
    if answer.get("FunctionError"):
        raise TransformError(f"Transform {label} failed with: Function {function} failed: {text}")
    return _fragment(label, request, text)


def _text(payload: Any) -> str:
    body = payload.read() if hasattr(payload, "read") else payload
    return bytes(body or b"").decode("utf-8", "replace")


def _fragment(label: str, request: str, text: str) -> Any:
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not {"requestId", "status"} <= answer.keys():
        raise TransformError(f"Received malformed response from transform {label}.")
    if str(answer["status"]).lower() != "success":
        said = answer.get("errorMessage")
        reason = f"failed with: {said}." if said else "failed without an error message."
        raise TransformError(f"Transform {label} {reason}")
    if answer["requestId"] != request or "fragment" not in answer:
        raise TransformError(f"Received malformed response from transform {label}.")
    return answer["fragment"]
