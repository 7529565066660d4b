"""What invokes functions without being asked by a client: schedules, event buses, buckets, topics."""

from dewstack.events.service import Events

__all__ = ["Events"]
