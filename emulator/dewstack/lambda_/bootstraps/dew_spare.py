"""A process that waits for its function, boto3 already loaded; for the runtime in `python.py`.

The assignment comes by a socket (`_DEW_SPARE`): environment and directory as JSON, and the file that output goes to.
Until somebody imports it, boto3 with all it brings isn't in `sys.modules`; then its modules come one by one by the
import system, so that hooks see them, unless another copy would be found now: then nothing was prepared.
"""

from __future__ import annotations

import _socket
import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

PREPARED = "boto3"


class Recorder:
    """A finder that finds nothing: it notes who is looked for, and what loading one of the runtime's brings."""

    def __init__(self, directory: str) -> None:
        self._directory = directory + "/"
        self.wanted: set[str] = set()
        self.brought: dict[str, list[str]] = {}

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The import system's callback."""
        self.wanted.add(name.partition(".")[0])
        spec = found(name, path, self)
        if spec is None or not str(spec.origin).startswith(self._directory):
            return None
        load = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            del spec.loader.exec_module
            before = set(sys.modules)
            load(module)
            self.brought[name] = [each for each in sys.modules if each not in before]

        spec.loader.exec_module = exec_module
        return spec


def found(name: str, path: Any, but: Any) -> Any:
    """What the other finders say of a module."""
    for finder in sys.meta_path:
        spec = None if finder is but else finder.find_spec(name, path)
        if spec is not None:
            return spec
    return None


class Prepared:
    """The finder that has the hidden modules, and the loader that gives them out."""

    def __init__(self, recorder: Recorder, finders: list[Any] | None) -> None:
        self._brought = recorder.brought
        self._tops = {name.partition(".")[0] for name in recorder.brought}
        self._modules: dict[str, Any] = {
            n: m for n, m in sys.modules.items() if n.partition(".")[0] in self._tops
        }
        self._origins = {name: self._modules[name].__spec__.origin for name in self._tops}
        self._finders = finders
        """Those that the modules have added, as six does; None once something has been given out."""
        missing = {name for name in recorder.wanted if name not in sys.modules}
        self._origins.update(dict.fromkeys(missing, None))
        for name in self._modules:
            del sys.modules[name]

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The import system's callback."""
        if name not in self._brought:
            return None
        if self._finders is not None and not self._same():
            sys.meta_path.remove(self)
            return None
        from _frozen_importlib import ModuleSpec

        module = self._modules[name]
        loader: Any = self
        return ModuleSpec(name, loader, origin=module.__spec__.origin, is_package=hasattr(module, "__path__"))

    def _same(self) -> bool:
        """Whether an import would find now what was found then; asked once."""
        for name, origin in self._origins.items():
            spec = found(name, None, self)
            if (spec and spec.origin) != origin:
                return False
        sys.meta_path.extend(self._finders or ())
        self._finders = None
        return True

    def create_module(self, spec: Any) -> Any:
        """The loader's callback: the module as it was loaded, with what it says of itself."""
        module = self._modules[spec.name]
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: Any) -> None:
        """The loader's callback: import what loading the module has imported."""
        from importlib import import_module

        name = module.__spec__.name
        module.__spec__ = module.__spec__.loader_state
        for each in self._brought.pop(name):
            if each not in sys.modules and each in self._modules:
                if each in self._brought:
                    import_module(each)
                else:  # nobody imported it: a module has put it there
                    sys.modules[each] = self._modules[each]
        if not self._brought and self in sys.meta_path:
            sys.meta_path.remove(self)


def prepare(directory: str) -> tuple[Prepared | None, list[str]]:
    """Load what the runtime directory has, and hide it; with the names that a function must not have itself."""
    recorder = Recorder(directory)
    finders = list(sys.meta_path)
    sys.path.insert(0, directory)
    sys.meta_path.insert(0, recorder)
    try:
        __import__(PREPARED)
    except ImportError:
        return None, []
    finally:
        sys.meta_path.remove(recorder)
        sys.path.remove(directory)
    added = [each for each in sys.meta_path if each not in finders]
    sys.meta_path[:] = finders
    return Prepared(recorder, added), sorted(recorder.wanted)


def received(channel: Any) -> Iterator[bytes]:
    """The assignment, in parts; the file that comes with it becomes the output."""
    ended = False
    while not ended:
        data, control, _, _ = channel.recvmsg(262144, _socket.CMSG_LEN(4))
        if not data:
            os._exit(0)  # the emulator has gone
        for _, _, descriptor in control:
            output = int.from_bytes(descriptor[:4], sys.byteorder)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.close(output)
        yield data
        ended = data.endswith(b"\n")


def wait() -> None:
    """Prepare, say so, wait; then be the process that was wanted."""
    channel = _socket.socket(fileno=int(os.environ["_DEW_SPARE"]))
    prepared, names = prepare(os.environ["LAMBDA_RUNTIME_DIR"])
    channel.sendall(json.dumps(names).encode() + b"\n")
    assignment = json.loads(b"".join(received(channel)))
    channel.close()
    del sys.modules[__name__]
    os.chdir(assignment["directory"])
    os.environ.clear()
    os.environ.update(assignment["environ"])
    if prepared is not None:
        sys.meta_path.insert(0, prepared)
    if "logging" in sys.modules:
        restart_clock(sys.modules["logging"])


def restart_clock(logging: Any) -> None:
    """Let records count their time from now on."""
    import time

    now = time.time_ns()
    logging._startTime = now if isinstance(logging._startTime, int) else now / 1e9
