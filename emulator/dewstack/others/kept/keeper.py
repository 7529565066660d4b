"""Keeps what was written, entry by entry, before the answer to whoever wrote it goes out; and puts it back.

What is kept is what the services' own operations tell, not how moto holds it: another version of it reads it as well.
"""

import logging
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from dewstack.config import Caller
from dewstack.errors import AwsError
from dewstack.http import Request
from dewstack.others.clients import Clients
from dewstack.others.kept.model import ALL, NONE, Kind, Touched
from dewstack.others.kept.requests import asked
from dewstack.store import Store

log = logging.getLogger(__name__)

EVERYWHERE = "aws-global"
"""The region of what has a name of the whole account."""


class Kept(Struct, frozen=True):
    """A container's definition, or an entry, in MessagePack."""

    value: bytes


class _Call:
    """`model.Call`, by botocore's clients."""

    def __init__(self, clients: Clients, service: str, caller: Caller) -> None:
        self._clients = clients
        self._service = service
        self.caller = caller

    def __call__(self, operation: str, /, **params: Any) -> dict[str, Any]:
        return self._clients.call(self._service, operation, params, self.caller)


class Keeper:
    """Keeps the data of the services in `kinds` (by boto3's names) in the file `path`. For worker threads.

    `clients` call the services without telling anybody of what is written.
    """

    def __init__(self, path: Path, clients: Clients, kinds: Mapping[str, Kind]) -> None:
        self._path = path
        self._clients = clients
        self._kinds = kinds
        self._lock = threading.RLock()
        self._opened: Store | None = None

    def _store(self) -> Store:
        """The file, made with the first thing that is kept."""
        with self._lock:
            if self._opened is None:
                self._opened = Store(self._path)
            return self._opened

    def note(self, service: str, caller: Caller, request: Request) -> None:
        """Keep what a request that was answered has changed."""
        found = asked(service, request) if service in self._kinds else None
        if found is not None:
            self.written(service, caller, *found)

    def written(self, service: str, caller: Caller, operation: str, params: Mapping[str, Any]) -> None:
        """Keep what an operation has changed. What cannot be kept is logged."""
        kind = self._kinds.get(service)
        if kind is None or operation not in kind.writes:
            return
        call = _Call(self._clients, service, Caller(caller.account_id, caller.region))
        try:
            with self._lock:
                for touched in kind.touched(operation, params, call):
                    self._keep(kind, service, call, touched)
        except Exception:
            log.exception("what %s of %s has written is not kept", operation, service)

    def _keep(self, kind: Kind, service: str, call: _Call, touched: Touched) -> None:
        """Keep an entry, or all of a container, as it is now."""
        containers, entries = self._collections()
        region = call.caller.region if kind.regional else EVERYWHERE
        place = (service, call.caller.account_id, region, touched.container)
        if touched.key in (NONE, ALL) or containers.get(*place) is None:
            definition = kind.definition(call, touched.container)
            if definition is None:
                containers.delete(*place)
                entries.clear(*place)
                return
            containers.put(Kept(msgspec.msgpack.encode(definition)), *place)
        if touched.key == NONE:
            return
        if touched.key == ALL:
            entries.clear(*place)
        keys = kind.keys(call, touched.container) if touched.key == ALL else (touched.key,)
        for key in keys:
            entry = kind.entry(call, touched.container, key)
            name = (*place, key.replace("\0", "\\0"))
            if entry is None:
                entries.delete(*name)
            else:
                entries.put(Kept(msgspec.msgpack.encode(entry)), *name)

    def restore(self, service: str) -> None:
        """Put back what was kept of a service."""
        kind = self._kinds.get(service)
        if kind is None or not self._path.exists():
            return
        containers, _ = self._collections()
        for (_, account_id, region, name), kept in containers.items(service):
            definition = msgspec.msgpack.decode(kept.value)
            where = definition.get("region") if region == EVERYWHERE else region
            call = _Call(self._clients, service, Caller(account_id, where))
            try:
                kind.restore(call, name, definition, self._entries((service, account_id, region, name)))
            except AwsError as error:
                log.warning("%s %s could not be put back: %s", service, name, error)

    def _entries(self, place: tuple[str, str, str, str]) -> Iterator[dict[str, Any]]:
        """Those of a container, one after the other: there may be many, and large ones."""
        _, entries = self._collections()
        after: tuple[str, ...] | None = None
        while found := entries.items(*place, after=after, limit=1):
            ((after, kept),) = found
            yield msgspec.msgpack.decode(kept.value)

    def _collections(self) -> Any:
        store = self._store()
        return store.collection("containers", Kept), store.collection("entries", Kept)

    def forget(self) -> None:
        """Keep nothing of all that."""
        if self._path.exists():
            self._store().clear()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None
