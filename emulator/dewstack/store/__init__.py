"""Where state lives: typed values in SQLite, in memory or in a file that survives a crash.

A collection maps a key (a tuple of strings, by convention account and region first) to a frozen Struct.
Values are stored as JSON, so nothing read back can run code. What `put` returned from is on disk.
"""

from dewstack.store.collection import Collection
from dewstack.store.database import Store

__all__ = ["Collection", "Store"]
