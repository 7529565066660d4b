"""Signing in: a flow begins it, challenges go on with it, tokens end it."""

from dewstack.cognito.signin.operations import SignIns

__all__ = ["SignIns"]
