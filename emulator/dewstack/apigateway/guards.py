"""Who may come in by his AWS credentials, and which functions let APIs in: asked of other services."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from dewstack.access import Authorize

Permits = Callable[[str, str], bool]
"""Whether the policy of the function with this ARN lets API Gateway invoke it for an API's ARN. Asked when an API is
compiled, not for the loop."""


def anybody(function: str, source: str) -> bool:
    """The permissions of functions that have no policies."""
    return True


class Guards(Struct, frozen=True):
    """`authorize` decides on signed requests; without it nobody passes AWS_IAM."""

    authorize: "Authorize | None" = None
    permits: Permits = anybody


UNGUARDED = Guards()
