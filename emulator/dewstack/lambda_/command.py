"""What starts a function's process: the runtime's program, or the one that the package or a layer brings."""

import os

from dewstack.lambda_.java import DEPENDENCY, java_command
from dewstack.lambda_.model import Function
from dewstack.lambda_.runtimes import Runtime

TASK, LAYERS = "/var/task", "/opt"
HEAP = "--max-old-space-size"
WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"


class CannotRun(Exception):
    """A function that exists and cannot be called on this machine; the message says why and what to do."""


def command_of(runtime: Runtime, function: Function, layers: list[str]) -> tuple[str, ...]:
    """The runtime's program, or the one that the package or a layer brings. Raises CannotRun."""
    if runtime.identifier.startswith("java"):
        return _java_command(runtime, function, layers)
    if runtime.command:
        return _within_memory(runtime, function)
    name = function.handler if runtime.identifier.startswith("go") else "bootstrap"
    places = [os.path.join(directory, name) for directory in (function.code.directory, *reversed(layers))]
    for place in places:
        if os.access(place, os.X_OK) and os.path.isfile(place):
            return (place,)
    raise CannotRun(
        f"Couldn't find valid bootstrap(s): [{TASK}/{name} {LAYERS}/{name}] ({function.name}: build it so that"
        f" {places[0]} is an executable for this machine)"
    )


def _java_command(runtime: Runtime, function: Function, layers: list[str]) -> tuple[str, ...]:
    command = java_command(runtime.command[0], function.code.directory, layers, function.memory_size)
    if command is None:
        raise CannotRun(
            f"{function.name}: its package has no runtime client for Java; add {DEPENDENCY} to its dependencies, which"
            " AWS brings itself and dewstack doesn't"
        )
    return command


def _within_memory(runtime: Runtime, function: Function) -> tuple[str, ...]:
    """The command, Node.js being told how large its heap may become, as on AWS; or else it would take the machine's
    memory for its own and collect garbage late."""
    program, *arguments = runtime.command
    if not runtime.identifier.startswith("nodejs") or HEAP in function.environment.get("NODE_OPTIONS", ""):
        return runtime.command
    return (program, f"{HEAP}={function.memory_size * 9 // 10}", *arguments)


def wrapped(
    command: tuple[str, ...], environ: dict[str, str], function: Function, layers: list[str]
) -> tuple[str, ...]:
    """The command behind the script that AWS_LAMBDA_EXEC_WRAPPER names. Raises CannotRun when it is not there."""
    named = environ.get(WRAPPER)
    if not named:
        return command
    for prefix, directories in ((TASK, [function.code.directory]), (LAYERS, list(reversed(layers)))):
        for directory in directories:
            place = os.path.join(directory, os.path.relpath(named, prefix))
            if named.startswith(f"{prefix}/") and os.access(place, os.X_OK):
                return (place, *command)
    raise CannotRun(f"{function.name}: {WRAPPER} is {named}, which is no executable of its package or layers")
