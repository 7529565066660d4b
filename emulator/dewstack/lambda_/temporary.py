"""Where environments keep temporary files: a directory for each (its TMPDIR), which is removed when it ends.

All of them lie in one directory of the emulator's, which the guard removes however the emulator ends.
"""

import contextlib
import os
import shutil
import tempfile
import threading


class TemporaryDirectories:
    """Makes and removes them. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._root = ""
        self._doomed: list[str] = []

    @property
    def root(self) -> str:
        """The directory in which they lie, for this user's eyes only; it is made when it is asked for."""
        with self._lock:
            if not self._root:
                self._root = tempfile.mkdtemp(prefix="dewstack-")
            return self._root

    def make(self) -> str:
        """A new, empty one. Raises OSError."""
        root = self.root
        try:
            return tempfile.mkdtemp(dir=root, prefix="")
        except FileNotFoundError:  # a cleaner of old temporary files was here
            with contextlib.suppress(FileExistsError):
                os.mkdir(root, 0o700)
            return tempfile.mkdtemp(dir=root, prefix="")

    def beside(self, directory: str) -> str:
        """The path of a file that belongs to one of them, is not in it, and goes with it."""
        return f"{directory}.table"

    def remove(self, directory: str) -> None:
        """Remove one with all that is in it, soon and elsewhere: there may be gigabytes."""
        with self._lock:
            first = not self._doomed
            self._doomed.append(directory)
        if first:
            with contextlib.suppress(RuntimeError):  # the interpreter ends: what is left is the guard's
                threading.Thread(target=self._sweep, name="dewstack-temporary", daemon=True).start()

    def _sweep(self) -> None:
        while True:
            with self._lock:
                doomed = tuple(self._doomed)
            for directory in doomed:
                shutil.rmtree(directory, ignore_errors=True)
                with contextlib.suppress(OSError):
                    os.unlink(self.beside(directory))
            with self._lock:
                del self._doomed[: len(doomed)]
                if not self._doomed:
                    return

    def close(self) -> None:
        """Remove what is there still. Where there is much, this takes its time."""
        with self._lock:
            root, self._root = self._root, ""
        if root:
            shutil.rmtree(root, ignore_errors=True)
