"""A batch on its way to its function, and what the function made of it."""

import json
from collections.abc import Mapping as Members
from collections.abc import Sequence
from typing import Any

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
    request_id = (answer.get("ResponseMetadata") or {}).get("RequestId") or uuid4()
    raised = answer.get("FunctionError") or ""
    failed: tuple[str, ...] | None = ()
    payload = b"" if raised else _bytes(answer.get("Payload"))
    if not raised and mapping.reports_failures and records:
        failed = failed_items(payload, records)
        raised = "Unhandled" if failed is None else ""
    state = None
    if window is not None and not raised:
        state = _state(payload)
        raised = "Unhandled" if state is None and not window["isFinalInvokeForWindow"] else ""
    version = answer.get("ExecutedVersion") or "$LATEST"
    return Result(not raised and not failed, failed or (), raised, request_id, version, state)


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
