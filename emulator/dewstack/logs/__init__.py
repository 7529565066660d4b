"""CloudWatch Logs."""

from dewstack.logs.follow import LogEvent
from dewstack.logs.service import Logs, LogStream

__all__ = ["LogEvent", "LogStream", "Logs"]
