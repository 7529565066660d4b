"""An event source mapping, as it is stored."""

from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, field

from dewstack.config import Caller

QUEUE, TABLE, STREAM = "sqs", "dynamodb", "kinesis"
READ = (QUEUE, TABLE, STREAM)
"""Services whose sources are read."""
NOTHING_YET = "No records processed"


class Mapping(Struct, frozen=True):
    """A function and where its events come from. Seconds; -1 is without end."""

    uuid: str
    account_id: str
    region: str
    source_arn: str
    function_arn: str
    created: float
    modified: float
    enabled: bool = True
    batch_size: int = 10
    window: float = 0
    tumbling: int = 0
    """How long a tumbling window is; 0 is without."""
    starting_position: str = ""
    starting_timestamp: float | None = None
    retries: int = -1
    record_age: int = -1
    bisects: bool = False
    parallelization: int = 1
    concurrency: int | None = None
    """The most batches of a queue at a time."""
    on_failure: str = ""
    filters: tuple[str, ...] = ()
    response_types: tuple[str, ...] = ()
    extras: dict[str, Any] = field(default_factory=dict)
    """What is kept and told, and acts on nothing."""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """Where it is stored."""
        return self.account_id, self.region, self.uuid

    @property
    def kind(self) -> str:
        """The source's service."""
        return self.source_arn.split(":")[2]

    @property
    def owner(self) -> Caller:
        """In whose name the source is read."""
        _, _, _, region, account, _ = self.source_arn.split(":", 5)
        return Caller(account or self.account_id, region or self.region)

    @property
    def reports_failures(self) -> bool:
        """Whether the function says which items of a batch failed."""
        return "ReportBatchItemFailures" in self.response_types


class Result(Struct, frozen=True):
    """What became of an invocation: whether it succeeded, and the items that are to come again."""

    succeeded: bool
    failed: tuple[str, ...] = ()
    function_error: str = ""
    request_id: str = ""
    version: str = ""
    state: Any = None
    """What the function hands to the next invocation of its window."""


class Window(Struct):
    """A tumbling window of a shard, from `start` to before `end` (seconds since the epoch), and its state so far."""

    start: int
    end: int
    shard: str
    source_arn: str
    state: Any = field(default_factory=dict)
    early: bool = False

    def members(self, *, final: bool = False) -> dict[str, Any]:
        """What its events have beside their records."""
        start, end = (
            datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in (self.start, self.end)
        )
        return {
            "window": {"start": start, "end": end},
            "state": self.state,
            "shardId": self.shard,
            "eventSourceARN": self.source_arn,
            "isFinalInvokeForWindow": final,
            "isWindowTerminatedEarly": self.early,
        }
