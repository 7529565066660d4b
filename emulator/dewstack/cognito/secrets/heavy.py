"""Hashing, signing and large powers: work for the processor, done by few threads of its own.

All of it releases the interpreter's lock, so it would keep every processor busy if as many threads did it as there
are sign-ins; the event loop would then wait for a processor, and every other request with it. Fifty sign-ins at once
are as fast on one thread as on six where there are two processors, and what is asked beside them stays quick.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
MOST_THREADS = 4


class HeavyWork:
    """The threads that do it: one for every two processors, four at most, started when they are first needed.

    What is given to them may use the store, so that a step of a sign-in needs one hop; it must not wait for anything
    else, because everybody waits for it.
    """

    def __init__(self) -> None:
        threads = max(1, min(MOST_THREADS, (os.cpu_count() or 1) // 2))
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="cognito")

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """From the loop: the function's value, or what it raises, in its turn."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)

    def close(self) -> None:
        """Take no more work; what is being done ends on its own."""
        self._threads.shutdown(wait=False, cancel_futures=True)
