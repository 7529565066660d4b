"""Access logs: a line in CloudWatch Logs for every request, in the words that a stage gives for it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
"""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from dewstack.arn import Arn
from dewstack.config import Caller

log = logging.getLogger(__name__)

VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)")
ABSENT = "-"
"""What stands for a variable without a value."""
WITHOUT_VALUE = (None, "")


class LogStream(Protocol):
    """Where lines go."""

    def append(self, timestamp_ms: int, message: str) -> None:
        """Write a line, without waiting."""


OpenStream = Callable[[str, str, Caller], LogStream]
"""Opens the stream of a log group, both by name, in an account and region."""


class AccessLog:
    """The log of one stage: `format` with its `$context` variables, and the stream that lines go to."""

    def __init__(self, form: str, stream: LogStream) -> None:
        pieces = VARIABLE.split(form)
        self._texts = pieces[::2]
        self._variables = [name.split(".") for name in pieces[1::2]]
        self._stream = stream

    def write(self, context: Mapping[str, Any], time: float) -> None:
        """Write the line of a request that came at `time` (seconds since the epoch). `context` is `$context`."""
        line = [self._texts[0]]
        for path, text in zip(self._variables, self._texts[1:], strict=True):
            line += (_value(context, path), text)
        self._stream.append(int(time * 1000), "".join(line))


def open_log(
    open_stream: OpenStream | None, destination: str | None, form: str | None, api_id: str, stage: str
) -> AccessLog | None:
    """The log that a stage's settings ask for, if they do. One elsewhere than in CloudWatch Logs is not written, which
    is said."""
    if open_stream is None or not destination or not form:
        return None
    try:
        arn = Arn.parse(destination)
    except ValueError:
        arn = None
    if arn is None or arn.service != "logs" or not arn.resource.startswith("log-group:"):
        log.warning(
            "stage %s of API %s: its access log goes to %s, which is not written here: only log groups are",
            stage,
            api_id,
            destination,
        )
        return None
    group = arn.resource.removeprefix("log-group:").removesuffix(":*")
    name = hashlib.md5(f"{api_id}/{stage}".encode(), usedforsecurity=False).hexdigest()
    return AccessLog(form, open_stream(group, name, Caller(arn.account_id, arn.region)))


def _value(context: Mapping[str, Any], path: list[str]) -> str:
    found: Any = context
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    if found in WITHOUT_VALUE:
        return ABSENT
    if isinstance(found, str):
        return found
    return json.dumps(found, separators=(",", ":"), default=str)
