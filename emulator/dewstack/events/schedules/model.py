"""Schedules and groups of EventBridge Scheduler, as they are kept."""

from typing import Any

from msgspec import Struct, field

DEFAULT_GROUP = "default"


class ScheduleGroup(Struct, frozen=True):
    """A group of schedules. Times are seconds since the epoch."""

    account_id: str
    region: str
    name: str
    created: float = 0.0
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:scheduler:{self.region}:{self.account_id}:schedule-group/{self.name}"


class StoredSchedule(Struct, frozen=True):
    """A schedule. `target` has boto3's member names; times are seconds since the epoch."""

    account_id: str
    region: str
    group: str
    name: str
    expression: str
    target: dict[str, Any] = field(default_factory=dict)
    zone: str = "UTC"
    enabled: bool = True
    description: str = ""
    window: dict[str, Any] = field(default_factory=dict)
    begin: float | None = None
    end: float | None = None
    after_completion: str = "NONE"
    kms_key: str = ""
    created: float = 0.0
    modified: float = 0.0

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is kept under."""
        return self.account_id, self.region, self.group, self.name

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:scheduler:{self.region}:{self.account_id}:schedule/{self.group}/{self.name}"
