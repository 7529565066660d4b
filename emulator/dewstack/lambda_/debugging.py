"""Functions under a debugger: debugpy for Python, the inspector for Node.js, listening on loopback.

Such a function has one environment, which is there from the beginning, and no time limits: a breakpoint may last.
"""

import socket
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from msgspec.structs import replace

from dewstack.errors import UserError
from dewstack.extras import install_command
from dewstack.lambda_.containers.debugger import with_debugpy, with_inspector
from dewstack.lambda_.model import Function, Launch
from dewstack.lambda_.runtimes import BOOTSTRAPS

HOST = "127.0.0.1"
LONG_SECONDS = 86_400
"""Stands for no limit: a day."""
PYTHON_PORT, NODE_PORT = 5678, 9229


def default_port(runtime: str) -> int:
    """Where debuggers expect a program of this runtime. Raises UserError for one without a debugger."""
    for family, port in (("python", PYTHON_PORT), ("nodejs", NODE_PORT)):
        if runtime.startswith(family):
            return port
    raise UserError(f"functions of {runtime} can't be debugged; those of python* and nodejs* can")


def check_debugger(runtime: str) -> None:
    """Raise UserError when the debugger of this runtime isn't installed."""
    if runtime.startswith("python") and find_spec("debugpy") is None:
        raise UserError("debugpy isn't installed", hint=f"install it: {install_command('debug')}")


class Debugging:
    """Which functions are debugged, by name, and their ports."""

    def __init__(self) -> None:
        self.ports: Mapping[str, int] = {}

    def choose(self, runtimes: Mapping[str, str], first_port: int | None = None) -> None:
        """Debug these functions: their runtimes by name. Each has a port of its own, from `first_port` or its
        language's on. Raises UserError for one that can't be debugged, and for a port that is taken."""
        ports: dict[str, int] = {}
        for name, runtime in runtimes.items():
            check_debugger(runtime)
            port = first_port or default_port(runtime)
            while port in ports.values():
                port += 1
            ports[name] = port
        for name, port in ports.items():
            if port not in self.ports.values():
                _check_free(name, port)
        self.ports = ports

    def __contains__(self, name: object) -> bool:
        return name in self.ports

    def unlimited(self, function: Function) -> Function:
        """The function as its environments see it: without a time limit, if it is debugged."""
        return replace(function, timeout=LONG_SECONDS) if function.name in self.ports else function

    def patience(self, arn: str, seconds: float) -> float | None:
        """How long others wait for the function with this ARN, who else would wait `seconds`."""
        name = arn.split(":", 7)[6] if arn.count(":") >= 6 else arn
        return None if name in self.ports else seconds

    def wrap(self, launch: Callable[[Function, str], Launch]) -> Callable[[Function, str], Launch]:
        """Let `launch` start debugged functions with their debugger."""

        def debugged(function: Function, stream: str) -> Launch:
            plain = launch(function, stream)
            port = self.ports.get(function.name)
            if port is None:
                return plain
            return (
                _contained(plain, function.runtime, port) if plain.container else _with_debugger(plain, port)
            )

        return debugged


def _check_free(name: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise UserError(
                f"port {port}, where a debugger would attach to {name}, can't be used: {error.strerror}",
                hint="stop what uses it, or take another one: --debug-port PORT",
            ) from error


def _with_debugger(launch: Launch, port: int) -> Launch:
    program, node = str(BOOTSTRAPS / "python.py"), str(BOOTSTRAPS / "node" / "main.cjs")
    if node in launch.command:
        at = launch.command.index(node)
        command = (*launch.command[:at], f"--inspect={HOST}:{port}", *launch.command[at:])
        return replace(launch, command=command, environ={**launch.environ, "_DEW_DEBUG": "1"})
    if program in launch.command:
        at = launch.command.index(program)
        options = ("-X", "frozen_modules=off", str(BOOTSTRAPS / "debugged.py"))
        variables = {"_DEW_DEBUG": f"{_debugpy()}:{HOST}:{port}", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        command = (*launch.command[:at], *options, *launch.command[at + 1 :])
        return replace(launch, command=command, environ={**launch.environ, **variables})
    return launch


def _contained(launch: Launch, runtime: str, port: int) -> Launch:
    """The same in a container. Raises EngineError."""
    container, environ, address = launch.container, launch.environ, f"{HOST}:{port}"
    assert container is not None
    if runtime.startswith("nodejs"):
        return replace(launch, container=with_inspector(container, environ, address))
    return replace(launch, container=with_debugpy(container, environ, address, _debugpy()))


def _debugpy() -> Path:
    spec = find_spec("debugpy")
    if spec is None or spec.origin is None:
        raise UserError("debugpy isn't installed", hint=f"install it: {install_command('debug')}")
    return Path(spec.origin).parent
