"""The project one stands in, and the emulator that runs for it: what `.dew/` says about both."""

import fcntl
import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from dewstack.errors import UserError

MAP_NAMES = (
    *("serverless.yml", "serverless.yaml", "serverless.json"),
    *("serverless.ts", "serverless.js", "serverless.cjs", "serverless.mjs"),
)
STATE_DIR_VARIABLE = "DEW_STATE_DIR"
ATTEMPTS = 5
ATTEMPT_SECONDS = 0.02
"""A command that looks whether the lock is held holds it itself for a moment; an emulator outwaits that."""


@dataclass(frozen=True, slots=True)
class RunFile:
    """`.dew/run.json`: the emulator that serves this project. `started_at` in seconds since the epoch."""

    pid: int
    aws_url: str
    service_url: str
    frontend_url: str
    started_at: float


@dataclass(frozen=True, slots=True)
class Project:
    """A directory with a map, and where the emulator keeps its state."""

    directory: Path
    map_file: Path
    state_dir: Path

    @property
    def log_file(self) -> Path:
        """What a detached emulator prints."""
        return self.state_dir / "dew.log"

    def make_state_dir(self) -> None:
        """Make the state directory; git passes over what is in it. Raises UserError when it cannot be made."""
        if self.state_dir.is_dir():
            return
        try:
            self.state_dir.mkdir(parents=True, exist_ok=True)
            (self.state_dir / ".gitignore").write_text("*\n")
        except OSError as error:
            raise unwritable(self.state_dir, error) from error

    def running(self) -> RunFile | None:
        """The emulator that runs for this project, or None. What a killed one left behind does not count."""
        try:
            found = json.loads((self.state_dir / "run.json").read_bytes())
            run = RunFile(**found)
        except (OSError, ValueError, TypeError):
            return None
        return run if run.pid == self.lock_holder() else None

    def lock_holder(self) -> int | None:
        """The pid of the emulator that starts, runs or stops here, or None."""
        try:
            with (self.state_dir / "lock").open() as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    return int(lock.read() or 0) or None
        except (OSError, ValueError):
            pass
        return None


class ProjectLock:
    """Holds a project for one emulator at a time, as a context manager.

    The kernel lets go of it when the process ends, however it ends. Raises UserError when another emulator
    holds it, or when the state directory cannot be written.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self._descriptor = -1

    def __enter__(self) -> "ProjectLock":
        state_dir = self.project.state_dir
        self.project.make_state_dir()
        try:
            self._descriptor = os.open(state_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise unwritable(state_dir, error) from error
        if not self._acquire():
            os.close(self._descriptor)
            raise already_running(self.project)
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, str(os.getpid()).encode())
        self._run_file().unlink(missing_ok=True)
        return self

    def __exit__(self, *exception: object) -> None:
        with suppress(OSError):
            self._run_file().unlink(missing_ok=True)
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)

    def _acquire(self) -> bool:
        for _ in range(ATTEMPTS):
            with suppress(OSError):
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            time.sleep(ATTEMPT_SECONDS)
        return False

    def publish(self, run: RunFile) -> None:
        """Tell the other commands where the emulator is; they read the file whole or not at all."""
        draft = self.project.state_dir / "run.json.new"
        draft.write_text(json.dumps(asdict(run), indent=2) + "\n")
        draft.replace(self._run_file())

    def _run_file(self) -> Path:
        return self.project.state_dir / "run.json"


def find_project(state_dir: Path | None = None, directory: Path | None = None) -> Project:
    """The nearest directory with a map, `directory` (by default this one) or one above. Raises UserError when
    there is none."""
    map_file = _nearest_map((directory or Path.cwd()).absolute())
    given = state_dir or os.environ.get(STATE_DIR_VARIABLE)
    where = Path(given).absolute() if given else map_file.parent / ".dew"
    return Project(map_file.parent, map_file, where)


def _nearest_map(here: Path) -> Path:
    for directory in (here, *here.parents):
        for name in MAP_NAMES:
            if (directory / name).is_file():
                return directory / name
    # The map's own words for what is amiss; its package is only loaded when they are needed.
    from dewstack.service import find_map

    return find_map(here)


def running_or_refuse(project: Project) -> RunFile:
    """The emulator of the project. Raises UserError when none runs."""
    run = project.running()
    if run is not None:
        return run
    if (pid := project.lock_holder()) is not None:
        raise UserError(
            f"The emulator of {project.directory} is not ready yet (pid {pid}).",
            hint="Try again in a moment, or start it with: dew up --detach --wait",
        )
    raise UserError(
        f"No emulator runs for {project.directory}.",
        hint="Start it: dew up (or, in the background: dew up -d)",
    )


def already_running(project: Project) -> UserError:
    """A second `dew up` in the same project."""
    run, pid = project.running(), project.lock_holder()
    where = f": {run.service_url}" if run else ", and is still starting"
    return UserError(
        f"dew already runs for {project.directory} (pid {pid}){where}",
        hint="'dew logs -f' shows what it prints, 'dew down' stops it.",
    )


def unwritable(directory: Path, error: OSError) -> UserError:
    """The state directory cannot be made or written."""
    return UserError(
        f"Cannot write to {directory}: {error.strerror}.",
        hint=f"dew keeps its state there. Give another place with --state-dir or {STATE_DIR_VARIABLE}.",
    )
