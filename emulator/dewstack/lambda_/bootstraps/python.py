"""dewstack's Python runtime: loads the handler, then serves one event after the other over the Runtime API.

It runs in the function's own process with the function's interpreter (3.9 or later), so it imports as little as
it can, and nothing of dewstack. The response and the request for the next event leave in one segment.
"""

from __future__ import annotations

import _socket
import json
import sys
import time
from os import environ

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dewstack.lambda_.bootstraps.dew_logging import LoggingSetup

if "_DEW_SPARE" in environ:  # the process came before its function: what follows is for that one
    sys.path.insert(0, __file__.rpartition("/")[0])
    from dew_spare import wait  # type: ignore[import-not-found,unused-ignore]

    del sys.path[0]
    wait()
    del wait

BASE = "/2018-06-01/runtime/"
POST = "POST {}{} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n{}Content-Length: {}\r\n\r\n"


class RuntimeClient:
    """One kept connection to the Runtime API."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self.address = address
        self.socket = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        self.socket.connect((host, int(port)))
        self.socket.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        self.next_request = f"GET {BASE}invocation/next HTTP/1.1\r\nHost: {address}\r\n\r\n".encode()
        self.buffer = b""

    def post(self, path: str, body: bytes, headers: str = "", then: bytes = b"") -> None:
        """Send a result, and the request `then` with it."""
        head = POST.format(BASE, path, self.address, headers, len(body)).encode()
        self.socket.sendall(head + body + then)

    def read_answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer: status, headers by lower-case name, body."""
        while True:
            end = self.buffer.find(b"\r\n\r\n")
            if end >= 0:
                break
            self._receive()
        status, *lines = self.buffer[:end].decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        size = end + 4 + int(headers.get("content-length", 0))
        while len(self.buffer) < size:
            self._receive()
        body = self.buffer[end + 4 : size]
        self.buffer = self.buffer[size:]
        return int(status.split(" ", 2)[1]), headers, body

    def _receive(self) -> None:
        data = self.socket.recv(262144)
        if not data:
            sys.exit(0)  # the emulator has gone
        self.buffer += data


class Attributes:
    """A mobile SDK's JSON, read by attribute; what was not sent is None."""

    def __init__(self, values: dict[str, Any] | None, *names: str) -> None:
        for name in names:
            setattr(self, name, (values or {}).get(name))


class LambdaContext:
    """The handler's second argument, with the attributes AWS documents."""

    function_name = environ.get("AWS_LAMBDA_FUNCTION_NAME")
    function_version = environ.get("AWS_LAMBDA_FUNCTION_VERSION")
    memory_limit_in_mb = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    log_group_name = environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
    log_stream_name = environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
    tenant_id = None

    def __init__(self, headers: dict[str, str]) -> None:
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self._deadline_ms = int(headers.get("lambda-runtime-deadline-ms", 0))
        self.client_context = client_context(headers.get("lambda-runtime-client-context"))
        identity = json.loads(headers.get("lambda-runtime-cognito-identity", "{}"))
        self.identity = Attributes(
            {
                "cognito_identity_id": identity.get("cognitoIdentityId"),
                "cognito_identity_pool_id": identity.get("cognitoIdentityPoolId"),
            },
            "cognito_identity_id",
            "cognito_identity_pool_id",
        )

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message: object) -> None:
        """Write to the function's log."""
        sys.stdout.write(str(message))


def client_context(header: str | None) -> Attributes | None:
    """What a mobile SDK sent along with its invocation."""
    if not header:
        return None
    values = json.loads(header)
    context = Attributes(values, "custom", "env")
    context.client = Attributes(  # type: ignore[attr-defined]
        values.get("client"),
        "installation_id",
        "app_title",
        "app_version_name",
        "app_version_code",
        "app_package_name",
    )
    return context


class Fault(Exception):
    """A function that cannot be loaded or understood, by Lambda's own error type."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.trace = trace or []


def load_handler(spec: str) -> Callable[[Any, LambdaContext], Any]:
    """Import `path/to/module.function`. Raises Fault, or whatever the module raises."""
    from importlib import import_module

    name, dot, function = spec.rpartition(".")
    if not dot:
        message = f"Bad handler '{spec}': not enough values to unpack (expected 2, got 1)"
        raise Fault("Runtime.MalformedHandlerName", message)
    if name.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", f"Cannot use built-in module {name} as a handler module")
    try:
        module = import_module(name.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{name}': {error}") from error
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise Fault(
            "Runtime.UserCodeSyntaxError", f"Syntax error in module '{name}': {error}", trace
        ) from error
    try:
        return getattr(module, function)  # type: ignore[no-any-return]
    except AttributeError as error:
        raise Fault("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{name}'") from error


def describe(error: BaseException, request_id: str) -> tuple[dict[str, Any], str]:
    """The error body and the X-Ray cause of an exception, as the official runtime words them."""
    import traceback

    if isinstance(error, Fault):
        kind, stack, frames = error.kind, error.trace, []
    else:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
        kind, stack = type(error).__name__, traceback.format_list(frames)
    body = {"errorMessage": str(error), "errorType": kind, "requestId": request_id, "stackTrace": stack}
    trace = [{"label": f.name, "path": f.filename, "line": f.lineno} for f in frames]
    cause = {
        "working_directory": environ.get("PWD", ""),
        "exceptions": [{"message": str(error), "type": kind, "stack": trace}],
        "paths": sorted({f.filename for f in frames}),
    }
    return body, json.dumps(cause)


def report(client: RuntimeClient, path: str, error: BaseException, request_id: str, then: bytes) -> None:
    """Log an exception and post it."""
    from dew_logging import log_error  # type: ignore[import-not-found,unused-ignore]

    body, cause = describe(error, request_id)
    log_error(body)
    headers = (
        f"Lambda-Runtime-Function-Error-Type: {body['errorType']}\r\n"
        f"Lambda-Runtime-Function-XRay-Error-Cause: {cause}\r\n"
    )
    client.post(path, json.dumps(body).encode(), headers, then)


def encode_decimal(value: object) -> float:
    """json's callback: a Decimal, which DynamoDB gives, becomes a number."""
    if type(value).__name__ == "Decimal":
        return float(value)  # type: ignore[arg-type]
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def call(handler: Callable[[Any, LambdaContext], Any], headers: dict[str, str], body: bytes) -> bytes:
    """Run the handler on one event; its response as JSON."""
    try:
        event = json.loads(body)
    except ValueError as error:
        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error
    response = handler(event, LambdaContext(headers))
    try:
        return json.dumps(response, default=encode_decimal).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def serve(client: RuntimeClient, handler: Callable[[Any, LambdaContext], Any], setup: LoggingSetup) -> None:
    """One event after the other, until the emulator hangs up."""
    stdout = sys.stdout  # a handler may put something else there
    client.socket.sendall(client.next_request)
    while True:
        status, headers, body = client.read_answer()
        request_id = headers.get("lambda-runtime-aws-request-id")
        if request_id is None:
            if status in (400, 403):
                sys.exit(f"the Runtime API answered {status}: {body.decode()}")
            continue  # the answer to our last result
        setup.request_id = request_id
        if "lambda-runtime-trace-id" in headers:
            environ["_X_AMZN_TRACE_ID"] = headers["lambda-runtime-trace-id"]
        try:
            result = call(handler, headers, body)
        except Exception as error:
            report(client, f"invocation/{request_id}/error", error, request_id, client.next_request)
        else:
            stdout.flush()
            client.post(f"invocation/{request_id}/response", result, "", client.next_request)


def prepare_interpreter() -> LoggingSetup:
    """What a function on AWS finds: its paths first, `exit`, a line-buffered log."""
    import builtins
    from _sitebuiltins import Quitter

    sys.path.insert(0, __file__.rpartition("/")[0])
    from dew_imports import keep_no_bytecode_of, when_imported  # type: ignore[import-not-found,unused-ignore]
    from dew_logging import LoggingSetup  # type: ignore[import-not-found,unused-ignore]

    if led := environ.pop("_DEW_AWS", ""):
        from dew_interception import Interception  # type: ignore[import-not-found,unused-ignore]

        Interception(*led.split()).install()
    del sys.path[0]
    builtins.exit, builtins.quit = Quitter("exit", ""), Quitter("quit", "")
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    layers = environ.pop("_DEW_LAYER_PATH", "")
    paths = [environ["LAMBDA_TASK_ROOT"], *layers.split(":"), environ["LAMBDA_RUNTIME_DIR"]]
    paths += environ.get("PYTHONPATH", "").split(":")
    sys.path[:0] = dict.fromkeys(path for path in paths if path)
    if sys.pycache_prefix:
        keep_no_bytecode_of(environ["LAMBDA_TASK_ROOT"])
    setup = LoggingSetup(environ.get("AWS_LAMBDA_LOG_FORMAT", ""), environ.get("AWS_LAMBDA_LOG_LEVEL", ""))
    when_imported("logging", setup.install)
    return setup  # type: ignore[no-any-return]


def main() -> None:
    """Load the handler and serve; a handler that does not load is reported to the Runtime API."""
    setup = prepare_interpreter()
    client = RuntimeClient(environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = load_handler(environ["_HANDLER"])
    except Exception as error:
        report(client, "init/error", error, "", b"")
        client.read_answer()
        sys.exit(1)
    serve(client, handler, setup)


if __name__ == "__main__":
    main()
