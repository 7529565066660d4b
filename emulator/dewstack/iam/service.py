"""IAM as the rest of dewstack sees it. What judges is loaded with the first request that is to be judged: no start of
`dew up` waits for it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from dewstack.access import Principal, Refusal
from dewstack.clock import Clock
from dewstack.config import Caller, Config
from dewstack.http import Request
from dewstack.iam.credentials import Credential, Credentials
from dewstack.iam.model import Identity, Recorded
from dewstack.iam.sessions import role_session

if TYPE_CHECKING:
    from dewstack.iam.judging import Judging
    from dewstack.policies import Statement


class Sources(Struct, frozen=True):
    """Where IAM learns what it knows. Stacks' `records`; the `identity` and the policy `document` of an ARN and the
    `user_key` of an access key id, as IAM's own operations have made them; the `arn_of` what is called by its name,
    which only its service knows. `edition` differs after every change. All but the last two are not for the loop."""

    records: Callable[[], Iterable[Recorded]]
    identity: Callable[[str], Identity | None]
    document: Callable[[str], Any]
    edition: Callable[[], Any]
    user_key: Callable[[str], Credential | None]
    arn_of: Callable[[str, str, Caller], str | None]


class Iam:
    """Who holds which credentials, and what he may do: a `wire.Guard`, and by `authorize` an `access.Authorize`."""

    def __init__(self, clock: Clock, config: Config, sources: Sources) -> None:
        self._clock = clock
        self._config = config
        self._sources = sources
        self.credentials = Credentials(clock, sources.user_key)

    @cached_property
    def judging(self) -> "Judging":
        """What judges."""
        from dewstack.iam.judging import Judging

        return Judging(self._clock, self._config, self.credentials, self._sources)

    def environment_opened(self, function: str, role_arn: str, key: str, secret: str, token: str) -> None:
        """An execution environment has been given credentials of its role. Cheap; from any thread."""
        self.credentials.add(role_session(role_arn, function, key, secret, token, function=function))

    def environment_closed(self, key: str) -> None:
        """An environment has ended, and its credentials with it."""
        self.credentials.drop(key)

    def account_of(self, access_key_id: str | None) -> str | None:
        """The account of a function's or a session's credentials; None for anybody else's."""
        held = self.credentials.issued(access_key_id)
        return held.principal.account_id if held else None

    def holds(self, access_key_id: str | None) -> bool:
        """Whether `check` is about the holder of this key."""
        if self._config.iam == "off":
            return False
        return self.credentials.find(access_key_id) is not None or self.credentials.ended(access_key_id)

    async def check(
        self,
        request: Request,
        caller: Caller,
        service: tuple[str, str, str],
        operation: str,
        params: Mapping[str, Any],
    ) -> None:
        """Let a call pass, or say what AWS would. `service` is boto3's name, its signing name and its protocol.

        Raises an AwsError where `--iam enforce` is on; otherwise warns.
        """
        await self.judging.check(request, caller, service, operation, params)

    async def authorize(
        self,
        request: Request,
        action: str,
        resource: str,
        *,
        resource_policy: "Sequence[Statement]" = (),
        keys: Mapping[str, str] | None = None,
    ) -> Principal | Refusal:
        """Whoever signed `request`, if he may do `action` to the ARN `resource`; see `dewstack.access.Authorize`."""
        return await self.judging.authorize(
            request, action, resource, resource_policy=resource_policy, keys=keys
        )
