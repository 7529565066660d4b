"""An event loop on a thread of its own, for whoever is not asynchronous: tests, the Flask shim."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
STOP_SECONDS = 60.0


class LoopThread:
    """An event loop on a thread of its own."""

    def __init__(self) -> None:
        self._loop = _new_loop()
        self._thread = threading.Thread(target=self._run, name="dewstack", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.get_loop().run_forever()

    def run(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """Await `work` on the loop. Raises TimeoutError after `seconds`, and what `work` raises."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=seconds)

    def close(self) -> None:
        """End the loop and what is left on it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=STOP_SECONDS)


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        from uvloop import new_event_loop
    except ImportError:
        return asyncio.new_event_loop()
    return new_event_loop()
