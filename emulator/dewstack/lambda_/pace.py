"""How quick a function is, and so how long its events wait for a busy environment before another is started."""

import math
import os

QUICK_SECONDS = 0.01
PATIENCE_SECONDS, MORE_PATIENCE_SECONDS = 0.005, 0.1
PROCESSORS = os.cpu_count() or 1


class Pace:
    """The typical duration of a function's invocations, in seconds."""

    look_seconds = PATIENCE_SECONDS
    """How often the line of a quick function is looked at."""

    def __init__(self) -> None:
        self._typical = math.inf

    def observe(self, seconds: float) -> None:
        """Take one invocation into account: down quickly, up slowly, for one stall says little."""
        if self._typical == math.inf:
            self._typical = seconds
        else:
            self._typical += 0.2 * min(seconds - self._typical, self._typical)

    @property
    def quick(self) -> bool:
        """Whether it typically answers within 10 ms; not before it has answered."""
        return self._typical < QUICK_SECONDS

    def patience(self, environments: int) -> float:
        """Seconds that a quick function's event waits. More once there is an environment for each processor:
        further processes would only take time from each other."""
        return PATIENCE_SECONDS if environments < PROCESSORS else MORE_PATIENCE_SECONDS
