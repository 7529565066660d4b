"""Event source mappings: functions that are invoked with what lies in queues and streams."""

from dewstack.events.sources.mappings import EventSources

__all__ = ["EventSources"]
