"""A container that a debugger attaches to: its runtime is AWS's, so what listens comes in beside it."""

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from dewstack.lambda_.containers.engine import EngineError
from dewstack.lambda_.containers.model import Bound, Contained

OURS = "/var/dewstack"
BOOTSTRAPS = Path(__file__).parents[1] / "bootstraps"


def with_inspector(contained: Contained, environ: Mapping[str, str], address: str) -> Contained:
    """Let Node.js listen there. Raises EngineError where nobody could reach it."""
    options = f"--inspect={address} {environ.get('NODE_OPTIONS', '')}".strip()
    return _debugged(contained, {"NODE_OPTIONS": options})


def with_debugpy(contained: Contained, environ: Mapping[str, str], address: str, debugpy: Path) -> Contained:
    """Let Python listen there. Raises EngineError where nobody could reach it."""
    places = [f"{OURS}/bootstraps/container", environ.get("PYTHONPATH", "")]
    variables = {
        "PYTHONPATH": ":".join(filter(None, places)),
        "_DEW_DEBUG": f"{OURS}/debugpy:{address}",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    bound = Bound(str(BOOTSTRAPS), f"{OURS}/bootstraps"), Bound(str(debugpy), f"{OURS}/debugpy")
    return _debugged(replace(contained, bound=(*contained.bound, *bound)), variables)


def _debugged(contained: Contained, variables: dict[str, str]) -> Contained:
    if not contained.engine.facts().native:
        raise EngineError(
            "a debugger can't attach to containers of an engine in a virtual machine",
            hint="leave --docker out, or --debug",
        )
    return replace(contained, environ=variables, memory_size=0)
