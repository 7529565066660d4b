"""Statistics by their names: of a summary to a number."""

import re
from collections.abc import Callable

from dewstack.cloudwatch.errors import InvalidParameterValue
from dewstack.errors import NotEmulated
from dewstack.metrics import Summary

Statistic = Callable[[Summary], float]

PLAIN: dict[str, Statistic] = {
    "SampleCount": lambda summary: summary.count,
    "Sum": lambda summary: summary.sum,
    "Average": lambda summary: summary.sum / summary.count,
    "Minimum": lambda summary: summary.least,
    "Maximum": lambda summary: summary.most,
}
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100)")
_OTHERS = re.compile(r"(tm|wm|tc|ts|pr|iqm)\d*.*", re.IGNORECASE)


def statistic(name: str) -> Statistic:
    """The statistic of a name: `Average`, `p99`. Raises InvalidParameterValue; NotEmulated for trimmed means and the
    like."""
    if name in PLAIN:
        return PLAIN[name]
    found = _PERCENTILE.fullmatch(name)
    if found:
        percent = float(found[1])
        return lambda summary: summary.percentile(percent)
    if _OTHERS.fullmatch(name):
        raise NotEmulated(
            f"statistic {name} is not emulated by dewstack: {', '.join(PLAIN)} and percentiles are"
        )
    raise InvalidParameterValue(f"The value {name} for parameter Stat is not supported.")
