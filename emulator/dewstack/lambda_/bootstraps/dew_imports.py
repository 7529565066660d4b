"""What happens around the import of modules: a deed when one has loaded, bytecode not kept; for `python.py`."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def when_imported(name: str, then: Callable[[Any], None]) -> None:
    """Call `then` with the module `name` once it has loaded: now, if it already has."""
    if name in sys.modules:
        then(sys.modules[name])
    else:
        sys.meta_path.insert(0, Awaited(name, then))


class Awaited:
    """A finder that finds nothing, and sees to it that it is told of one module."""

    def __init__(self, name: str, then: Callable[[Any], None]) -> None:
        self._name = name
        self._then = then

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The import system's callback: let the others find the module, and be told when it has loaded."""
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        spec = next(filter(None, (finder.find_spec(name, path, target) for finder in sys.meta_path)), None)
        if spec is None:
            return None
        load = spec.loader.exec_module  # type: ignore[union-attr]

        def exec_module(module: Any) -> None:
            load(module)
            self._then(module)

        spec.loader.exec_module = exec_module  # type: ignore[union-attr,method-assign]
        return spec


def keep_no_bytecode_of(directory: str) -> None:
    """Let the cache directory take boto3's bytecode, but not that of `directory`, which somebody edits.

    Bytecode is known by its source's second and size: it would outlive a save of as many bytes in that second.
    """
    from _frozen_importlib_external import SourceFileLoader

    keep = SourceFileLoader.set_data
    live = f"{sys.pycache_prefix}{directory}/"

    def set_data(self: Any, path: str, data: bytes, **mode: Any) -> None:
        if not path.startswith(live):
            keep(self, path, data, **mode)

    SourceFileLoader.set_data = set_data  # type: ignore[assignment, method-assign]
