"""AWS Security Token Service: who a caller is. Tools ask it before anything else."""

from typing import Any

from dewstack.config import Caller
from dewstack.wire import Handler, operation, operations_of


class SecurityTokens:
    """`operations` of the service `sts`. Local credentials are anybody's, so a caller is its account's root."""

    def __init__(self) -> None:
        self.operations: dict[str, Handler] = operations_of(self)

    @operation("GetCallerIdentity")
    async def get_caller_identity(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The account that the credentials name."""
        arn = f"arn:aws:iam::{caller.account_id}:root"
        return {"UserId": caller.account_id, "Account": caller.account_id, "Arn": arn}
