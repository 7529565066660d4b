"""Functions whose code is a directory (`S3Bucket: hot-reload`) start anew when something in it is saved."""

import asyncio
import logging
import os
from contextlib import suppress
from pathlib import Path

from dewstack.lambda_ import LambdaService
from dewstack.saves import saves

LOOK_SECONDS = 0.5
"""How often to look for directories that functions have begun, or ceased, to run from."""
_LOG = logging.getLogger("dewstack.localstack")


class LiveCode:
    """Watches what functions run from, as `dew up` watches its project."""

    def __init__(self, functions: LambdaService) -> None:
        self._invoker = functions.invoker
        self._watchers: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Watch until cancelled."""
        try:
            while True:
                wanted = self._directories()
                for directory in self._watchers.keys() - wanted.keys():
                    self._watchers.pop(directory).cancel()
                for directory in wanted.keys() - self._watchers.keys():
                    self._watchers[directory] = asyncio.create_task(self._watch(directory, wanted[directory]))
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            for task in self._watchers.values():
                task.cancel()
            await asyncio.gather(*self._watchers.values(), return_exceptions=True)

    def _directories(self) -> dict[str, set[str]]:
        """Directories, and the folders in them that hold handlers."""
        found: dict[str, set[str]] = {}
        for pool in self._invoker.pools:
            code = pool.function.code
            if code.live and code.directory and os.path.isdir(code.directory):
                folder = pool.function.handler.partition("/")
                found.setdefault(code.directory, set()).update([folder[0]] if folder[1] else [])
        return found

    async def _watch(self, directory: str, folders: set[str]) -> None:
        with suppress(asyncio.CancelledError):
            try:
                async for paths in saves(Path(directory), folders):
                    self._invoker.files_changed(paths)
            except Exception as error:
                _LOG.warning("%s is not watched: functions keep the code they have (%s)", directory, error)
