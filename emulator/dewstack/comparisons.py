"""`POST /_dew/comparison`: a request beside what Flask would have made of it. Flask is loaded with the first."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from dewstack.app import Emulator
from dewstack.control import BadRequest, answer, body_of
from dewstack.errors import UserError
from dewstack.http import Request, Response
from dewstack.service import Service

if TYPE_CHECKING:
    from dewstack.compare import Comparison

Endpoint = Callable[[Request, dict[str, str]], Awaitable[Response]]


class Comparisons:
    """The endpoint of one emulator; `service` gives the map that it serves now."""

    def __init__(self, emulator: Emulator, service: Callable[[], Service | None]) -> None:
        self._emulator = emulator
        self._service = service
        self._made: tuple[Service, Comparison] | None = None
        self._turn = asyncio.Lock()

    def attach(self) -> None:
        """Let the emulator answer here, until it stops."""
        self._emulator.control.add_all({("POST", "comparison"): self._compare})
        self._emulator.closing.append(self.close)

    def close(self) -> None:
        """End what comparing needed."""
        if self._made is not None:
            self._made[1].close()
            self._made = None

    async def _compare(self, request: Request, query: dict[str, str]) -> Response:
        """The request `id` of the record, or `request`, which is sent now. Raises BadRequest."""
        body = body_of(request)
        number, sent = body.get("id"), body.get("request")
        if isinstance(number, int) and sent is None:
            detail = await self._emulator.recordings.told(number)
        elif isinstance(sent, dict) and number is None:
            detail = await self._emulator.recordings.send(sent, request.header("host"))
        else:
            raise BadRequest("expected one of: id, a number; request, an object with method and path")
        async with self._turn:
            return answer(await asyncio.to_thread(self._compared, detail))

    def _compared(self, detail: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._comparison().compare(detail).told()
        except UserError as error:
            raise BadRequest(str(error)) from error

    def _comparison(self) -> "Comparison":
        """That of the map as it is deployed now."""
        service = self._service()
        if service is None:
            raise BadRequest("no map is deployed here: there is nothing that Flask could serve")
        if self._made is None or self._made[0] is not service:
            from dewstack.compare import Comparison
            from dewstack.shim.embedded import Found

            self.close()
            self._made = service, Comparison(Found(service, self._emulator.urls.aws))
        return self._made[1]
