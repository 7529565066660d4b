"""What invokes functions without being asked by a client: schedules, event buses, buckets, topics."""

from dewstack.events.service import Events
from dewstack.events.subscriptions import LogSource

__all__ = ["Events", "LogSource"]
