"""Calling a user pool's triggers: the event of AWS's shape goes out, its `response` comes back."""

from typing import Any

from dewstack.cognito.model import UserPool
from dewstack.wire import Invoke


class Triggers:
    """The functions of all pools' LambdaConfig."""

    def __init__(self, invoke: Invoke | None) -> None:
        self._invoke = invoke

    def wants(self, pool: UserPool, name: str) -> bool:
        """Whether the pool has the trigger `name` (a member of LambdaConfig, such as `PreSignUp`)."""
        return bool(_function(pool, name))


def _function(pool: UserPool, name: str) -> Any:
    return (pool.settings.get("LambdaConfig") or {}).get(name)
