"""What makes a shared process look like a function's own: its variables, its modules, its directory, for a while."""

import contextlib
import importlib
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

KEPT_OUTSIDE = frozenset({"dewstack", *sys.stdlib_module_names})
"""What is not the function's even where the service's directory has something of the name."""


class Overlay:
    """One function's place in the process. `turn` is shared by all of them: one function at a time."""

    def __init__(self, directory: Path, environment: Mapping[str, str], turn: threading.Lock) -> None:
        self._directory = directory
        self._environment = environment
        self._turn = turn
        self._modules: dict[str, ModuleType] = {}
        self._saved: dict[str, int] = {}

    @contextlib.contextmanager
    def entered(self, seconds: float) -> Iterator[None]:
        """Make the process the function's. Raises TimeoutError when it is not its turn within `seconds`."""
        if not self._turn.acquire(timeout=seconds):
            raise TimeoutError
        try:
            with _restored(), self._own_modules():
                for name in [name for name in os.environ if name.startswith("AWS_")]:
                    del os.environ[name]
                os.environ.update(self._environment)
                sys.path.insert(0, str(self._directory))
                sys.dont_write_bytecode = True  # a save within the same second would be served from it
                os.chdir(self._directory)
                yield
        finally:
            self._turn.release()

    @contextlib.contextmanager
    def _own_modules(self) -> Iterator[None]:
        """Put the function's modules in the place of what others have imported under the same names."""
        names = _top_level(self._directory)
        own, others = self._fresh_modules(), _take(names)
        sys.modules.update(own)
        try:
            yield
        finally:
            self._modules = _take(names)
            self._saved = {file: _saved_at(file) for file in map(_file, self._modules.values()) if file}
            sys.modules.update(others)

    def load(self, name: str) -> ModuleType:
        """Import a module of the function, from within."""
        return importlib.import_module(name)

    def _fresh_modules(self) -> dict[str, ModuleType]:
        """The function's modules, or none when one of them was saved since: then all are imported anew."""
        if all(_saved_at(file) == saved for file, saved in self._saved.items()):
            return self._modules
        importlib.invalidate_caches()
        return {}


@contextlib.contextmanager
def _restored() -> Iterator[None]:
    """Leave environment variables, import path and directory as they were found."""
    environ, path, cwd, bytecode = dict(os.environ), sys.path[:], os.getcwd(), sys.dont_write_bytecode
    try:
        yield
    finally:
        for name in os.environ.keys() - environ.keys():
            del os.environ[name]
        os.environ.update({name: value for name, value in environ.items() if os.environ.get(name) != value})
        sys.path[:], sys.dont_write_bytecode = path, bytecode
        os.chdir(cwd)


def _top_level(directory: Path) -> frozenset[str]:
    """What `import` finds in `directory`."""
    entries = {entry.name.removesuffix(".py") for entry in directory.iterdir()}
    return frozenset(entry for entry in entries if entry.isidentifier()) - KEPT_OUTSIDE


def _take(names: frozenset[str]) -> dict[str, ModuleType]:
    """Take the modules below these names out of the process."""
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in names}


def _file(module: ModuleType) -> str:
    return getattr(module, "__file__", None) or ""


def _saved_at(file: str) -> int:
    """When a file was saved, in nanoseconds; 0 when it is gone."""
    try:
        return os.stat(file).st_mtime_ns
    except OSError:
        return 0
