"""Python's `logging` as Lambda sets it up; for the runtime in `python.py`, in the function's own process."""

from __future__ import annotations

import json
import sys
import time
from os import environ

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LEVELS = {"TRACE": "NOTSET", "WARN": "WARNING", "FATAL": "CRITICAL"}
"""What Lambda calls otherwise than Python."""
OWN = frozenset(
    """name msg args levelname levelno pathname filename module exc_info exc_text stack_info lineno funcName created
    msecs relativeCreated thread threadName processName process aws_request_id tenant_id taskName message
    asctime""".split()
)
"""Attributes that every record has; any others were given by the function, and are told too."""


class LoggingSetup:
    """Gives the root logger Lambda's handler and format; JSON with the level, where `log_format` is `JSON`."""

    request_id = ""

    def __init__(self, log_format: str = "", level: str = "") -> None:
        self._json = log_format == "JSON"
        self._level = level

    def install(self, logging: Any) -> None:
        """Lines as `[INFO]\\t2026-01-01T00:00:00.000Z\\t<request id>\\tmessage`, one log event each."""
        setup = self

        class Formatter(logging.Formatter):  # type: ignore[misc]
            def format(self, record: Any) -> str:
                record.aws_request_id = setup.request_id
                return str(super().format(record)).replace("\n", "\r")

            def formatTime(self, record: Any, datefmt: Any = None) -> str:
                at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
                return f"{at}.{int(record.msecs):03d}Z"

        class JsonFormatter(logging.Formatter):  # type: ignore[misc]
            def format(self, record: Any) -> str:
                return setup.as_json(record)

        handler = logging.StreamHandler(sys.stdout)
        if self._json:
            handler.setFormatter(JsonFormatter())
            if self._level:
                logging.root.setLevel(LEVELS.get(self._level, self._level))
        else:
            handler.setFormatter(Formatter("[%(levelname)s]\t%(asctime)s\t%(aws_request_id)s\t%(message)s"))
        logging.root.addHandler(handler)

    def as_json(self, record: Any) -> str:
        """A record as AWS's runtime writes it."""
        line = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            **self._error(record),
            "requestId": self.request_id,
        }
        line.update((key, value) for key, value in vars(record).items() if key not in OWN)
        told = {key: value for key, value in line.items() if value is not None}
        return json.dumps(told, ensure_ascii=False, default=str)

    @staticmethod
    def _error(record: Any) -> dict[str, Any]:
        """What the record says of an exception."""
        if not record.exc_info or record.exc_info[0] is None:
            return {}
        import traceback

        kind, value, trace = record.exc_info
        return {
            "stackTrace": traceback.format_tb(trace),
            "errorType": kind.__name__,
            "errorMessage": str(value),
            "location": f"{record.pathname}:{record.funcName}:{record.lineno}",
        }


def log_error(body: dict[str, Any]) -> None:
    """One log event of several lines: joined by carriage returns, indented with no-break spaces, as on AWS; or JSON."""
    if environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        print(json.dumps({"timestamp": at, "log_level": "ERROR", **body}, ensure_ascii=False), flush=True)
        return
    lines = [f"[ERROR] {body['errorType']}: {body['errorMessage']}"]
    if body["stackTrace"]:
        lines.append("Traceback (most recent call last):")
    for line in "\n".join(body["stackTrace"]).splitlines():
        stripped = line.lstrip(" ")
        lines.append("\u00a0" * (len(line) - len(stripped)) + stripped)
    print("\r".join(lines).replace("\n", "\r"), flush=True)
