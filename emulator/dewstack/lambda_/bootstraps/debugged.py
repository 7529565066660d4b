"""dewstack's Python runtime under debugpy: lets a debugger attach, then runs `python.py`.

`_DEW_DEBUG` is debugpy's directory, a host and a port. Nothing of what else lies beside debugpy can be imported.
"""

import importlib.util
import os
import runpy
import sys


def listen(directory: str, host: str, port: int) -> None:
    """Import debugpy from its own directory, and listen."""
    spec = importlib.util.spec_from_file_location(
        "debugpy", os.path.join(directory, "__init__.py"), submodule_search_locations=[directory]
    )
    assert spec is not None and spec.loader is not None
    debugpy = sys.modules["debugpy"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(debugpy)
    debugpy.listen((host, port))


if __name__ == "__main__":
    where, on, at = os.environ.pop("_DEW_DEBUG").rsplit(":", 2)
    try:
        listen(where, on, int(at))
    except RuntimeError as error:  # the port is taken
        print(f"No debugger can attach to {on}:{at}: {error}", flush=True)
    runpy.run_path(os.path.join(os.path.dirname(__file__), "python.py"), run_name="__main__")
