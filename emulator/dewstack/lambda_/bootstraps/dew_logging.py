"""Python's `logging` as Lambda sets it up; for the runtime in `python.py`, in the function's own process."""

from __future__ import annotations

import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class LoggingSetup:
    """Gives the root logger Lambda's handler and format."""

    request_id = ""

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

        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(Formatter("[%(levelname)s]\t%(asctime)s\t%(aws_request_id)s\t%(message)s"))
        logging.root.addHandler(handler)
