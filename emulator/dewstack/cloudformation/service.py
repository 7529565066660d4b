"""CloudFormation as the rest of dewstack sees it."""

from dewstack.clock import Clock
from dewstack.cloudformation.changesets import ChangeSets
from dewstack.cloudformation.describe import Describe
from dewstack.cloudformation.lifecycle import Lifecycle
from dewstack.cloudformation.model import Resource, Stack
from dewstack.cloudformation.protection import Protection
from dewstack.cloudformation.resources import resource_types
from dewstack.cloudformation.responses import Responses
from dewstack.cloudformation.runner import Runner
from dewstack.cloudformation.state import State
from dewstack.cloudformation.templates import Templates
from dewstack.config import Config
from dewstack.store import Store
from dewstack.wire import Call, Handler, operations_of


class CloudFormation:
    """The service: `operations` by name. Its stacks make their resources through `call`."""

    def __init__(self, store: Store, clock: Clock, config: Config, call: Call) -> None:
        self._state = State(store)
        self.responses = Responses(config)
        """Where custom resources answer."""
        self._runner = Runner(self._state, clock, call, resource_types(self.responses))
        runner = self._runner
        self.operations: dict[str, Handler] = operations_of(
            Lifecycle(runner),
            ChangeSets(runner),
            Describe(runner),
            Templates(runner),
            Protection(runner, call),
        )

    @property
    def edition(self) -> int:
        """Another number after every change to a stack's resources."""
        return self._state.edition

    def resources_of(self, beginning: str) -> list[tuple[Stack, Resource]]:
        """What living stacks have of types that begin so (`AWS::IAM::`), each with its stack. Reads the store."""
        return [(stack, one) for stack, one in self._state.resources_of(beginning) if one.exists]

    async def restore(self, service: str) -> None:
        """Make again what stacks have in `service` (boto3's name), which has lost it with the last process.

        What cannot be made again is named in the log; nothing is raised.
        """
        await self._runner.restore(service)

    async def close(self) -> None:
        """Stop operations that are under way; the next start records them as interrupted."""
        await self._runner.close()
