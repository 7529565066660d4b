"""Whom an execution environment reports to."""

from typing import TYPE_CHECKING, Protocol

from dewstack.lambda_.model import Invocation
from dewstack.recording import Record

if TYPE_CHECKING:
    from dewstack.lambda_.environment import ExecutionEnvironment


class Owner(Protocol):
    """What an environment reports to: its function's pool. `record` takes note of what is over, if anything does."""

    @property
    def record(self) -> Record | None: ...

    def environment_ready(self, environment: "ExecutionEnvironment") -> None:
        """It asks for an event."""

    def environment_unready(self, environment: "ExecutionEnvironment") -> None:
        """It asked for an event and hung up."""

    def invocation_responded(
        self, environment: "ExecutionEnvironment", invocation: Invocation, body: bytes
    ) -> None:
        """The function returned."""

    def invocation_failed(
        self, environment: "ExecutionEnvironment", invocation: Invocation, body: bytes
    ) -> None:
        """The function raised, or answered too much."""

    def init_failed(self, environment: "ExecutionEnvironment", body: bytes) -> None:
        """The function could not be loaded."""

    def environment_confused(self, environment: "ExecutionEnvironment") -> None:
        """It answered an invocation that it does not have."""

    def environment_exited(
        self, environment: "ExecutionEnvironment", status: int, error_type: str = "Runtime.ExitError"
    ) -> None:
        """The process ended, or an extension. `status` is a negative signal number or an exit status."""
