"""How an invocation ends: what the log says of it, and what its caller gets."""

import time
from collections.abc import Iterable

from dewstack.lambda_ import faults
from dewstack.lambda_.environment import ExecutionEnvironment
from dewstack.lambda_.model import Invocation, Outcome
from dewstack.lambda_.report import Report
from dewstack.recording import Invoked


def start(environment: ExecutionEnvironment, invocation: Invocation) -> None:
    """Write START."""
    environment.meter.active += 1
    environment.served += 1
    line = environment.system_log.start(environment.function, invocation.request_id)
    if line is not None:
        environment.write(line, invocation)


def failure(environment: ExecutionEnvironment, body: bytes) -> Outcome:
    """The outcome of a function that failed."""
    return Outcome(body, "Unhandled", environment.function.version)


def complete(
    environment: ExecutionEnvironment,
    invocation: Invocation,
    outcome: Outcome,
    *,
    status: str = "",
    error_type: str = "",
    seconds: float | None = None,
) -> float:
    """Write END and REPORT and give the caller its outcome. How long it took, in seconds."""
    now = environment.last_used = time.monotonic()
    if seconds is None:
        seconds = now - invocation.started
    report = Report(
        invocation.request_id,
        seconds * 1000,
        environment.function.memory_size,
        environment.process.sample_memory(),
        invocation.init_ms,
        status,
        error_type,
    )
    for line in environment.system_log.end(report):
        environment.write(line, invocation)
    meter, failed = environment.meter, outcome.function_error is not None
    init = -1.0 if invocation.init_ms is None else invocation.init_ms
    environment.cold_start_ms = max(environment.cold_start_ms, init)
    meter.note(seconds * 1000, float(failed), float(max(meter.active, 1)), init)
    meter.active = max(meter.active - 1, 0)
    record = environment.owner.record
    if record is not None:
        function, stream = environment.function, environment.log_stream
        answer, error = outcome.payload, outcome.function_error
        record(Invoked(time.time(), function, report, invocation.payload, answer, error, stream))
    if invocation.lines is not None:
        outcome = invocation.with_tail(outcome)
    invocation.finish(outcome)
    return seconds


def complete_exited(
    environment: ExecutionEnvironment, invocation: Invocation, body: bytes, error_type: str
) -> float:
    """The process has ended; `body` says how."""
    environment.write(faults.exit_line(body), invocation)
    outcome = failure(environment, body)
    return complete(environment, invocation, outcome, status="error", error_type=error_type)


def complete_not_initialized(
    environment: ExecutionEnvironment, invocation: Invocation, body: bytes, error_type: str
) -> None:
    """The init phase failed; `body` says how. Inside an invocation it is the invocation's duration."""
    milliseconds, invocation.started = environment.elapsed_init(), time.monotonic()
    if environment.in_invoke:
        invocation.started -= milliseconds / 1000
    else:
        invocation.init_ms = milliseconds
    start(environment, invocation)
    if error_type in faults.NO_RUNTIME:
        body = faults.with_request_id(body, invocation.request_id)
        complete_exited(environment, invocation, body, error_type)
    else:
        complete(environment, invocation, failure(environment, body), status="error", error_type=error_type)


def complete_timed_out(environment: ExecutionEnvironment, invocation: Invocation) -> float:
    """The function has taken longer than it may."""
    timeout = environment.function.timeout
    environment.write(faults.timeout_line(invocation.request_id, timeout), invocation)
    text = faults.timeout_text(timeout)
    outcome = failure(environment, faults.error_body("Sandbox.Timedout", text, invocation.request_id))
    return complete(environment, invocation, outcome, status="timeout", seconds=float(timeout))


def complete_removed(waiting: Iterable[Invocation], version: str) -> None:
    """The function is no more."""
    for invocation in waiting:
        body = faults.error_body("Runtime.ExitError", "the function was removed", invocation.request_id)
        invocation.finish(Outcome(body, "Unhandled", version))
