"""What happened how often and how long it took: the figures that CloudWatch has of functions and routes, and others.

Figures are kept by the minute, for a day, in memory.
"""

from dewstack.metrics.meters import COUNT, MILLISECONDS, NONE, Columns, Fact, Meter, Metrics
from dewstack.metrics.series import MINUTE, Dimensions, Series, Summary

__all__ = [
    "COUNT",
    "MILLISECONDS",
    "MINUTE",
    "NONE",
    "Columns",
    "Dimensions",
    "Fact",
    "Meter",
    "Metrics",
    "Series",
    "Summary",
]
