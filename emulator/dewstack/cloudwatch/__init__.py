"""CloudWatch's metrics: what functions and routes do, and what handlers report themselves."""

from dewstack.cloudwatch.embedded import MeteredStream
from dewstack.cloudwatch.overview import Overview
from dewstack.cloudwatch.service import CloudWatch

__all__ = ["CloudWatch", "MeteredStream", "Overview"]
