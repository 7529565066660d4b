"""The AWS wire protocols, out of botocore's service models, and the table of the operations we offer."""

from dewstack.wire.api import AwsApi
from dewstack.wire.operation import (
    Call,
    Handler,
    Invoke,
    InvokeResult,
    InvokeStreaming,
    StreamedResult,
    operation,
    operations_of,
)

__all__ = [
    "AwsApi",
    "Call",
    "Handler",
    "Invoke",
    "InvokeResult",
    "InvokeStreaming",
    "StreamedResult",
    "operation",
    "operations_of",
]
