"""Flask beside Lambda: one request as both see it, what each makes of it, and what differs."""

from dewstack.compare.comparison import Compared, Comparison
from dewstack.compare.differences import Difference

__all__ = ["Compared", "Comparison", "Difference"]
