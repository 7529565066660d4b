"""What is kept of a service: containers (a table, a bucket), and the entries in them."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from dewstack.config import Caller

ALL = "*"
"""Instead of a key: any entry of the container may have changed."""
NONE = ""
"""Instead of a key: the container itself."""


class Touched(NamedTuple):
    """What an operation may have changed: an entry of a container by its key, or ALL, or NONE."""

    container: str
    key: str = NONE


class Call(Protocol):
    """Calls an operation of one service in boto3's shapes, for the account and region of `caller`."""

    @property
    def caller(self) -> Caller: ...

    def __call__(self, operation: str, /, **params: Any) -> dict[str, Any]:
        """Raises the AwsError that it answers."""


class Kind(Protocol):
    """How one service's data is read and written again, by its own operations."""

    writes: frozenset[str]
    """Operations after which something is to be kept."""
    regional: bool
    """Whether names are a region's own, not the whole account's."""

    def touched(self, operation: str, params: Mapping[str, Any], call: Call) -> Iterable[Touched]:
        """What an operation with these parameters (boto3's, or the JSON of the request) may have changed."""

    def definition(self, call: Call, container: str) -> dict[str, Any] | None:
        """What a container is made of; None when there is none."""

    def keys(self, call: Call, container: str) -> Iterable[str]:
        """The keys of all its entries."""

    def entry(self, call: Call, container: str, key: str) -> dict[str, Any] | None:
        """An entry as it is now; None when there is none. Bytes may be among its values."""

    def restore(
        self, call: Call, container: str, definition: dict[str, Any], entries: Iterable[dict[str, Any]]
    ) -> None:
        """Have a container, made again if nobody has, with these entries."""
