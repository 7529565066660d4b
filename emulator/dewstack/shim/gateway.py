"""What the gateway's own parts need while they serve in this process."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from msgspec import Struct

from dewstack.apigateway.jwks import KeySets
from dewstack.background import LoopThread
from dewstack.clock import Clock
from dewstack.shim.functions import Functions

T = TypeVar("T")
AUTHORIZER_SECONDS = 60.0


class Gateway(Struct, frozen=True):
    """The functions, the keys and the time.

    `issuer` gives a user pool's issuer by its ARN; `wait` runs an authorizer, which is asynchronous.
    """

    functions: Functions
    key_sets: KeySets
    clock: Clock
    account_id: str
    issuer: Callable[[str], str]
    loop: LoopThread

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives, or raises."""
        return self.loop.run(work, AUTHORIZER_SECONDS)
