"""How Lambda scales, without a clock and without code: the environments that AWS has for a stream of requests."""

from dewstack.simulate.arrivals import poisson, steady
from dewstack.simulate.retirement import Halving, IdleExpiry, Retirement
from dewstack.simulate.scaling import Limits, Moment, Report, Service, simulate

__all__ = [
    "Halving",
    "IdleExpiry",
    "Limits",
    "Moment",
    "Report",
    "Retirement",
    "Service",
    "poisson",
    "simulate",
    "steady",
]
