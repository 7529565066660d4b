"""Where APIs of either kind and their parts are kept, and who is told when one changes.

Everything is found by account, region, API and its own name. The data plane never reads here while it serves: it
compiles an API once and again after `changed`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from dewstack.apigateway.errors import NotFoundException
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.store import Store


class Owned(Protocol):
    """What an account has in a region."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Account, region and id."""


class AnyApi(Owned, Protocol):
    """What both kinds of API have."""

    @property
    def created_date(self) -> float:
        """In seconds since the epoch."""


T = TypeVar("T")
A = TypeVar("A", bound=AnyApi)
P = TypeVar("P", bound=Owned)


def refuse(params: Mapping[str, Any], names: tuple[str, ...], what: str) -> None:
    """Raise NotEmulated for the first of `names` that is set: what would be ignored is refused instead."""
    for name in names:
        if params.get(name):
            raise NotEmulated(f"{what}: {name} is not emulated")


class Children(Generic[T]):
    """One kind of an API's parts. `missing` is AWS's sentence about one that isn't there, with its `{name}`."""

    def __init__(self, store: Store, collection: str, kind: type[T], missing: str) -> None:
        self._items = store.collection(collection, kind)
        self._missing = missing

    def find(self, api: Owned, name: str) -> T | None:
        """The part called `name`, or None."""
        return None if "\0" in name else self._items.get(*api.key, name)

    def get(self, api: Owned, name: str) -> T:
        """The part called `name`. Raises NotFoundException."""
        part = self.find(api, name)
        if part is None:
            raise NotFoundException(self._missing.format(name=name))
        return part

    def all(self, api: Owned) -> list[T]:
        """All parts of the API."""
        return self._items.scan(*api.key)

    def put(self, api: Owned, name: str, part: T) -> T:
        """Keep `part` as `name`."""
        self._items.put(part, *api.key, name)
        return part

    def delete(self, api: Owned, name: str) -> None:
        """Remove the part. Raises NotFoundException."""
        self.get(api, name)
        self._items.delete(*api.key, name)

    def clear(self, api: Owned) -> None:
        """Remove all parts of the API."""
        self._items.clear(*api.key)


class Apis(Generic[A]):
    """All APIs of a kind, in memory too: every operation on a part asks for its API. `on_change` is called with an
    API's id after every change, from any thread."""

    def __init__(
        self, store: Store, collection: str, kind: type[A], on_change: Callable[[str], None]
    ) -> None:
        self._on_change = on_change
        self.transaction = store.transaction
        self._apis = store.collection(collection, kind)
        self._known: dict[str, A] = {}
        self.forget()

    def named(self, caller: Caller, api_id: str) -> A:
        """The caller's API of this id. Raises NotFoundException."""
        api = self._known.get(api_id)
        if api is None or api.key[:2] != (caller.account_id, caller.region):
            raise NotFoundException(f"Invalid API identifier specified {caller.account_id}:{api_id}")
        return api

    def __contains__(self, api_id: object) -> bool:
        """Whether there is an API of this id in any account and region, without reading the store."""
        return api_id in self._known

    def anywhere(self, api_id: str) -> A | None:
        """The API of this id in whatever account and region, or None."""
        return self._known.get(api_id)

    def every(self) -> list[A]:
        """The APIs of all accounts and regions, oldest first."""
        return sorted(self._known.values(), key=lambda api: api.created_date)

    def forget(self) -> None:
        """Drop what is remembered of APIs that the store no longer has."""
        self._known = {api.key[2]: api for api in self._apis.scan()}

    def of(self, caller: Caller) -> list[A]:
        """The APIs of one account and region, oldest first."""
        home = (caller.account_id, caller.region)
        return [api for api in self.every() if api.key[:2] == home]

    def put(self, api: A) -> A:
        """Keep `api`."""
        self._apis.put(api, *api.key)
        self._known[api.key[2]] = api
        return api

    def delete(self, api: A) -> None:
        """Remove the API with all its parts."""
        for parts in self._parts():
            parts.clear(api)
        self._apis.delete(*api.key)
        self._known.pop(api.key[2], None)

    def _parts(self) -> tuple[Children[Any], ...]:
        """All kinds of parts that an API has."""
        return tuple(parts for parts in vars(self).values() if isinstance(parts, Children))

    def changed(self, api: Owned) -> None:
        """Say that `api` changed; to be called once the change is committed."""
        self._on_change(api.key[2])


class Belongings(Generic[P]):
    """What an account has in a region beside its APIs. `missing` is AWS's sentence about one that isn't there."""

    def __init__(self, store: Store, collection: str, kind: type[P], missing: str) -> None:
        self._items = store.collection(collection, kind)
        self._missing = missing

    def get(self, caller: Caller, name: str) -> P:
        """The one of this id. Raises NotFoundException."""
        found = None if "\0" in name else self._items.get(caller.account_id, caller.region, name)
        if found is None:
            raise NotFoundException(self._missing)
        return found

    def of(self, caller: Caller) -> list[P]:
        """All of an account and region."""
        return self._items.scan(caller.account_id, caller.region)

    def put(self, one: P) -> P:
        """Keep it."""
        self._items.put(one, *one.key)
        return one

    def delete(self, one: P) -> None:
        """Remove it."""
        self._items.delete(*one.key)
