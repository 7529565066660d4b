"""Where HTTP APIs are kept, and who is told when one changes.

Routes, integrations, authorizers, stages and deployments are children of an API; all are found by account,
region, API and their own name. The data plane never reads here while it serves: it compiles an API once and
again after `changed`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from dewstack.apigateway.errors import BadRequestException, NotFoundException
from dewstack.apigateway.http_api.model import (
    Api,
    Authorizer,
    Deployment,
    Integration,
    Route,
    Snapshot,
    Stage,
)
from dewstack.apigateway.http_api.shapes import output, required
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.ids import random_string
from dewstack.store import Store

T = TypeVar("T")
DEFAULT_PAGE = 5_000


def new_id() -> str:
    """The id of a route, an integration, an authorizer or a deployment."""
    return random_string(7)


def page(items: list[T], params: Mapping[str, Any]) -> dict[str, Any]:
    """One page of `items` as `Items` and, when more follow, `NextToken`. Raises BadRequestException for a
    token or a size that isn't a number."""
    try:
        start = int(params.get("NextToken") or 0)
        size = int(params.get("MaxResults") or DEFAULT_PAGE)
    except ValueError:
        raise BadRequestException("Invalid NextToken or MaxResults") from None
    if start < 0 or size < 1:
        raise BadRequestException("Invalid NextToken or MaxResults")
    shape: dict[str, Any] = {"Items": [output(item) for item in items[start : start + size]]}
    if start + size < len(items):
        shape["NextToken"] = str(start + size)
    return shape


def refuse(params: Mapping[str, Any], names: tuple[str, ...], what: str) -> None:
    """Raise NotEmulated for the first of `names` that is set: what would be ignored is refused instead."""
    for name in names:
        if params.get(name):
            raise NotEmulated(f"{what}: {name} is not emulated")


class Children(Generic[T]):
    """One kind of an API's parts. `noun` is what AWS calls it in its errors."""

    def __init__(self, store: Store, collection: str, kind: type[T], noun: str) -> None:
        self._items = store.collection(f"apigatewayv2.{collection}", kind)
        self._noun = noun

    def find(self, api: Api, name: str) -> T | None:
        """The part called `name`, or None."""
        return None if "\0" in name else self._items.get(api.account_id, api.region, api.api_id, name)

    def get(self, api: Api, name: str) -> T:
        """The part called `name`. Raises NotFoundException."""
        part = self.find(api, name)
        if part is None:
            raise NotFoundException(f"Invalid {self._noun} identifier specified {name}")
        return part

    def all(self, api: Api) -> list[T]:
        """All parts of the API."""
        return self._items.scan(api.account_id, api.region, api.api_id)

    def put(self, api: Api, name: str, part: T) -> T:
        """Keep `part` as `name`."""
        self._items.put(part, api.account_id, api.region, api.api_id, name)
        return part

    def delete(self, api: Api, name: str) -> None:
        """Remove the part. Raises NotFoundException."""
        self.get(api, name)
        self._items.delete(api.account_id, api.region, api.api_id, name)

    def clear(self, api: Api) -> None:
        """Remove all parts of the API."""
        self._items.clear(api.account_id, api.region, api.api_id)


class Routes(Children[Route]):
    """The routes of APIs, also found by their keys, of which an API has each but once."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, "routes", Route, "Route")
        self._ids = store.collection("apigatewayv2.route-keys", str)

    def id_of(self, api: Api, route_key: str) -> str | None:
        """The id of the route with this key, or None."""
        return self._ids.get(api.account_id, api.region, api.api_id, route_key)

    def put(self, api: Api, name: str, part: Route) -> Route:
        """Keep the route, under its new key alone."""
        self._forget_key(api, name)
        self._ids.put(name, api.account_id, api.region, api.api_id, part.route_key)
        return super().put(api, name, part)

    def delete(self, api: Api, name: str) -> None:
        """Remove the route. Raises NotFoundException."""
        self._forget_key(api, name)
        super().delete(api, name)

    def clear(self, api: Api) -> None:
        """Remove all routes of the API."""
        self._ids.clear(api.account_id, api.region, api.api_id)
        super().clear(api)

    def _forget_key(self, api: Api, name: str) -> None:
        route = self.find(api, name)
        if route is not None:
            self._ids.delete(api.account_id, api.region, api.api_id, route.route_key)


class HttpApis:
    """All HTTP APIs and their parts. `on_change` is called with an API's id after every change, from any
    thread."""

    def __init__(self, store: Store, on_change: Callable[[str], None]) -> None:
        self._on_change = on_change
        self.transaction = store.transaction
        self._apis = store.collection("apigatewayv2.apis", Api)
        self._homes = {api.api_id: (api.account_id, api.region) for api in self._apis.scan()}
        self.routes = Routes(store)
        self.integrations = Children(store, "integrations", Integration, "Integration")
        self.authorizers = Children(store, "authorizers", Authorizer, "Authorizer")
        self.stages = Children(store, "stages", Stage, "stage")
        self.deployments = Children(store, "deployments", Deployment, "deployment")

    def api(self, caller: Caller, params: Mapping[str, Any]) -> Api:
        """The API that `params` names by `ApiId`. Raises NotFoundException."""
        api_id = required(params, "ApiId")
        api = self.find(caller.account_id, caller.region, api_id)
        if api is None:
            raise NotFoundException(f"Invalid API identifier specified {caller.account_id}:{api_id}")
        return api

    def find(self, account_id: str, region: str, api_id: str) -> Api | None:
        """One API, or None."""
        return None if "\0" in api_id else self._apis.get(account_id, region, api_id)

    def __contains__(self, api_id: object) -> bool:
        """Whether there is an API of this id in any account and region, without reading the store."""
        return api_id in self._homes

    def anywhere(self, api_id: str) -> Api | None:
        """The API of this id in whatever account and region, or None."""
        home = self._homes.get(api_id)
        return self._apis.get(*home, api_id) if home else None

    def every(self) -> list[Api]:
        """The APIs of all accounts and regions, oldest first."""
        return sorted(self._apis.scan(), key=lambda api: api.created_date)

    def forget(self) -> None:
        """Drop what is remembered of APIs that the store no longer has."""
        self._homes = {api.api_id: (api.account_id, api.region) for api in self._apis.scan()}

    def of(self, caller: Caller) -> list[Api]:
        """The APIs of one account and region, oldest first."""
        return sorted(self._apis.scan(caller.account_id, caller.region), key=lambda api: api.created_date)

    def put(self, api: Api) -> Api:
        """Keep `api`."""
        self._apis.put(api, api.account_id, api.region, api.api_id)
        self._homes[api.api_id] = (api.account_id, api.region)
        return api

    def delete(self, api: Api) -> None:
        """Remove the API with all its parts."""
        for parts in (self.routes, self.integrations, self.authorizers, self.stages, self.deployments):
            parts.clear(api)
        self._apis.delete(api.account_id, api.region, api.api_id)
        self._homes.pop(api.api_id, None)

    def snapshot(self, api: Api) -> Snapshot:
        """The API as it is now."""
        return Snapshot(
            self.routes.all(api),
            self.integrations.all(api),
            self.authorizers.all(api),
            api.cors_configuration,
        )

    def changed(self, api: Api) -> None:
        """Say that `api` changed; to be called once the change is committed."""
        self._on_change(api.api_id)
