"""What ran: a bounded record of every request at API Gateway and of every invocation of a function."""

from dewstack.recording.model import Exchanged, Filter, Invoked, Record
from dewstack.recording.recorder import Recorder
from dewstack.recording.shelf import Shelf

__all__ = ["Exchanged", "Filter", "Invoked", "Record", "Recorder", "Shelf"]
