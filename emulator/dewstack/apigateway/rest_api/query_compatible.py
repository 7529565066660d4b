"""SQS as API Gateway speaks to it: in the query protocol, which the service itself has left behind for JSON.

Parameters come as a form or in the query string, the queue's URL perhaps as the path; the answer is the query
protocol's in JSON, with what it could have given and didn't as null.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from msgspec.structs import replace

from dewstack.http import Request, Response
from dewstack.wire.model import ServiceModel, Shape
from dewstack.wire.query import Form

QUERY_ERROR = "x-amzn-query-error"
RENAMED = {("ReceiveMessage", "Messages"): "messages"}
"""Members that are spelled otherwise in the query protocol."""
NUMBERS: Mapping[str, Callable[[str], Any]] = {"integer": int, "long": int}


class QueryCompatible:
    """Both directions for one service."""

    def __init__(self, model: ServiceModel) -> None:
        self._model = model

    def asked(self, request: Request) -> tuple[str, Request] | None:
        """The action of a request in the query protocol and the same in JSON, or None for any other."""
        pairs = dict(parse_qsl(request.query, keep_blank_values=True))
        if (request.header("content-type") or "").startswith("application/x-www-form-urlencoded"):
            pairs |= dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        action = pairs.get("Action")
        operation = self._model.operation(action) if action else None
        if action is None or operation is None or request.header("x-amz-target"):
            return None
        params = _members(operation.input, Form.build(pairs)) if operation.input else {}
        if request.raw_path.strip("/"):
            host = request.header("host")
            params.setdefault("QueueUrl", f"https://{host}/{request.raw_path.strip('/')}")
        metadata = self._model.metadata
        target = f"{metadata['targetPrefix']}.{action}".encode()
        kind = f"application/x-amz-json-{metadata['jsonVersion']}".encode()
        headers = [(name, value) for name, value in request.headers if name.lower() != b"content-type"]
        headers += [(b"Content-Type", kind), (b"X-Amz-Target", target)]
        body = msgspec.json.encode(params)
        return action, replace(request, method="POST", raw_path="/", query="", headers=headers, body=body)

    def answered(self, action: str, response: Response, request_id: str) -> bytes:
        """The body of an answer as the query protocol has it, in JSON."""
        try:
            document = msgspec.json.decode(response.body or b"{}")
        except msgspec.DecodeError:
            return response.body
        if response.status >= 400:
            return msgspec.json.encode({"Error": _error(response, document), "RequestId": request_id})
        answer: dict[str, Any] = {"ResponseMetadata": {"RequestId": request_id}}
        operation = self._model.operation(action)
        if operation is not None and operation.output is not None:
            answer = {f"{action}Result": _whole(operation.output, document, action)} | answer
        return msgspec.json.encode({f"{action}Response": answer})


def _members(shape: Shape, form: Form) -> dict[str, Any]:
    found = {}
    for name, member in shape.members.items():
        node = form.children.get(_form_name(name, member.shape)) or form.children.get(name)
        if node is not None:
            found[name] = _value(member.shape, node)
    return found


def _form_name(name: str, shape: Shape) -> str:
    """`Attribute` for the map `Attributes`, `SendMessageBatchRequestEntry` for a list of these."""
    if shape.type == "list" and shape.member.shape.type == "structure":
        return shape.member.shape.name
    return name.removesuffix("s") if shape.type in ("list", "map") else name


def _value(shape: Shape, node: Form) -> Any:
    if shape.type == "structure":
        return _members(shape, node)
    if shape.type == "list":
        return [_value(shape.member.shape, item) for item in node.numbered()] or [node.text]
    if shape.type == "map":
        return dict(_entry(shape, item.children) for item in node.numbered())
    text = node.text or ""
    try:
        return NUMBERS.get(shape.type, str)(text)
    except ValueError:
        return text


def _entry(shape: Shape, parts: Mapping[str, Form]) -> tuple[str, Any]:
    name, value = parts.get("Name") or parts.get("Key") or Form(), parts.get("Value") or Form()
    return name.text or "", _value(shape.value.shape, value)


def _whole(shape: Shape, value: Any, action: str) -> Any:
    """A value with all members that its shape has."""
    if shape.type == "structure" and isinstance(value, dict):
        return {
            RENAMED.get((action, name), name): _whole(member.shape, value.get(name), action)
            for name, member in shape.members.items()
        }
    if shape.type == "list" and isinstance(value, list):
        return [_whole(shape.member.shape, each, action) for each in value]
    return value


def _error(response: Response, document: Any) -> dict[str, Any]:
    given = next((value for name, value in response.headers if name.lower() == QUERY_ERROR.encode()), b"")
    code, _, kind = given.decode("latin-1").partition(";")
    known = document if isinstance(document, dict) else {}
    return {
        "Code": code or str(known.get("__type", "")).rpartition("#")[2],
        "Message": known.get("message") or known.get("Message") or "",
        "Type": kind or "Sender",
    }
