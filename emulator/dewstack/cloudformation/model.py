"""What CloudFormation remembers: stacks, their resources, events and change sets.

All of it is stored, so an emulator that starts again goes on where the last one stopped.
"""

from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from dewstack.config import Caller

STACK = "AWS::CloudFormation::Stack"
"""The resource type under which a stack's own events are recorded."""


class Output(Struct, frozen=True):
    """One evaluated output of a stack."""

    key: str
    value: str
    description: str | None = None
    export_name: str | None = None


class Stack(Struct, frozen=True):
    """A stack: what was asked for (template, parameters) and how far it came (status). Times in seconds."""

    stack_id: str
    name: str
    account_id: str
    region: str
    status: str
    template: str
    """The template's text as it was sent."""
    created: float
    parameters: dict[str, str] = field(default_factory=dict)
    status_reason: str | None = None
    description: str | None = None
    updated: float | None = None
    deleted: float | None = None
    outputs: list[Output] = field(default_factory=list)
    imports: list[str] = field(default_factory=list)
    """Names of other stacks' exports that this one uses."""
    tags: dict[str, str] = field(default_factory=dict)
    capabilities: list[str] = field(default_factory=list)
    notification_arns: list[str] = field(default_factory=list)
    role_arn: str | None = None
    disable_rollback: bool = False
    termination_protection: bool = False
    timeout_minutes: int | None = None
    change_set_id: str | None = None
    processed: str = ""
    """The template's text after its macros, where it has any."""
    resolved: dict[str, str] = field(default_factory=dict)
    """Values of the parameters whose value is a name in the Parameter Store."""
    policy: str = ""
    """The stack policy, as JSON."""
    parent_id: str | None = None
    root_id: str | None = None

    @property
    def read_template(self) -> str:
        """The template's text as CloudFormation reads it."""
        return self.processed or self.template

    @property
    def caller(self) -> Caller:
        """On whose behalf the stack's resources are made."""
        return Caller(self.account_id, self.region)

    @property
    def busy(self) -> bool:
        """Whether an operation is under way. `REVIEW_IN_PROGRESS` only waits for its first change set."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"


class Resource(Struct, frozen=True):
    """A resource of a stack as it is now, with the resolved properties it was last given."""

    logical_id: str
    type: str
    status: str
    timestamp: float
    physical_id: str = ""
    properties: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    status_reason: str | None = None
    depends_on: list[str] = field(default_factory=list)
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"

    def noted(
        self,
        status: str,
        reason: str | None,
        timestamp: float,
        made: tuple[str, dict[str, Any]] | None = None,
    ) -> "Resource":
        """The resource in another status; with `made`, its id and attributes."""
        physical_id, attributes = made or (self.physical_id, self.attributes)
        return replace(
            self,
            status=status,
            status_reason=reason,
            timestamp=timestamp,
            physical_id=physical_id,
            attributes=attributes,
        )

    @property
    def exists(self) -> bool:
        """Whether something was made that a deletion would have to remove."""
        return bool(self.physical_id) and self.status != "DELETE_COMPLETE"


class StackEvent(Struct, frozen=True):
    """One line of a stack's history."""

    event_id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    timestamp: float
    reason: str | None = None
    properties: str | None = None
    token: str | None = None


class Change(Struct, frozen=True):
    """What an update would do to one resource. `replacement` is `True`, `False` or `Conditional`."""

    action: str
    logical_id: str
    type: str
    physical_id: str | None = None
    replacement: str | None = None
    details: list[dict[str, Any]] = field(default_factory=list)
    scope: list[str] = field(default_factory=list)


class Request(Struct, frozen=True):
    """The template and everything beside it that CreateStack, UpdateStack and CreateChangeSet share."""

    template: str
    parameters: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    capabilities: list[str] = field(default_factory=list)
    notification_arns: list[str] = field(default_factory=list)
    role_arn: str | None = None
    token: str | None = None
    processed: str = ""
    """The template after its macros, where it has any."""
    resolved: dict[str, str] = field(default_factory=dict)
    policy: str = ""
    """The stack policy that holds for this operation, and for a new stack from then on."""
    lasting_policy: str = ""
    """The stack policy that holds from this operation on."""

    @property
    def read_template(self) -> str:
        """The template's text as CloudFormation reads it."""
        return self.processed or self.template


class ChangeSet(Struct, frozen=True):
    """A recorded intention: the request and the changes it amounts to."""

    change_set_id: str
    name: str
    stack_id: str
    stack_name: str
    kind: str
    """`CREATE` or `UPDATE`."""
    status: str
    execution_status: str
    request: Request
    created: float
    status_reason: str | None = None
    description: str | None = None
    changes: list[Change] = field(default_factory=list)
