"""Buses and rules, as they are kept. Targets have boto3's member names."""

from typing import Any

from msgspec import Struct, field

DEFAULT_BUS = "default"


class EventBus(Struct, frozen=True):
    """A custom bus, or the default one."""

    account_id: str
    region: str
    name: str
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    statements: dict[str, dict[str, Any]] = field(default_factory=dict)
    created: float = 0.0

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:events:{self.region}:{self.account_id}:event-bus/{self.name}"


class Rule(Struct, frozen=True):
    """A rule of a bus: a pattern (JSON), a schedule, or both. `created` is in seconds since the epoch."""

    account_id: str
    region: str
    bus: str
    name: str
    pattern: str = ""
    schedule: str = ""
    enabled: bool = True
    description: str = ""
    role: str = ""
    created: float = 0.0
    tags: dict[str, str] = field(default_factory=dict)
    targets: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is kept under."""
        return self.account_id, self.region, self.bus, self.name

    @property
    def arn(self) -> str:
        """Its ARN; the default bus has no name in it."""
        path = self.name if self.bus == DEFAULT_BUS else f"{self.bus}/{self.name}"
        return f"arn:aws:events:{self.region}:{self.account_id}:rule/{path}"
