"""The local mailbox: it stands where Amazon SES and SNS would deliver a user pool's messages."""

from collections.abc import Callable
from typing import Literal

from dewstack.clock import Clock
from dewstack.cognito.model import Message
from dewstack.store import Store

CAPACITY = 1000
SENDER = "no-reply@verificationemail.com"
"""Who AWS's messages come from where a pool names nobody."""


class Mailbox:
    """The last messages that were sent, kept in the store so that they survive a restart."""

    def __init__(self, store: Store, clock: Clock, capacity: int = CAPACITY) -> None:
        self._store = store
        self._messages = store.collection("cognito-idp.mailbox", Message)
        self._clock = clock
        self._capacity = capacity
        self._last: int | None = None
        self.edition = 0
        """Another one after each change."""
        self.relay: Callable[[Message], None] | None = None
        """Gets a copy of each message, to send it out of the machine. It must neither wait nor fail."""

    def messages(self, to: str | None = None) -> list[Message]:
        """Messages, oldest first; only those to one address or number (any case) when `to` is given."""
        messages = self._messages.scan()
        return messages if to is None else [m for m in messages if m.to.lower() == to.lower()]

    def deliver(
        self,
        to: str,
        medium: Literal["EMAIL", "SMS"],
        subject: str,
        body: str,
        code: str,
        *,
        sender: str = "",
        reply_to: str = "",
    ) -> Message:
        """Put a message into the mailbox. The oldest goes when there are too many."""
        with self._store.transaction():
            if self._last is None:
                self._last = max((int(key[0]) for key, _ in self._messages.items()), default=0)
            self._last += 1
            message = Message(
                id=f"{self._last:012d}",
                to=to,
                medium=medium,
                subject=subject if medium == "EMAIL" else "",
                body=body,
                code=code,
                sent_at=self._clock.time(),
                sender=(sender or SENDER) if medium == "EMAIL" else "",
                reply_to=reply_to if medium == "EMAIL" else "",
            )
            self._messages.put(message, message.id)
            self._messages.delete(f"{self._last - self._capacity:012d}")
        self.edition += 1
        if self.relay is not None:
            self.relay(message)
        return message

    def clear(self) -> None:
        """Throw everything away; ids go on where they were."""
        self._messages.clear()
        self.edition += 1
