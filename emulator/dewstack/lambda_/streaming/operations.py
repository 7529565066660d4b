"""Lambda's API: InvokeWithResponseStream."""

import base64
from collections.abc import AsyncIterator
from typing import Any

from dewstack.config import Caller
from dewstack.lambda_.functions import FunctionStore
from dewstack.lambda_.invoker import Invoker
from dewstack.lambda_.model import Outcome
from dewstack.lambda_.requests import MAX_PAYLOAD_BYTES, client_context, event_payload
from dewstack.lambda_.streaming.invocation import StreamedInvocation
from dewstack.wire import operation


class StreamingOperations:
    """Invocations whose response is an event stream."""

    def __init__(self, functions: FunctionStore, invoker: Invoker) -> None:
        self._functions = functions
        self._invoker = invoker

    @operation("InvokeWithResponseStream")
    async def invoke_with_response_stream(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Invoke, and hand on what the function writes; one that doesn't stream is one chunk."""
        reference = self._functions.reference(params, caller)
        self._functions.get(reference)
        payload = event_payload(params.get("Payload"), MAX_PAYLOAD_BYTES)
        if params.get("InvocationType") == "DryRun":
            return {"StatusCode": 204}
        context = client_context(params.get("ClientContext") or "")
        tail = params.get("LogType") == "Tail"
        invocation = self._invoker.stream(reference.arn, payload, client_context=context, tail=tail)
        return {
            "StatusCode": 200,
            "ExecutedVersion": invocation.executed_version,
            "EventStream": _Events(invocation, tail=tail),
        }


class _Events:
    """The events of one invocation: PayloadChunk for what is written, then InvokeComplete."""

    def __init__(self, invocation: StreamedInvocation, *, tail: bool) -> None:
        self._invocation = invocation
        self._tail = tail

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        """One after the other."""
        async for chunk in self._invocation:
            yield {"PayloadChunk": {"Payload": chunk}}
        outcome = await self._invocation.outcome()
        yield {"InvokeComplete": _complete(outcome, tail=self._tail)}

    async def aclose(self) -> None:
        """Nobody reads any more; the function runs on, as on AWS."""
        self._invocation.abandon()


def _complete(outcome: Outcome, *, tail: bool) -> dict[str, Any]:
    """The last event: what went wrong, if anything did, and the log."""
    event: dict[str, Any] = {}
    if outcome.function_error:
        event["ErrorCode"] = outcome.function_error
        event["ErrorDetails"] = outcome.payload.decode("utf-8", "replace")
    if tail:
        event["LogResult"] = base64.b64encode(outcome.log_tail.encode()).decode()
    return event
