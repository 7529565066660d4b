"""What AWS charges: its price list as data, and pure functions from what ran to US dollars, exact to the last digit."""

from dewstack.billing.always_on import SERVERS, Server, break_even
from dewstack.billing.costs import invocation_cost, request_cost
from dewstack.billing.usage import Line, Usage, bill, scaled, total

__all__ = [
    "SERVERS",
    "Line",
    "Server",
    "Usage",
    "bill",
    "break_even",
    "invocation_cost",
    "request_cost",
    "scaled",
    "total",
]
