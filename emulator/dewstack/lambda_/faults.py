"""What Lambda answers when a function does not: time-outs, processes that end, runtimes that do not start.

The texts are as recorded on AWS (2025).
"""

import signal
import time

import msgspec

TOO_LARGE = (
    b'{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).",'
    b'"errorType":"Function.ResponseSizeTooLarge"}'
)
"""The payload for a response over 6 MB."""
CUT = (
    b'{"errorMessage":"The runtime closed its connection in the middle of a response",'
    b'"errorType":"Runtime.TruncatedResponse"}'
)
"""The payload for a streamed response whose end never came."""


NOT_STARTED = "Runtime.InvalidEntrypoint"
EXTENSION_CRASH = "Extension.Crash"
NO_RUNTIME = (EXTENSION_CRASH, "Runtime.ExitError", "Runtime.OutOfMemory", NOT_STARTED)
"""What Lambda itself says of a process, with the id of the request it was to serve."""


def error_body(error_type: str, message: str, request_id: str = "") -> bytes:
    """An error payload; with a request id in its message where AWS puts one."""
    text = f"RequestId: {request_id} Error: {message}" if request_id else message
    return msgspec.json.encode({"errorType": error_type, "errorMessage": text})


def error_type_of(body: bytes) -> str:
    """The `errorType` of a payload that a runtime posted."""
    try:
        kind = msgspec.json.decode(body).get("errorType")
    except (msgspec.DecodeError, AttributeError):
        return "Runtime.Unknown"
    return str(kind or "Runtime.Unknown")


def with_request_id(body: bytes, request_id: str) -> bytes:
    """An error payload of our own, told to one invocation."""
    error = msgspec.json.decode(body)
    return error_body(error["errorType"], error["errorMessage"], request_id)


def exit_line(body: bytes) -> str:
    """What the log says of a process that ended, given its payload."""
    error = msgspec.json.decode(body)
    return f"{error['errorMessage']}\n{error['errorType']}"


def exit_body(status: int, request_id: str = "", error_type: str = "") -> bytes:
    """The payload for a process that ended. `status`: an exit status, or a negative signal number. An extension's end
    is told as its own; everything else is the runtime's."""
    if error_type == EXTENSION_CRASH:
        told = f"exit status {status}" if status >= 0 else f"signal: {signal.strsignal(-status) or -status}"
        return error_body(EXTENSION_CRASH, told, request_id)
    reason = "Runtime exited without providing a reason"
    if status > 0:
        reason = f"Runtime exited with error: exit status {status}"
    elif status < 0:
        name = signal.strsignal(-status) or str(-status)
        reason = f"Runtime exited with error: signal: {name.lower()}"
    return error_body("Runtime.ExitError", reason, request_id)


def timeout_text(seconds: int) -> str:
    """What Lambda says of a task that took too long."""
    return f"Task timed out after {seconds:.2f} seconds"


def timeout_line(request_id: str, seconds: int) -> str:
    """The same in the log."""
    now = time.time()
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"
    return f"{at} {request_id} {timeout_text(seconds)}"
