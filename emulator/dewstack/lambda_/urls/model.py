"""A function URL, as it is kept and as it is served."""

from typing import Any

from msgspec import Struct, field

from dewstack.arn import function_arn
from dewstack.ids import function_url_id


class FunctionUrl(Struct, frozen=True):
    """The URL of a function, or of one of its aliases. `cors` has AWS's member names; times are ISO 8601."""

    account_id: str
    region: str
    name: str
    qualifier: str
    auth_type: str
    invoke_mode: str = "BUFFERED"
    cors: dict[str, Any] = field(default_factory=dict)
    created: str = ""
    modified: str = ""

    @property
    def url_id(self) -> str:
        """What its host begins with."""
        return function_url_id(self.account_id, self.region, self.name, self.qualifier)

    @property
    def arn(self) -> str:
        """Whom it invokes."""
        return function_arn(self.region, self.account_id, self.name, self.qualifier)


class ServedUrl(Struct, frozen=True):
    """A function URL with what the function's policy says of it: whether anybody may use it (AuthType NONE), and
    whether the statement is there that AWS asks for of URLs made since October 2025."""

    url: FunctionUrl
    public: bool
    invocable: bool
    statements: tuple[dict[str, Any], ...] = ()
