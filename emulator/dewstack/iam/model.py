"""IAM's nouns as others have them."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field


class Recorded(Struct, frozen=True):
    """A resource of IAM as a stack has it; properties are resolved."""

    account_id: str
    type: str
    physical_id: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any]


class Identity(Struct, frozen=True):
    """A role or a user as IAM has it: documents of inline policies by name, ARNs of managed ones."""

    arn: str
    unique_id: str
    inline: Mapping[str, Any] = field(default_factory=dict)
    managed: tuple[str, ...] = ()
    boundary: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    trust: Any = None
