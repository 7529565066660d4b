"""One event in a log group."""

from collections.abc import Callable
from typing import NamedTuple

Text = str | Callable[[], str]


class Entry(NamedTuple):
    """One kept event. `sequence` counts within the group; a callable message is formatted when it is read."""

    timestamp_ms: int
    sequence: int
    ingestion_ms: int
    stream: str
    text: Text

    @property
    def message(self) -> str:
        """The message."""
        return self.text if isinstance(self.text, str) else self.text()

    @property
    def event_id(self) -> str:
        """56 digits, in the order of the events."""
        return f"{self.timestamp_ms:020d}{self.sequence:036d}"
