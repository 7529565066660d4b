"""How a function's container is made: its image, its arguments, what of this machine it sees."""

import os
import shutil
import threading
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from dewstack.lambda_.containers.engine import SHELL, Engine, EngineError, Image
from dewstack.lambda_.containers.images import official_image, platform_of
from dewstack.lambda_.containers.model import Bound, Contained
from dewstack.lambda_.model import Function

TASK, LAYERS, TMP = "/var/task", "/opt", "/tmp"
OUTPUT = "/var/dewstack/output"
TO_OUTPUT = f"exec >{OUTPUT} 2>&1; "
"""The engine hands on what is printed a moment later, and so behind the answer; a named pipe doesn't."""
EXTENSIONS = 'for each in /opt/extensions/*; do [ -f "$each" ] && [ -x "$each" ] && "$each" & done; '
"""Starts the extensions of layers beside the program."""


class Containers:
    """Knows the engine and has images at hand. Safe from any thread; not for the loop: a pull takes minutes."""

    def __init__(self, notice: Callable[[str], None]) -> None:
        self._engine = Engine()
        self._notice = notice
        self._lock = threading.Lock()
        self._locks: dict[tuple[str, str], threading.Lock] = {}

    def prepare(self, identifier: str, image: str, architectures: Sequence[str]) -> None:
        """Have the image of a runtime, or `image`, at hand; say so loudly where that can't be.

        Raises InvalidParameterValueException for a runtime that AWS has no image for.
        """
        image = image or official_image(identifier)
        try:
            self._at_hand(image, platform_of(architectures))
        except EngineError as error:
            self._notice(f"{error}: its functions are deployed, and calling one fails")

    def _at_hand(self, image: str, platform: str) -> None:
        """Pull an image unless it is here; others who want it wait. Raises EngineError."""
        wanted = image, platform
        with self._lock:
            lock = self._locks.setdefault(wanted, threading.Lock())
        with lock:
            if not self._engine.has(image, platform):
                self._notice(
                    f"pulling {image} ({platform}), which is not on this machine: this takes a while"
                )
                self._engine.pull(image, platform)

    def close(self) -> None:
        """Let go of the engine."""
        self._engine.close()

    def contained(
        self, function: Function, layers: Sequence[str], scratch: str, *, extensions: bool
    ) -> Contained:
        """The container of an environment; `scratch` is a directory that goes with it. Raises EngineError."""
        image = function.code.image or official_image(function.runtime)
        platform = platform_of(function.architectures)
        self._at_hand(image, platform)
        temporary = os.path.join(scratch, "tmp")
        os.mkdir(temporary, 0o700)
        bound: tuple[Bound, ...] = (Bound(temporary, TMP, writable=True),)
        contained = Contained(self._engine, image, platform, function.memory_size, bound=bound)
        found = self._engine.look(image)
        if function.code.image:
            contained = _configured(contained, function, found)
        else:
            bound = (*bound, Bound(function.code.directory, TASK))
            if layers:
                bound = (*bound, Bound(merged(layers, os.path.join(scratch, "opt")), LAYERS))
            contained = replace(
                contained,
                bound=bound,
                entrypoint=_own_program(function, layers) or found.entrypoint,
                command=(function.handler,),
                working_directory=TASK,
            )
        if self._engine.facts().native and found.shell:
            contained = _printing(contained, os.path.join(scratch, "output"))
            return _shelled(contained, TO_OUTPUT + (EXTENSIONS if extensions else ""))
        return _shelled(contained, EXTENSIONS) if extensions else contained


def _printing(contained: Contained, pipe: str) -> Contained:
    """The container, a named pipe being there for what is printed."""
    os.mkfifo(pipe, 0o600)
    return replace(contained, output=pipe, bound=(*contained.bound, Bound(pipe, OUTPUT, writable=True)))


def _shelled(contained: Contained, script: str) -> Contained:
    """The container, a shell doing something before it becomes the program."""
    program = *(contained.entrypoint or ()), *(contained.command or ())
    return replace(contained, entrypoint=(SHELL, "-c", f'{script}exec "$@"', "sh", *program), command=())


def _configured(contained: Contained, function: Function, image: Image) -> Contained:
    """What ImageConfig changes of an image of the function's own."""
    config = function.extras.get("ImageConfig") or {}
    entrypoint, command = config.get("EntryPoint"), config.get("Command")
    return replace(
        contained,
        entrypoint=tuple(entrypoint or image.entrypoint),
        command=tuple(command or (() if entrypoint else image.command)),
        working_directory=config.get("WorkingDirectory"),
    )


def _own_program(function: Function, layers: Sequence[str]) -> tuple[str, ...] | None:
    """The program that the package or a layer brings, where the runtime is one that has none. Raises EngineError."""
    if not function.runtime.startswith("provided"):
        return None
    for place, seen in ((function.code.directory, TASK), *((layer, LAYERS) for layer in reversed(layers))):
        if os.access(os.path.join(place, "bootstrap"), os.X_OK):
            return (f"{seen}/bootstrap",)
    raise EngineError(
        f"Couldn't find valid bootstrap(s): [{TASK}/bootstrap {LAYERS}/bootstrap] ({function.name}: build it so that"
        f" {os.path.join(function.code.directory, 'bootstrap')} is an executable for {function.architectures[0]})"
    )


def merged(layers: Sequence[str], directory: str) -> str:
    """One directory of all layers, a later one's files over an earlier one's."""
    if len(layers) == 1:
        return layers[0]
    for layer in layers:
        shutil.copytree(layer, directory, symlinks=True, dirs_exist_ok=True, copy_function=_link)
    return directory


def _link(source: str, target: str) -> str:
    """A second name of a file where that is possible, and a copy where it isn't."""
    if os.path.lexists(target):
        os.unlink(target)
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
    return target
