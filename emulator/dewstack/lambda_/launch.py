"""How a function's process is started: its program, its environment variables, its directory and its layers."""

import logging
import os
import secrets
import sys
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from dewstack.ids import temporary_key_id
from dewstack.lambda_.errors import InvalidParameterValueException
from dewstack.lambda_.isolation import Isolation, View
from dewstack.lambda_.java import DEPENDENCY, java_command
from dewstack.lambda_.model import Code, Function, Launch
from dewstack.lambda_.runtimes import IMAGE, Runtime, Runtimes
from dewstack.lambda_.temporary import TemporaryDirectories

logger = logging.getLogger("dewstack.lambda")

TASK, LAYERS = "/var/task", "/opt"
NOT_HERE = {
    "FileSystemConfigs": "its file systems are not mounted here: what it writes there goes to this machine's disk",
}
"""Settings that are kept and have no effect where somebody would look for one."""
ENVIRONMENT_KEY = "ASIA"
"""What the access key ids of environments begin with."""
STARTING = {"LANG": "en_US.UTF-8", "LC_CTYPE": "C.UTF-8", "TZ": ":UTC", "SHLVL": "0"}
"""Variables that every function starts with, unless it sets them itself."""
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
HEAP = "--max-old-space-size"
WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER"
SDK_WARNING_OFF = "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"
"""The AWS SDK would complain about this machine's Node.js at every start; the loud line has named it once."""


def _nobody_notes() -> None:
    """Credentials that nobody is told of end unnoticed, too."""


class CannotRun(Exception):
    """A function that exists and cannot be called on this machine; the message says why and what to do."""


class Launcher:
    """Knows what this machine starts functions with. Not for the loop: it may start interpreters."""

    def __init__(
        self,
        runtimes: Runtimes,
        layers: Callable[[Function], list[Code]],
        current: Callable[[Code], Code],
        session_token: Callable[[], str],
        temporary: TemporaryDirectories,
        isolation: Isolation,
    ) -> None:
        self.endpoint_url = ""
        """Where functions find the AWS APIs: their AWS_ENDPOINT_URL."""
        self.interception = ""
        """Where AWS's own names lead inside functions, for HTTPS and for HTTP: `host:port host:port`."""
        self.opened: Callable[[Function, str, str, str], Callable[[], None]] = lambda *_: _nobody_notes
        """Told of an environment's credentials (access key id, secret, session token); what it gives back is called
        when the environment has ended."""
        self.runtimes = runtimes
        self.layers = layers
        """A function's layers on disk, in the order in which the function names them."""
        self._current = current
        self._session_token = session_token
        self._temporary = temporary
        self._isolation = isolation
        self._noticed: set[str] = set()

    def check_runtime(self, identifier: str) -> None:
        """Find the program for a runtime, and say loudly, once, when it is not the exact one.

        Raises InvalidParameterValueException for an identifier that AWS does not know.
        """
        self.notice(self.runtimes.resolve(identifier).notice)

    def notice(self, text: str) -> None:
        """Say it, unless it is empty or has been said."""
        if text and text not in self._noticed:
            self._noticed.add(text)
            logger.warning(text)

    def launch(self, function: Function, stream: str) -> Launch:
        """How to start an environment of `function`, whose log stream is `stream`. Raises CannotRun."""
        runtime = self.runtimes.resolve(IMAGE if function.code.image else function.runtime)
        if runtime.refusal:
            raise CannotRun(f"{function.name}: {runtime.refusal}")
        function = replace(function, code=self._at_hand(function, function.code))
        layers = [self._at_hand(function, layer).directory for layer in self.layers(function)]
        self._name_what_is_missing(function)
        environ = self._environ(function, stream, layers)
        if runtime.notice and function.runtime.startswith("nodejs"):
            environ.setdefault(SDK_WARNING_OFF, "true")
        command = _wrapped(_command(runtime, function, layers), environ, function, layers)
        directory = self._temporary.make()
        view = self._view(directory, command, environ, function, layers)
        told = self.opened(function, *(environ[name] for name in CREDENTIALS))

        def ended() -> None:
            told()
            self._temporary.remove(directory)

        if view is None:
            environ = {"TMPDIR": directory, **environ}
        return Launch(command, environ, function.code.directory, _extensions(layers), ended, view)

    def _view(
        self,
        directory: str,
        command: tuple[str, ...],
        environ: Mapping[str, str],
        function: Function,
        layers: list[str],
    ) -> View | None:
        """What the environment sees of the disk, `directory` being its `/tmp`."""
        runtime = environ["LAMBDA_RUNTIME_DIR"]
        modules = os.path.realpath(os.path.join(runtime, "boto3"))
        seen = (
            *(word for word in command if os.path.isabs(word)),
            runtime,
            modules,
            sys.prefix,
            sys.base_prefix,
        )
        code, bytecode = function.code.directory, str(self.runtimes.bytecode)
        return self._isolation.view(command[0], directory, code, layers, seen, bytecode)

    def _name_what_is_missing(self, function: Function) -> None:
        """Say once what the function would have on AWS and has not here."""
        for setting, what in NOT_HERE.items():
            if function.extras.get(setting):
                self.notice(f"{function.name}: {what}")

    def _at_hand(self, function: Function, code: Code) -> Code:
        """Code that lies in a directory. Raises CannotRun."""
        try:
            found = self._current(code)
        except (OSError, InvalidParameterValueException) as error:
            raise CannotRun(f"{function.name}: its package {code.archive} can't be used: {error}") from error
        if not os.path.isdir(found.directory):
            raise CannotRun(f"{function.name}: its code directory {found.directory} is gone")
        return found

    def _environ(self, function: Function, stream: str, layers: list[str]) -> dict[str, str]:
        runtime = self._runtime_directory(function)
        task = function.code.directory
        libraries = [task, os.path.join(task, "lib"), *_inside(layers, "lib")]
        return {
            "PATH": ":".join(
                [os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"), *_inside(layers, "bin")]
            ),
            "LD_LIBRARY_PATH": ":".join(libraries),
            **STARTING,
            **_family_environ(function.runtime, runtime, layers),
            **self._interception(function.runtime),
            "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
            "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
            "AWS_ENDPOINT_URL": self.endpoint_url,
            **function.environment,
            "PWD": task,
            "_HANDLER": function.handler,
            "_X_AMZN_TRACE_ID": "",
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_FUNCTION_VERSION": function.version,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group_name,
            "AWS_LAMBDA_LOG_STREAM_NAME": stream,
            **_log_environ(function),
            "AWS_ACCESS_KEY_ID": temporary_key_id(),
            "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(30),
            "AWS_SESSION_TOKEN": self._session_token(),
            "LAMBDA_TASK_ROOT": task,
            "LAMBDA_RUNTIME_DIR": runtime,
        }

    def _interception(self, identifier: str) -> dict[str, str]:
        """What our own bootstraps read, and take away before the handler loads."""
        ours = identifier.startswith(("python", "nodejs"))
        return {"_DEW_AWS": self.interception} if ours and self.interception else {}

    def _runtime_directory(self, function: Function) -> str:
        if function.runtime.startswith("python"):
            return str(self.runtimes.python_directory())
        return str(self.runtimes.directory)


def _log_environ(function: Function) -> dict[str, str]:
    """How the runtime is to write the log, where that isn't plain text."""
    config = function.extras.get("LoggingConfig") or {}
    if config.get("LogFormat") != "JSON":
        return {}
    return {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": config["ApplicationLogLevel"]}


def _family_environ(identifier: str, runtime: str, layers: list[str]) -> dict[str, str]:
    """Where the language looks for modules: the layers first, the last of them before all, then the runtime."""
    if identifier.startswith("python"):
        version = identifier.removeprefix("python")
        places = _inside(layers, f"python/lib/python{version}/site-packages", "python")
        return {"PYTHONPATH": runtime, **({"_DEW_LAYER_PATH": ":".join(places)} if places else {})}
    if identifier.startswith("nodejs"):
        major = identifier.removeprefix("nodejs").removesuffix(".x")
        places = _inside(layers, f"nodejs/node{major}/node_modules", "nodejs/node_modules")
        return {"NODE_PATH": ":".join([*places, runtime])}
    return {}


def _extensions(layers: list[str]) -> tuple[str, ...]:
    """The programs in `/opt/extensions` of all layers; of two with one name, the later layer's."""
    found: dict[str, str] = {}
    for layer in layers:
        directory = os.path.join(layer, "extensions")
        for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else ():
            place = os.path.join(directory, name)
            if os.path.isfile(place) and os.access(place, os.X_OK):
                found[name] = place
    return tuple(found.values())


def _inside(layers: list[str], *folders: str) -> list[str]:
    """Those of `folders` that layers have. On AWS a later layer is unpacked over an earlier one: it comes first."""
    places = [os.path.join(layer, folder) for layer in reversed(layers) for folder in folders]
    return [place for place in places if os.path.isdir(place)]


def _command(runtime: Runtime, function: Function, layers: list[str]) -> tuple[str, ...]:
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


def _wrapped(
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
