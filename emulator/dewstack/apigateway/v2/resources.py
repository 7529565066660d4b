"""Where the APIs of `apigatewayv2` are kept: routes, integrations, authorizers, stages are an API's parts."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from dewstack.apigateway.errors import BadRequestException, NotFoundException
from dewstack.apigateway.resources import Apis, Children, Owned
from dewstack.apigateway.v2.model import (
    Api,
    Authorizer,
    Deployment,
    Integration,
    IntegrationResponse,
    Model,
    Route,
    RouteResponse,
    Snapshot,
    Stage,
)
from dewstack.apigateway.v2.shapes import output, required
from dewstack.config import Caller
from dewstack.ids import random_string
from dewstack.store import Store

S = TypeVar("S")
T = TypeVar("T", bound=Struct)
DEFAULT_PAGE = 5_000
MISSING = "Invalid {noun} identifier specified {{name}}"


def new_id() -> str:
    """The id of a route, an integration, an authorizer or a deployment."""
    return random_string(7)


def page(items: list[T], params: Mapping[str, Any]) -> dict[str, Any]:
    """One page of `items`, as `shown_page` has it."""
    return shown_page(items, params, output)


def shown_page(
    items: list[S], params: Mapping[str, Any], show: Callable[[S], dict[str, Any]]
) -> dict[str, Any]:
    """One page of `items` as `Items` and, when more follow, `NextToken`. Raises BadRequestException for a
    token or a size that isn't a number."""
    try:
        start = int(params.get("NextToken") or 0)
        size = int(params.get("MaxResults") or DEFAULT_PAGE)
    except ValueError:
        raise BadRequestException("Invalid NextToken or MaxResults") from None
    if start < 0 or size < 1:
        raise BadRequestException("Invalid NextToken or MaxResults")
    shape: dict[str, Any] = {"Items": [show(item) for item in items[start : start + size]]}
    if start + size < len(items):
        shape["NextToken"] = str(start + size)
    return shape


def _parts(store: Store, collection: str, kind: type[T], noun: str) -> Children[T]:
    return Children(store, f"apigatewayv2.{collection}", kind, MISSING.format(noun=noun))


class Routes(Children[Route]):
    """The routes of APIs, also found by their keys, of which an API has each but once."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, "apigatewayv2.routes", Route, MISSING.format(noun="Route"))
        self._ids = store.collection("apigatewayv2.route-keys", str)

    def id_of(self, api: Owned, route_key: str) -> str | None:
        """The id of the route with this key, or None."""
        return self._ids.get(*api.key, route_key)

    def put(self, api: Owned, name: str, part: Route) -> Route:
        """Keep the route, under its new key alone."""
        self._forget_key(api, name)
        self._ids.put(name, *api.key, part.route_key)
        return super().put(api, name, part)

    def delete(self, api: Owned, name: str) -> None:
        """Remove the route. Raises NotFoundException."""
        self._forget_key(api, name)
        super().delete(api, name)

    def clear(self, api: Owned) -> None:
        """Remove all routes of the API."""
        self._ids.clear(*api.key)
        super().clear(api)

    def _forget_key(self, api: Owned, name: str) -> None:
        route = self.find(api, name)
        if route is not None:
            self._ids.delete(*api.key, route.route_key)


class _OfOwner(Protocol):
    """A response: a part of a part."""

    @property
    def owner_id(self) -> str:
        """Whose it is."""


R = TypeVar("R", bound=_OfOwner)


class Responses(Children[R]):
    """The responses of integrations, or of routes: parts of an API's parts, their owners."""

    def __init__(self, store: Store, collection: str, kind: type[R]) -> None:
        super().__init__(store, f"apigatewayv2.{collection}", kind, MISSING.format(noun="response"))

    def of(self, api: Owned, owner_id: str) -> list[R]:
        """All responses of one owner."""
        return [response for response in self.all(api) if response.owner_id == owner_id]

    def one(self, api: Owned, owner_id: str, name: str) -> R:
        """One response of one owner. Raises NotFoundException."""
        response = self.get(api, name)
        if response.owner_id != owner_id:
            raise NotFoundException(self._missing.format(name=name))
        return response


class ApisV2(Apis[Api]):
    """All APIs and their parts."""

    def __init__(self, store: Store, on_change: Callable[[str], None]) -> None:
        super().__init__(store, "apigatewayv2.apis", Api, on_change)
        self.routes = Routes(store)
        self.integrations = _parts(store, "integrations", Integration, "Integration")
        self.integration_responses = Responses(store, "integration-responses", IntegrationResponse)
        self.route_responses = Responses(store, "route-responses", RouteResponse)
        self.authorizers = _parts(store, "authorizers", Authorizer, "Authorizer")
        self.models = _parts(store, "models", Model, "Model")
        self.stages = _parts(store, "stages", Stage, "stage")
        self.deployments = _parts(store, "deployments", Deployment, "deployment")

    def api(self, caller: Caller, params: Mapping[str, Any]) -> Api:
        """The API that `params` names by `ApiId`. Raises NotFoundException."""
        return self.named(caller, required(params, "ApiId"))

    def snapshot(self, api: Api) -> Snapshot:
        """The API as it is now."""
        return Snapshot(
            self.routes.all(api),
            self.integrations.all(api),
            self.authorizers.all(api),
            api.cors_configuration,
            self.integration_responses.all(api),
            self.route_responses.all(api),
            api.route_selection_expression,
            self.models.all(api),
        )
