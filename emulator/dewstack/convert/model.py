"""A Flask application as its own Python tells of it, and what is found in it."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field


class Place(Struct, frozen=True):
    """Where a function of the application is defined; `line` is that of its first decorator."""

    file: str
    line: int
    name: str


class Rule(Struct, frozen=True):
    """One rule of the URL map. `greedy` are the variables whose converters take slashes (`path`)."""

    rule: str
    endpoint: str
    methods: tuple[str, ...]
    greedy: tuple[str, ...] = ()
    strict_slashes: bool = True
    automatic_options: bool = True
    host: str = ""
    """The host or subdomain that it is for; empty for any."""
    websocket: bool = False
    build_only: bool = False


class Application(Struct, frozen=True):
    """What the probe tells. Paths are absolute."""

    target: str
    """As `flask --app` takes it."""
    module: str
    expression: str
    """What in the module is the application: `app`, `create_app()`."""
    search_path: str
    """The directory that `module` is imported from."""
    name: str
    python: tuple[int, int]
    flask: str
    root_path: str
    instance_path: str
    instance_is_default: bool
    rules: tuple[Rule, ...]
    places: Mapping[str, tuple[Place, ...]]
    """Endpoints, and `before_request`, `after_request`, `teardown`, `error`, each with the functions behind it."""
    blueprints: tuple[str, ...]
    error_codes: tuple[int, ...]
    """The statuses that have handlers of their own."""
    static_files: int
    """How many files lie in the static folders, and how large they are together, in bytes."""
    static_bytes: int
    secret_key: bool
    session_interface: str
    settings: Mapping[str, str | int | None]
    """Those of `app.config` that matter here; no secrets."""
    path_settings: Mapping[str, str]
    """Settings that name a place on the disk, inside the project."""
    extensions: tuple[str, ...]
    commands: tuple[str, ...]
    modules: tuple[str, ...]
    """The files of the project's own modules that are loaded."""
    env_files: tuple[str, ...] = ()
    """`.env` and `.flaskenv`, where they are there: Flask's command reads them."""
    distributions: Mapping[str, str] = field(default_factory=dict)
    """Import names and the requirement that brings them: `{"flask": "Flask==3.1.3"}`."""


class Finding(Struct, frozen=True):
    """Something that will be otherwise on Lambda. `level` is `breaks`, `differs` or `note`; `file` is relative."""

    rule: str
    level: str
    file: str
    line: int
    what: str
    on_aws: str
    instead: str


LEVELS = ("breaks", "differs", "note")


def shown(file: str | Path, directory: Path) -> str:
    """`file` as seen from `directory`, or whole when it is not inside."""
    path = Path(file)
    return str(path.relative_to(directory)) if path.is_relative_to(directory) else str(path)
