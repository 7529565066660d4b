"""Provisioned concurrency: environments of a version that are initialised before there is an event, and kept.

The first invocation's REPORT has their init duration too, as on AWS.
"""

import asyncio
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from dewstack.lambda_.environment import ExecutionEnvironment, State
from dewstack.lambda_.model import Launch


def told(launch: Launch) -> Launch:
    """How to start a process that is to know that it is provisioned."""
    initialization = {"AWS_LAMBDA_INITIALIZATION_TYPE": "provisioned-concurrency"}
    return replace(launch, environ={**launch.environ, **initialization})


class Provision(Struct, frozen=True):
    """How many environments were asked for, are there, and are initialised; why there will be no more of them."""

    requested: int = 0
    allocated: int = 0
    available: int = 0
    failure: str = ""

    @property
    def status(self) -> str:
        """READY, IN_PROGRESS or FAILED."""
        if self.available >= self.requested:
            return "READY"
        return "FAILED" if self.failure else "IN_PROGRESS"


class ProvisionedEnvironments:
    """Those of one pool. `add` starts another one, `release` makes one of them an ordinary one."""

    def __init__(
        self, add: Callable[[], ExecutionEnvironment], release: Callable[[ExecutionEnvironment], None]
    ) -> None:
        self._add = add
        self._release = release
        self._requested = 0
        self._failure = ""
        self._environments: set[ExecutionEnvironment] = set()

    @property
    def provision(self) -> Provision:
        """What was asked for, and what there is."""
        ready = sum(environment.state in (State.READY, State.BUSY) for environment in self._environments)
        return Provision(self._requested, len(self._environments), ready, self._failure)

    def request(self, count: int) -> None:
        """Have so many from now on."""
        self._requested, self._failure = count, ""
        while len(self._environments) > count:
            environment = self._environments.pop()
            environment.provisioned = False
            self._release(environment)
        self._fill()

    def lost(self, environment: ExecutionEnvironment) -> None:
        """One has ended; have another one in its place."""
        if environment in self._environments:
            self._environments.discard(environment)
            asyncio.get_running_loop().call_soon(self._fill)

    def failed(self, environment: ExecutionEnvironment, error_type: str) -> None:
        """One could not be initialised: the next one would not either, until something changes."""
        if environment in self._environments:
            self._failure = f"FUNCTION_ERROR_INIT_FAILURE: {error_type}"

    def renew(self) -> None:
        """The code has changed: those of the old one end, and what has failed may succeed."""
        self._environments.clear()
        self._failure = ""
        self._fill()

    def close(self) -> None:
        """Have none any more."""
        self._requested = 0
        self._environments.clear()

    def _fill(self) -> None:
        while len(self._environments) < self._requested and not self._failure:
            environment = self._add()
            environment.provisioned = True
            self._environments.add(environment)
