"""The Lambda Runtime API, as a runtime sees it at AWS_LAMBDA_RUNTIME_API: one small HTTP server per environment.

Base path `/2018-06-01`; `GET /runtime/invocation/next` blocks until there is an event. Answers to pipelined
requests that end in `next` are held back and leave together with the event, in one segment: our own bootstraps
send `response` and the next `next` together, and so wake up once per invocation.
"""

import asyncio
from typing import Protocol, cast

import httptools

from dewstack.lambda_.extensions.calls import NO_TELEMETRY, TELEMETRY, Call
from dewstack.lambda_.model import Invocation
from dewstack.lambda_.streaming.response_stream import ResponseStream
from dewstack.lambda_.streaming.upload import MODE_NAME, MODE_NAME_LENGTH, STREAMING, Upload
from dewstack.parsing import Http2Offers

BASE = b"/2018-06-01/runtime/"
NEXT = BASE + b"invocation/next"
MAX_RESPONSE_BYTES = 6_291_556
SHORTEST_EXTENSION_HEADER = 20

ACCEPTED = b'{"status":"OK"}'


def http_answer(status: bytes, body: bytes) -> bytes:
    """One HTTP/1.1 answer with a JSON body."""
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        len(body),
        body,
    )


OK_202 = http_answer(b"202 Accepted", ACCEPTED)
PONG = http_answer(b"200 OK", b'"pong"')
INVALID_REQUEST_ID = http_answer(
    b"400 Bad Request", b'{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}'
)
INVALID_STATE = http_answer(
    b"403 Forbidden",
    b'{"errorMessage":"State transition is not allowed","errorType":"InvalidStateTransition"}',
)
TOO_LARGE = http_answer(
    b"413 Request Entity Too Large",
    b'{"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}',
)
NOT_FOUND = http_answer(b"404 Not Found", b'{"errorMessage":"Not Found","errorType":"NotFound"}')


class RuntimeState(Protocol):
    """What the environment behind the server decides. Each method says whether the call was in order."""

    def ready_for_next(self, connection: "RuntimeApi") -> bool:
        """The runtime asks for an event."""

    def connection_lost(self, connection: "RuntimeApi") -> None:
        """The runtime hung up."""

    def responded(self, request_id: str, body: bytes) -> bool:
        """The function returned."""

    def failed(self, request_id: str, body: bytes) -> bool:
        """The function raised."""

    def init_failed(self, body: bytes) -> bool:
        """The runtime could not load the function."""

    def response_too_large(self, request_id: str) -> bool:
        """The function returned more than Lambda hands on."""

    def response_stream(self, request_id: str) -> ResponseStream | None:
        """The function begins to stream its response: who reads it meanwhile, if somebody does."""

    def response_cut(self, request_id: str) -> None:
        """The runtime hung up in the middle of a response."""

    def extension_call(self, call: Call, connection: "RuntimeApi") -> bytes:
        """What an extension asks for: the answer, or nothing while it waits for an event."""


class RuntimeApi(asyncio.Protocol):
    """One connection of a runtime."""

    __slots__ = (
        "_body",
        "_extension",
        "_foreign",
        "_hung_up",
        "_out",
        "_overhear",
        "_parser",
        "_size",
        "_state",
        "_transport",
        "_type",
        "_upload",
        "_url",
        "_waiting",
    )

    def __init__(self, state: RuntimeState) -> None:
        self._state = state
        self._parser = httptools.HttpRequestParser(self)
        self._overhear = Http2Offers().overhear
        self._transport: asyncio.Transport | None = None
        self._hung_up = False
        self._out: list[bytes] = []
        self._waiting = False
        self._foreign = False
        self._extension: dict[str, str] = {}
        self._url = b""
        self._body: list[bytes] = []
        self._size = 0
        self._type = b""
        self._upload: Upload | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's callback."""
        self._transport = cast(asyncio.Transport, transport)
        if self._hung_up:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio's callback."""
        if self._upload is not None and self._upload.unfinished:
            self._state.response_cut(self._upload.request_id)
        self._state.connection_lost(self)

    def data_received(self, data: bytes) -> None:
        """asyncio's callback: feed the parser, then send what is not held for the next event."""
        try:
            self._parser.feed_data(self._overhear(data))
        except httptools.HttpParserError:
            self._out.append(http_answer(b"400 Bad Request", b"{}"))
            self._flush()
            self.close()
            return
        if self._out and not self._waiting:
            self._flush()

    def on_message_begin(self) -> None:
        """httptools' callback."""
        self._url = b""
        self._body = []
        self._size = 0
        self._type = b""
        self._upload = None
        self._extension.clear()

    def on_url(self, url: bytes) -> None:
        """httptools' callback."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """httptools' callback, for trailers too. A browser's page has no business here."""
        size = len(name)
        if size == 6 and name.lower() == b"origin":
            self._foreign = True
            self.close()
        elif size == 12 and name.lower() == b"content-type":
            self._type = value
        elif size == MODE_NAME_LENGTH and value == STREAMING and name.lower() == MODE_NAME:
            self._upload = Upload()
        elif self._upload is not None:
            self._upload.trailer(name, value)
        elif size > SHORTEST_EXTENSION_HEADER and name[:1] in b"Ll":
            self._extension[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        """httptools' callback; what is over the limit is counted, not kept."""
        if self._upload is not None and self._streamed(self._upload, body):
            return
        self._size += len(body)
        if self._size <= MAX_RESPONSE_BYTES:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """httptools' callback: one request is whole."""
        if self._foreign:
            return
        if self._url == NEXT:
            if self._state.ready_for_next(self):
                return
            self._out.append(INVALID_STATE)
        else:
            self._out.append(self._answer())

    def _streamed(self, upload: Upload, body: bytes) -> bool:
        """Hand on a piece of a streamed response. False where nobody reads meanwhile: it is collected."""
        if not upload.begun:
            match self._url.removeprefix(BASE).decode("latin-1").split("/"):
                case ["invocation", request_id, "response"] if self._transport is not None:
                    stream = self._state.response_stream(request_id)
                    upload.begin(request_id, stream, self._type.decode("latin-1"), self._transport)
        if upload.stream is None:
            return False
        if not upload.stream.feed(body) and not upload.refused:
            upload.refused = True
            if not upload.stream.closed:
                upload.too_large = self._state.response_too_large(upload.request_id)
        return True

    def _answer_upload(self, upload: Upload) -> bytes | None:
        """The answer to a response that was streamed; None for one that was collected without an error."""
        if not upload.begun:
            self._streamed(upload, b"")
        if not upload.begun:
            return None  # it is about something else
        upload.unfinished = False
        if upload.refused:
            return TOO_LARGE if upload.too_large else INVALID_REQUEST_ID
        if upload.failed:
            done = self._state.failed(upload.request_id, upload.error())
        elif upload.stream is not None:
            done = self._state.responded(upload.request_id, b"")
        else:
            return None
        return OK_202 if done else INVALID_REQUEST_ID

    def _answer(self) -> bytes:
        if self._upload is not None:
            answer = self._answer_upload(self._upload)
            if answer is not None:
                return answer
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        parts = self._url.removeprefix(BASE).decode("latin-1").split("/")
        match parts:
            case ["invocation", request_id, "response"]:
                if self._size > MAX_RESPONSE_BYTES:
                    return TOO_LARGE if self._state.response_too_large(request_id) else INVALID_REQUEST_ID
                return OK_202 if self._state.responded(request_id, body) else INVALID_REQUEST_ID
            case ["invocation", request_id, "error"]:
                return OK_202 if self._state.failed(request_id, body) else INVALID_REQUEST_ID
            case ["init", "error"]:
                return OK_202 if self._state.init_failed(body) else INVALID_STATE
            case ["", "2020-01-01", "extension", *rest]:
                return self._state.extension_call(self._call("/".join(rest), body), self)
            case _:
                return self._answer_else()

    def _answer_else(self) -> bytes:
        if self._url in TELEMETRY:
            return NO_TELEMETRY
        return PONG if self._url.endswith(b"/ping") else NOT_FOUND

    def _call(self, path: str, body: bytes) -> Call:
        head = self._extension.get
        return Call(
            path, head("lambda-extension-name", ""), head("lambda-extension-identifier", ""), body=body
        )

    def reply(self, response: bytes) -> None:
        """Answer a request that was held open, of an extension."""
        self._out.append(response)
        self._flush()

    def wait(self) -> None:
        """Hold `next` open: the event will come through `deliver`."""
        self._waiting = True

    def deliver(self, invocation: Invocation, deadline_ms: int) -> None:
        """Answer the waiting `next` with an event. `deadline_ms` is epoch milliseconds."""
        context = (
            f"Lambda-Runtime-Client-Context: {invocation.client_context}\r\n"
            if invocation.client_context
            else ""
        )
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f"Lambda-Runtime-Aws-Request-Id: {invocation.request_id}\r\n"
            f"Lambda-Runtime-Deadline-Ms: {deadline_ms}\r\n"
            f"Lambda-Runtime-Invoked-Function-Arn: {invocation.arn}\r\n"
            f"Lambda-Runtime-Trace-Id: {invocation.trace_id}\r\n{context}"
            f"Content-Length: {len(invocation.payload)}\r\n\r\n"
        )
        self._waiting = False
        self._out.append(head.encode("latin-1"))
        self._out.append(invocation.payload)
        self._flush()

    def _flush(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def close(self) -> None:
        """Hang up once everything is sent."""
        if self._transport is not None:
            self._transport.close()

    def hang_up(self) -> None:
        """Hang up at once, whatever is still to be sent, and also if the connection is only being made."""
        self._hung_up = True
        if self._transport is not None:
            self._transport.abort()
