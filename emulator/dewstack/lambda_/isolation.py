"""What an environment sees of the disk: a `/tmp` of its own, its code read-only, its layers at `/opt`.

It is a mount namespace, which on Linux whoever may make one can have without being root. Programs of util-linux make
it; they become the runtime's process, which keeps its process id. Where they are absent or may not, an environment
has the machine's disk and a TMPDIR of its own.
"""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence

from msgspec import Struct

from dewstack.lambda_.temporary import TemporaryDirectories

TMP, OPT = "/tmp", "/opt"
PROBE_SECONDS = 5.0
DENIED = {
    name: getattr(os, f"ST_{name.upper()}", 0)
    for name in ("nosuid", "nodev", "noexec", "noatime", "nodiratime", "relatime")
}
ENTER = (
    'mount -a -T "$1" || echo "dewstack: the disk is not as on AWS" >&2;'
    ' cd -- "$2"; unset OLDPWD; shift 2; exec "$@"'
)
"""Mount what the table `$1` says, and become the program, in the directory `$2`."""
AWAIT = 'exec 3<&0; ( (read -r table && mount -a -T "$table"; echo "$?") <&3 >&3 2>&- & ); exec "$@" </dev/null 3<&-'
"""Become the program; a process beside it mounts what a table says whose path comes by standard input, a socket."""


class View(Struct, frozen=True):
    """What is mounted for one environment: a table for mount(8), and what starts a program in it."""

    table: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    def command(self, program: tuple[str, ...], directory: str) -> tuple[str, ...]:
        """The program, started in `directory` with this view."""
        return (*self.before, "/bin/sh", "-c", ENTER, "sh", self.table, directory, *self.after, *program)


class Isolation:
    """Makes views. Safe from any thread, not for the loop: it starts programs."""

    def __init__(self, temporary: TemporaryDirectories, *, wanted: bool = True) -> None:
        self._temporary = temporary
        self._lock = threading.Lock()
        self._wanted = wanted
        self._tried = False
        self._apart: tuple[str, ...] = ()
        self._drop: tuple[str, ...] = ()

    @property
    def possible(self) -> bool:
        """Whether this machine lets environments have it; found out once, by trying."""
        with self._lock:
            if self._wanted and not self._tried:
                self._tried = True
                self._apart, self._drop = self._found()
            return bool(self._apart)

    def _found(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        programs = [
            shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin") for name in ("unshare", "setpriv")
        ]
        unshare, setpriv = programs
        if not sys.platform.startswith("linux") or unshare is None or setpriv is None:
            return (), ()
        apart: tuple[str, ...] = (unshare, "--mount", "--propagation", "private")
        drop: tuple[str, ...] = ()
        if os.geteuid() != 0:
            apart = (*apart, "--user", "--map-current-user", "--keep-caps")
            drop = (setpriv, "--inh-caps=-all", "--ambient-caps=-all")
        directory = self._temporary.make()
        try:
            table = self._table(directory, [(directory, directory, _read_only(directory))])
            probe = subprocess.run(
                [*apart, "/bin/sh", "-c", 'mount -a -T "$1"', "sh", table],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PROBE_SECONDS,
                env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
            )
            return (apart, drop) if probe.returncode == 0 else ((), ())
        except (OSError, subprocess.SubprocessError):
            return (), ()
        finally:
            self._temporary.remove(directory)

    def view(
        self,
        program: str,
        directory: str,
        code: str,
        layers: Sequence[str],
        seen: Iterable[str],
        written: str,
    ) -> View | None:
        """Let `directory` be `/tmp`, `code` read-only, `layers` (the last comes first) be `/opt`; None if it can't be.

        `seen` is what `program` needs to find where it is, `written` where it may write to inside of `code`.
        """
        if not self.possible or not _is_native(program) or f"{TMP}/".startswith(os.path.join(code, "")):
            return None
        seen = [each for place in (code, *layers, *seen) for each in (place, os.path.realpath(place))]
        mounts = [(written, written, "bind")] if os.path.isdir(written) else []
        for name in sorted({place.split("/", 3)[2] for place in seen if place.startswith(f"{TMP}/")}):
            place = os.path.join(directory, name)
            with contextlib.suppress(FileExistsError):
                os.mkdir(place)
            mounts.append((os.path.join(TMP, name), place, "rbind"))
        for place in map(os.path.realpath, (code, *layers)):
            mounts.append((place, _moved(place, directory), _read_only(place)))
        mounts.append((directory, TMP, "rbind"))
        mounts += _opt(layers, keep=any(place.startswith(f"{OPT}/") for place in seen))
        table = self._table(directory, mounts)
        return View(table, self._apart, self._drop)

    def waiting(self, program: tuple[str, ...]) -> tuple[str, ...]:
        """The program, whose view comes later: its table's path by a socket, its standard input, which answers with
        mount's status. Where no view is possible, none will come."""
        apart = self._apart if self.possible else ()
        return (*apart, "/bin/sh", "-c", AWAIT, "sh", *self._drop, *program)

    def _table(self, directory: str, mounts: Iterable[tuple[str, str, str]]) -> str:
        path = self._temporary.beside(directory)
        lines = [
            f"{_field(what)} {_field(where)} {_type(options)} {options} 0 0\n"
            for what, where, options in mounts
        ]
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.writelines(lines)
        return path


def _is_native(program: str) -> bool:
    """Whether the kernel runs this file by itself: a script, or a program for this machine. What it can't run it
    refuses to the shell in words of its own, and to us as an OSError, which says more."""
    try:
        with open(program, "rb") as file, open(sys.executable, "rb") as own:
            head, ours = file.read(20), own.read(20)
    except OSError:
        return False
    return os.access(program, os.X_OK) and (
        head[:2] == b"#!" or (head[:6], head[18:]) == (ours[:6], ours[18:])
    )


def _opt(layers: Sequence[str], *, keep: bool) -> list[tuple[str, str, str]]:
    """`/opt` out of layers; what the machine has there remains where the runtime needs it."""
    places = [*map(os.path.realpath, reversed(layers)), *([OPT] if keep else [])]
    if not layers or not os.path.isdir(OPT):
        return []
    if len(places) == 1:
        return [(places[0], OPT, _read_only(places[0]))]
    lower = ":".join(place.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,") for place in places)
    return [("overlay", OPT, f"ro,lowerdir={_field(lower)}")]


def _read_only(place: str) -> str:
    """The options that make it read-only. What its file system already denies may not be given up on the way."""
    flags = os.statvfs(place).f_flag
    return ",".join(["rbind", "ro", *(name for name, flag in DENIED.items() if flags & flag)])


def _moved(place: str, directory: str) -> str:
    """Where something that lies below `/tmp` is while `directory` is about to become it."""
    return directory + place.removeprefix(TMP) if place.startswith(f"{TMP}/") else place


def _type(options: str) -> str:
    return "overlay" if "lowerdir=" in options else "none"


def _field(text: str) -> str:
    """A field as fstab(5) has it."""
    for character in "\\ \t\n#":
        text = text.replace(character, f"\\{ord(character):03o}")
    return text
