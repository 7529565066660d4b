"""The way from the AWS API to moto: worker threads of its own, and what was deployed before, made again."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from dewstack.config import Caller
from dewstack.http import Request, Response
from dewstack.others.backends import Backends
from dewstack.others.clients import Clients

T = TypeVar("T")
_THREADS = 64
"""More than there are processors: a long poll of a queue holds one for twenty seconds."""


class OtherServices:
    """Whatever handlers call beside the services that dewstack emulates itself."""

    def __init__(self, account_id: str, endpoint_url: str) -> None:
        self._backends = Backends(account_id)
        self._clients = Clients(self._backends, endpoint_url)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="others")

    def close(self) -> None:
        """Stop the worker threads; what is running ends on its own."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def handle(self, service: str, caller: Caller, request: Request, *, signed: bool) -> Response:
        """Answer a request to `service` (boto3's name). Raises AwsErrors of the way, not of the operation."""
        return await self._in_thread(lambda: self._backends.answer(service, caller, request, signed=signed))

    async def call(
        self, service: str, operation: str, params: dict[str, Any], caller: Caller
    ) -> dict[str, Any]:
        """Call an operation in boto3's shapes. Raises the AwsError that it answers."""
        return await self._in_thread(lambda: self._clients.call(service, operation, params, caller))

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)
