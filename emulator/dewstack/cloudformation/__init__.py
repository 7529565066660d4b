"""CloudFormation: templates become resources of the other services, in order, and go back when one fails."""

from dewstack.cloudformation.service import CloudFormation

__all__ = ["CloudFormation"]
