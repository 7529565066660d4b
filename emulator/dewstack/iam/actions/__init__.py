"""What a call to an AWS API needs: IAM's actions, each with the ARNs of the resources that it is on."""

from dewstack.iam.actions.asked import Ask, Asked, asked

__all__ = ["Ask", "Asked", "asked"]
