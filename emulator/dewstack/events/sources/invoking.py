"""A batch on its way to its function, and what the function made of it."""

import json
from collections.abc import Mapping as Members
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from dewstack.errors import AwsError
from dewstack.events.sources.model import Mapping, Result
from dewstack.events.sources.records import Record, failed_items
from dewstack.ids import uuid4
from dewstack.wire import Call

MOST_BYTES = 6 * 1024 * 1024
"""Of a batch, as of every event."""


async def invoke(
    call: Call, mapping: Mapping, records: Sequence[Record], window: Members[str, Any] | None = None
) -> Result:
    """Call the function with the records and wait for it. Its failures, and Lambda's own, are results.

    `window` is what the event of a tumbling window has beside its records. One that then gives no state has failed.
    """
    event = {
        "FunctionName": mapping.function_arn,
        "InvocationType": "RequestResponse",
        "Payload": json.dumps({"Records": records, **(window or {})}, separators=(",", ":")).encode(),
    }
    try:
        answer: dict[str, Any] = await call("lambda", "Invoke", event, mapping.owner)
    except AwsError as error:
        return Result(succeeded=False, function_error=error.code, request_id=uuid4())
    result = Result(
        succeeded=not answer.get("FunctionError"),
        function_error=answer.get("FunctionError") or "",
        request_id=(answer.get("ResponseMetadata") or {}).get("RequestId") or uuid4(),
        version=answer.get("ExecutedVersion") or "$LATEST",
    )
    if not result.succeeded:
        return result
    payload = _bytes(answer.get("Payload"))
    if mapping.reports_failures and records:
        result = _reported(result, failed_items(payload, records))
    return result if window is None or result.function_error else _carried(result, _state(payload), window)


def _reported(result: Result, failed: tuple[str, ...] | None) -> Result:
    """With the records that the function says have failed; None is a report that can't be understood."""
    if failed is None:
        return replace(result, succeeded=False, function_error="Unhandled")
    return replace(result, succeeded=not failed, failed=failed)


def _carried(result: Result, state: Any, window: Members[str, Any]) -> Result:
    """With the state for the window's next invocation, which only the last may leave out."""
    if state is None and not window["isFinalInvokeForWindow"]:
        return replace(result, succeeded=False, function_error="Unhandled")
    return replace(result, state=state)


def _state(payload: bytes) -> Any:
    """The state in a response; None where there is none."""
    try:
        document = json.loads(payload or b"null")
    except ValueError:
        return None
    return document.get("state") if isinstance(document, dict) else None


def batches(records: Sequence[Record]) -> list[list[Record]]:
    """The records in batches that fit into an event."""
    made: list[list[Record]] = [[]]
    size = 0
    for record in records:
        bytes_of = len(json.dumps(record))
        if made[-1] and size + bytes_of > MOST_BYTES - 1024:
            made.append([])
            size = 0
        made[-1].append(record)
        size += bytes_of
    return [batch for batch in made if batch]


def _bytes(payload: Any) -> bytes:
    return (
        payload if isinstance(payload, bytes) else bytes(payload.read()) if hasattr(payload, "read") else b""
    )
