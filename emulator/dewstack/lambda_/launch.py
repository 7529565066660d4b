"""How a function's process is started: its program, its environment variables, its directory and its layers."""

import logging
import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from dewstack.ids import temporary_key_id
from dewstack.lambda_.command import CannotRun, command_of, wrapped
from dewstack.lambda_.containers.containers import Containers
from dewstack.lambda_.errors import InvalidParameterValueException
from dewstack.lambda_.isolation import Isolation, View
from dewstack.lambda_.model import Code, Function, Launch
from dewstack.lambda_.runtimes import IMAGE, Runtimes
from dewstack.lambda_.temporary import TemporaryDirectories

logger = logging.getLogger("dewstack.lambda")

NOT_HERE = {
    "FileSystemConfigs": "its file systems are not mounted here: what it writes there goes to this machine's disk",
}
"""Settings that are kept and have no effect where somebody would look for one."""
ENVIRONMENT_KEY = "ASIA"
"""What the access key ids of environments begin with."""
STARTING = {"LANG": "en_US.UTF-8", "LC_CTYPE": "C.UTF-8", "TZ": ":UTC", "SHLVL": "0"}
"""Variables that every function starts with, unless it sets them itself."""
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
SDK_WARNING_OFF = "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"
"""The AWS SDK would complain about this machine's Node.js at every start; the loud line has named it once."""


def _nobody_notes() -> None:
    """Credentials that nobody is told of end unnoticed, too."""


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
        self.containers: Containers | None = None
        """What functions run in; None where they are processes."""

    def check_runtime(self, identifier: str, image: str = "", architectures: Sequence[str] = ()) -> None:
        """Find the program for a runtime or have its image at hand, or a function's own `image`; say loudly, once, when
        it is not the exact one.

        Raises InvalidParameterValueException for an identifier that AWS does not know.
        """
        if self.containers is not None:
            self.containers.prepare(identifier, image, architectures)
        else:
            self.notice(self.runtimes.resolve(IMAGE if image else identifier).notice)

    def notice(self, text: str) -> None:
        """Say it, unless it is empty or has been said."""
        if text and text not in self._noticed:
            self._noticed.add(text)
            logger.warning(text)

    def launch(self, function: Function, stream: str) -> Launch:
        """How to start an environment of `function`, whose log stream is `stream`. Raises CannotRun, EngineError."""
        if self.containers is not None:
            return self._contained(function, stream, self.containers)
        runtime = self.runtimes.resolve(IMAGE if function.code.image else function.runtime)
        if runtime.refusal:
            raise CannotRun(f"{function.name}: {runtime.refusal}")
        function = replace(function, code=self._at_hand(function, function.code))
        layers = [self._at_hand(function, layer).directory for layer in self.layers(function)]
        self._name_what_is_missing(function)
        environ = self._environ(function, stream, layers)
        if runtime.notice and function.runtime.startswith("nodejs"):
            environ.setdefault(SDK_WARNING_OFF, "true")
        command = wrapped(command_of(runtime, function, layers), environ, function, layers)
        directory = self._temporary.make()
        view = self._view(directory, command, environ, function, layers)
        ended = self._opened(function, environ, directory)
        if view is None:
            environ = {"TMPDIR": directory, **environ}
        return Launch(command, environ, function.code.directory, _extensions(layers), ended, view)

    def _contained(self, function: Function, stream: str, containers: Containers) -> Launch:
        """The same in a container, which has a disk and variables of its own."""
        if not function.code.image:
            function = replace(function, code=self._at_hand(function, function.code))
        layers = [self._at_hand(function, layer).directory for layer in self.layers(function)]
        self._name_what_is_missing(function)
        environ = self._configured(function, stream)
        extensions = _extensions(layers)
        directory = self._temporary.make()
        try:
            container = containers.contained(function, layers, directory, extensions=bool(extensions))
        except Exception:
            self._temporary.remove(directory)
            raise
        ended = self._opened(function, environ, directory)
        return Launch((), environ, directory, extensions, ended, container=container)

    def _opened(self, function: Function, environ: Mapping[str, str], directory: str) -> Callable[[], None]:
        """Tell of an environment's credentials; what is to be called when it has ended."""
        told = self.opened(function, *(environ[name] for name in CREDENTIALS))

        def ended() -> None:
            told()
            self._temporary.remove(directory)

        return ended

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
            **self._configured(function, stream),
            "PWD": task,
            "LAMBDA_TASK_ROOT": task,
            "LAMBDA_RUNTIME_DIR": runtime,
        }

    def _configured(self, function: Function, stream: str) -> dict[str, str]:
        """The variables that say what the function is, and its own."""
        return {
            "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
            "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
            "AWS_ENDPOINT_URL": self.endpoint_url,
            **function.environment,
            "_HANDLER": function.handler,
            "_X_AMZN_TRACE_ID": "",
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{'Image' if function.code.image else function.runtime}",
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
