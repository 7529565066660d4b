"""What a request to invoke carries: the event and the client's context."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from dewstack.lambda_.errors import (
    InvalidRequestContentException,
    PreconditionFailedException,
    RequestTooLargeException,
)

MAX_PAYLOAD_BYTES = 6_291_456
MAX_EVENT_BYTES = 1_048_576


def client_context(given: str) -> str:
    """The context as one line of ASCII, for it travels in a header; empty when none is given."""
    if not given:
        return ""
    try:
        return json.dumps(json.loads(base64.b64decode(given)))
    except ValueError as error:
        raise InvalidRequestContentException(
            "Client context must be a valid Base64-encoded JSON object."
        ) from error


def check_revision(params: Mapping[str, Any], revision_id: str) -> None:
    """Raise PreconditionFailedException where a request is for another revision than there is."""
    if params.get("RevisionId") not in (None, revision_id):
        raise PreconditionFailedException(
            "The Revision Id provided does not match the latest Revision Id."
            " Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
        )


def event_payload(given: Any, limit: int) -> bytes:
    """The event as JSON bytes; `{}` when none is given. Raises RequestTooLargeException over `limit` bytes."""
    body = given.read() if hasattr(given, "read") else given
    payload = body.encode() if isinstance(body, str) else bytes(body or b"{}")
    if len(payload) > limit:
        raise RequestTooLargeException(
            f"{len(payload)} byte payload is too large for the invocation type (limit {limit} bytes)"
        )
    try:
        msgspec.json.decode(payload)
    except msgspec.DecodeError as error:
        raise InvalidRequestContentException(
            f"Could not parse request body into json: Could not parse payload into json: {error}"
        ) from error
    return payload
