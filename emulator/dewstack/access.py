"""Who asks, and whether he may: what whoever guards a door by AWS credentials says of a request."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

from dewstack.http import Request

if TYPE_CHECKING:
    from dewstack.policies import Statement


class Principal(Struct, frozen=True):
    """Whoever signed a request: an assumed role, an IAM user, or the developer (the account's root)."""

    account_id: str
    arn: str
    user_id: str
    access_key_id: str
    kind: Literal["developer", "role", "user"] = "role"


class Refusal(Struct, frozen=True):
    """Why a request may not pass: AWS's name of the error, and its words. `explicitly` is a policy's Deny."""

    code: str
    message: str
    explicitly: bool = False


class Authorize(Protocol):
    """Decides on a signed request (`iam.Iam.authorize`). Call it on the loop."""

    async def __call__(
        self,
        request: Request,
        action: str,
        resource: str,
        *,
        resource_policy: "Sequence[Statement]" = (),
        keys: Mapping[str, str] = ...,
    ) -> Principal | Refusal:
        """Whoever signed `request`, if he may do `action` (`execute-api:Invoke`) to the ARN `resource`.

        `resource_policy` is the resource's own, of which statements about the caller count. `keys` are further
        condition keys, in lower case. The refusals' codes: MissingAuthenticationTokenException,
        IncompleteSignatureException, InvalidSignatureException, UnrecognizedClientException, ExpiredTokenException,
        AccessDeniedException.
        """
