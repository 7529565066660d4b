"""The way from the AWS API to moto: worker threads of its own, and what was deployed before, made again."""

import asyncio
import logging
import re
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, TypeVar

from dewstack.config import Caller
from dewstack.http import Request, Response
from dewstack.others.adopting import ADOPT, ADOPTIONS
from dewstack.others.backends import Backends
from dewstack.others.clients import Clients
from dewstack.others.identities import Identities
from dewstack.others.kept import Keeper
from dewstack.others.notices import Notify

_log = logging.getLogger(__name__)

T = TypeVar("T")
Restore = Callable[[str], Awaitable[None]]
"""Makes again, in one service (boto3's name), what was deployed and the service does not know."""
_THREADS = 64
"""More than there are processors: a long poll of a queue holds one for twenty seconds."""
_ACTION = re.compile(rb"(?:^|&)Action=([A-Za-z]+)")
_READ = ("Get", "List", "Describe", "Query", "Scan", "BatchGet", "Head")
_READS = {"sqs": ("Receive", "Delete", "Get", "List", "Change")}
"""How operations begin that write nothing for anybody to read."""
KNOWN = "dewstack:Known"
"""The operation, beside the service's own: whether anybody has used the service yet (`{"Known": bool}`)."""
_LEARNS = frozenset({"iam"})
"""Services that are asked so seldom that a deployment does not tell them: they catch up before each call."""


class OtherServices:
    """Whatever handlers call beside the services that dewstack emulates itself."""

    def __init__(
        self,
        account_id: str,
        endpoint_url: str,
        restore: Restore,
        notify: Notify | None = None,
        backends: Backends | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        self._keeper = keeper
        self._backends = backends or Backends(account_id, notify)
        self._clients = Clients(self._backends, endpoint_url)
        self.identities = Identities(self._backends)
        self._restore = restore
        self._restoring: ContextVar[bool] = ContextVar("restoring", default=False)
        self._known: dict[str, Future[None]] = {}
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="others")
        self.written: Callable[[], None] = lambda: None
        """Called, from any thread, when somebody may have written something into one of the services."""

    def close(self) -> None:
        """Stop the worker threads and forget everything; what is running ends on its own."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._backends.forget()
        if self._keeper is not None:
            self._keeper.close()

    def empty(self) -> None:
        """Forget everything; what is deployed is made again before its service is used."""
        self._backends.forget()
        if self._keeper is not None:
            self._keeper.forget()
        self.identities.edition += 1
        with self._lock:
            self._known = {}

    async def handle(self, service: str, caller: Caller, request: Request, *, signed: bool) -> Response:
        """Answer a request to `service` (boto3's name). Raises AwsErrors of the way, not of the operation."""
        await self._ready(service)
        try:
            return await self._in_thread(lambda: self._answer(service, caller, request, signed=signed))
        finally:
            self._served(service, _operation(request))

    async def call(
        self, service: str, operation: str, params: dict[str, Any], caller: Caller
    ) -> dict[str, Any]:
        """Call an operation in boto3's shapes. Raises the AwsError that it answers."""
        if operation == KNOWN:
            return {"Known": service in self._known}
        await self._ready(service)
        if operation == ADOPT:
            adopt = ADOPTIONS[service]
            await self._in_thread(lambda: adopt(self._backends, caller, params["Id"], params["To"]))
            return {}
        try:
            keeper = None if self._restoring.get() else self._keeper
            return await self._in_thread(lambda: self._call(keeper, service, operation, params, caller))
        finally:
            self._served(service, operation)

    def _put_back(self, service: str) -> None:
        """What handlers had written into a service is in it again, if there is such a service here."""
        assert self._keeper is not None
        try:
            self._keeper.restore(service)
        except Exception:
            _log.exception("what was kept of %s could not be put back", service)

    def _answer(self, service: str, caller: Caller, request: Request, *, signed: bool) -> Response:
        """moto's answer; what was written is kept before it is known."""
        response = self._backends.answer(service, caller, request, signed=signed)
        if self._keeper is not None and response.status < 400:
            self._keeper.note(service, caller, request)
        return response

    def _call(
        self,
        keeper: Keeper | None,
        service: str,
        operation: str,
        params: dict[str, Any],
        caller: Caller,
    ) -> dict[str, Any]:
        """The same in boto3's shapes; nothing is kept of what is only made again."""
        answer = self._clients.call(service, operation, params, caller)
        if keeper is not None:
            keeper.written(service, caller, operation, params)
        return answer

    def _served(self, service: str, operation: str) -> None:
        self.identities.edition += service == "iam"
        if not operation.startswith(_READS.get(service, _READ)):
            self.written()

    async def _ready(self, service: str) -> None:
        """Return when `service` knows what is deployed; callers from any thread's loop wait for the first one."""
        if self._restoring.get():
            return
        with self._lock:
            before = None if service in _LEARNS else self._known.get(service)
            done: Future[None] = before or self._known.setdefault(service, Future())
        if before is not None:
            if not before.done():
                await asyncio.shield(asyncio.wrap_future(before))
            return
        token = self._restoring.set(True)
        try:
            await self._restore(service)
            if self._keeper is not None:
                await self._in_thread(lambda: self._put_back(service))
        finally:
            self._restoring.reset(token)
            if not done.done():
                done.set_result(None)

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)


def _operation(request: Request) -> str:
    """The operation's name, where a header or the form tells it."""
    target = request.header("x-amz-target")
    if target:
        return target.rpartition(".")[2]
    found = _ACTION.search(request.body[:4096])
    return found[1].decode("latin-1") if found else request.method.capitalize()
