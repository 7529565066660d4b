"""AWS Security Token Service: who a caller is, and temporary credentials of roles and users."""

from typing import Any

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.iam.credentials import Credential, root_of
from dewstack.iam.service import Iam
from dewstack.wire import Handler, operation, operations_of


class SecurityTokens:
    """`operations` of the service `sts`. Whoever has no known credentials is the developer: the account's root."""

    def __init__(self, iam: Iam, clock: Clock, *, enforced: bool) -> None:
        self._iam = iam
        self._clock = clock
        self._enforced = enforced
        self.operations: dict[str, Handler] = operations_of(self)

    @operation("GetCallerIdentity")
    async def get_caller_identity(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Whose the credentials are."""
        credential = self._credential(caller)
        principal = credential.principal
        user_id = principal.user_id
        if principal.kind != "developer":
            known = await self._iam.judging.known(credential.role_arn or principal.arn)
            user_id = self._iam.judging.user_id(credential, known)
        return {"UserId": user_id, "Account": principal.account_id, "Arn": principal.arn}

    @operation("GetAccessKeyInfo")
    def get_access_key_info(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The account that a key belongs to."""
        credential = self._iam.credentials.find(params["AccessKeyId"])
        return {"Account": credential.principal.account_id if credential else caller.account_id}

    @operation("AssumeRole")
    async def assume_role(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Credentials of a role, for whom it trusts. Raises AccessDenied, MalformedPolicyDocument."""
        from dewstack.iam.assuming import Assuming

        return await Assuming(self._iam, self._clock, enforced=self._enforced).assume_role(
            self._credential(caller), caller.region, params
        )

    @operation("GetSessionToken")
    async def get_session_token(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Temporary credentials of whoever asks. Raises AccessDenied."""
        from dewstack.iam.assuming import Assuming

        return Assuming(self._iam, self._clock, enforced=self._enforced).session_token(
            self._credential(caller), params
        )

    def _credential(self, caller: Caller) -> Credential:
        found = self._iam.credentials.find(caller.access_key_id)
        return found or Credential("", "", root_of(caller.account_id, caller.access_key_id or ""))
