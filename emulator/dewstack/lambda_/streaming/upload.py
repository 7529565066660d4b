"""A response that a runtime streams to the Runtime API: chunks, and perhaps an error in the trailers behind them.

The page "Building a custom runtime" of Lambda's developer guide has the contract: the header
`Lambda-Runtime-Function-Response-Mode: streaming`, chunks, and for an error in the middle the trailers
`Lambda-Runtime-Function-Error-Type` and `-Body`, the latter in base64.
"""

import base64
import binascii

import msgspec

from dewstack.lambda_.streaming.response_stream import ResponseStream, Source

MODE_NAME, STREAMING = b"lambda-runtime-function-response-mode", b"streaming"
MODE_NAME_LENGTH = len(MODE_NAME)
ERROR_TYPE, ERROR_BODY = b"lambda-runtime-function-error-type", b"lambda-runtime-function-error-body"


class Upload:
    """One streamed response as it arrives. Without a `stream` nobody reads meanwhile, and it is collected."""

    __slots__ = ("_error", "begun", "refused", "request_id", "stream", "too_large", "unfinished")

    def __init__(self) -> None:
        self.request_id = ""
        self.stream: ResponseStream | None = None
        self.begun = False
        self.unfinished = False
        self.refused = False
        self.too_large = False
        self._error: dict[bytes, bytes] = {}

    def begin(
        self, request_id: str, stream: ResponseStream | None, content_type: str, source: Source
    ) -> None:
        """The first piece has arrived."""
        self.begun = self.unfinished = True
        self.request_id = request_id
        self.stream = stream
        if stream is not None:
            stream.begin(content_type, source)

    def trailer(self, name: bytes, value: bytes) -> None:
        """Take note of an error; of other trailers, and of headers, nothing."""
        lower = name.lower()
        if lower in (ERROR_TYPE, ERROR_BODY):
            self._error[lower] = value

    @property
    def failed(self) -> bool:
        """Whether the function failed in the middle."""
        return bool(self._error)

    def error(self) -> bytes:
        """The error's payload: the one that the runtime sent, or one that names its type."""
        try:
            body = base64.b64decode(self._error.get(ERROR_BODY, b""), validate=True)
            if isinstance(msgspec.json.decode(body), dict):
                return body
        except (binascii.Error, ValueError, msgspec.DecodeError):
            pass
        kind = self._error.get(ERROR_TYPE, b"Runtime.Unknown").decode("latin-1")
        return msgspec.json.encode({"errorType": kind, "errorMessage": ""})
