"""Applications as a probe would tell of them, without one."""

from pathlib import Path
from typing import Any

from dewstack.convert.model import Application, Rule

DEFAULTS: dict[str, Any] = {
    "target": "app:app",
    "module": "app",
    "expression": "app",
    "name": "app",
    "python": (3, 12),
    "flask": "3.1.3",
    "instance_is_default": True,
    "rules": (),
    "places": {},
    "blueprints": (),
    "error_codes": (),
    "static_files": 0,
    "static_bytes": 0,
    "secret_key": True,
    "session_interface": "flask.sessions.SecureCookieSessionInterface",
    "settings": {},
    "path_settings": {},
    "extensions": (),
    "commands": (),
    "modules": (),
}


def application(directory: Path, **told: Any) -> Application:
    """An application in `directory`."""
    here = str(directory)
    places = {"search_path": here, "root_path": here, "instance_path": f"{here}/instance"}
    return Application(**{**DEFAULTS, **places, **told})


def rule(path: str, endpoint: str = "view", *methods: str, **told: Any) -> Rule:
    """A rule as Flask has it: HEAD and OPTIONS come along."""
    every = {"OPTIONS", *(methods or ("GET",))}
    every |= {"HEAD"} if "GET" in every else set()
    return Rule(path, endpoint, tuple(sorted(every)), **told)
