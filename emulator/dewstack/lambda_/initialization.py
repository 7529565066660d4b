"""The init phase: how long it may take, and what the log says of it.

Where it fails, AWS runs it once more inside the invocation that waits for it: under the function's timeout, as part
of the invocation's duration, and with the invocation failing if it fails again. Both are in the log, as INIT_REPORT
with `Phase: init` and `Phase: invoke` (recorded on AWS, 2024 and 2025).
"""

from dewstack.lambda_.environment import ExecutionEnvironment

INIT_SECONDS = 10.0
PROVISIONED_SECONDS = 130.0


def limit(environment: ExecutionEnvironment) -> float:
    """How long its init phase may take, in seconds."""
    timeout = float(environment.function.timeout)
    if environment.provisioned:
        return max(PROVISIONED_SECONDS, timeout)
    return timeout if environment.in_invoke else INIT_SECONDS


def succeeded(environment: ExecutionEnvironment, *, awaited: bool) -> None:
    """It is initialised, and an event waits for it or not: its time is told with the invocation, or before it."""
    if environment.provisioned:
        environment.write(environment.system_log.init(environment.elapsed_init(), "init"))
    if environment.in_invoke:
        seconds, environment.init_ms = (environment.init_ms or 0.0) / 1000, None
        environment.spent = seconds if awaited else 0.0


def failed(environment: ExecutionEnvironment, status: str, error_type: str = "") -> None:
    """It is not. `status`: error or timeout."""
    phase = "invoke" if environment.in_invoke else "init"
    environment.write(environment.system_log.init(environment.elapsed_init(), phase, status, error_type))
