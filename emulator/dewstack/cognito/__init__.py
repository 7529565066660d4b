"""Cognito user pools: who may sign in, and the tokens that say so."""

from dewstack.cognito.mail.mailbox import Mailbox
from dewstack.cognito.model import Message
from dewstack.cognito.service import Cognito

__all__ = ["Cognito", "Mailbox", "Message"]
