"""Where REST APIs are kept, and the keys and usage plans that their callers need."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from dewstack.apigateway.domains.model import BasePathMapping, DomainName
from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.resources import Apis, Belongings, Children, Owned
from dewstack.apigateway.rest_api.account_model import ClientCertificate, VpcLink
from dewstack.apigateway.rest_api.documentation_model import DocumentationPart, DocumentationVersion
from dewstack.apigateway.rest_api.model import (
    Account,
    ApiKey,
    Authorizer,
    Deployment,
    GatewayResponse,
    Method,
    Model,
    RequestValidator,
    Resource,
    RestApi,
    Snapshot,
    Stage,
    UsagePlan,
)
from dewstack.apigateway.rest_api.shapes import output, required
from dewstack.config import Caller
from dewstack.ids import random_string
from dewstack.store import Store

DEFAULT_PAGE = 25
LARGEST_PAGE = 500


T = TypeVar("T")


def new_id() -> str:
    """The id of a resource, an authorizer, a deployment or a validator."""
    return random_string(6)


def page(
    items: list[T], params: Mapping[str, Any], show: Callable[[T], dict[str, Any]] = output
) -> dict[str, Any]:
    """One page of `items` as `items` and, when more follow, `position`. Raises BadRequestException for a
    position that no page gave."""
    try:
        start = int(params.get("position") or 0)
        size = min(int(params.get("limit") or DEFAULT_PAGE), LARGEST_PAGE)
    except ValueError:
        raise BadRequestException("Invalid position parameter") from None
    if start < 0 or size < 1:
        raise BadRequestException("Invalid position parameter")
    shape: dict[str, Any] = {"items": [show(item) for item in items[start : start + size]]}
    if start + size < len(items):
        shape["position"] = str(start + size)
    return shape


class _Tree:
    """The resources of one API, found by their ids, and under each the parts of its children's paths."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.resources: dict[str, Resource] = {}
        self.children: dict[str, dict[str, str]] = {}
        for resource in resources:
            self.add(resource)

    def add(self, resource: Resource) -> None:
        self.resources[resource.id] = resource
        if resource.parent_id and resource.path_part:
            self.children.setdefault(resource.parent_id, {})[resource.path_part] = resource.id

    def displace(self, resource: Resource) -> None:
        if resource.parent_id and resource.path_part:
            self.children[resource.parent_id].pop(resource.path_part, None)


class Resources(Children[Resource]):
    """The resources of APIs, also found by their parent and their part of the path.

    Those of an API that is being made are in memory until it is deployed: each is asked for a few times.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store, "apigateway.resources", Resource, "Invalid Resource identifier specified")
        self._transaction = store.transaction
        self._trees: dict[tuple[str, str, str], _Tree] = {}

    def _tree(self, api: Owned) -> _Tree:
        tree = self._trees.get(api.key)
        if tree is None:
            with self._transaction():
                self._trees[api.key] = tree = _Tree(super().all(api))
        return tree

    def release(self, api: Owned) -> None:
        """Leave the API's resources to the store."""
        self._trees.pop(api.key, None)

    def forget(self) -> None:
        """Take note that the store was emptied or replaced."""
        self._trees.clear()

    def find(self, api: Owned, name: str) -> Resource | None:
        """The resource of this id, or None."""
        return self._tree(api).resources.get(name)

    def all(self, api: Owned) -> list[Resource]:
        """All resources of the API."""
        return list(self._tree(api).resources.values())

    def child(self, api: Owned, parent_id: str, path_part: str) -> str | None:
        """The id of the resource with this part under this parent, or None."""
        return self._tree(api).children.get(parent_id, {}).get(path_part)

    def children(self, api: Owned, parent_id: str) -> dict[str, str]:
        """The resources right under a resource: the parts of their paths and their ids."""
        return dict(self._tree(api).children.get(parent_id, {}))

    def put(self, api: Owned, name: str, part: Resource) -> Resource:
        """Keep the resource."""
        tree = self._tree(api)
        super().put(api, name, part)
        tree.add(part)
        return part

    def displace(self, api: Owned, resource: Resource) -> None:
        """Forget where the resource is; it is about to go or to move."""
        self._tree(api).displace(resource)

    def delete(self, api: Owned, name: str) -> None:
        """Remove the resource. Raises NotFoundException."""
        self.displace(api, self.get(api, name))
        super().delete(api, name)
        del self._tree(api).resources[name]

    def clear(self, api: Owned) -> None:
        """Remove all resources of the API."""
        super().clear(api)
        self.release(api)


class RestApis(Apis[RestApi]):
    """All REST APIs and their parts, and what an account has beside them."""

    def __init__(self, store: Store, on_change: Callable[[str], None]) -> None:
        self.resources = Resources(store)
        super().__init__(store, "apigateway.restapis", RestApi, on_change)
        self.authorizers = _parts(store, "authorizers", Authorizer, "Invalid Authorizer identifier specified")
        self.deployments = _parts(store, "deployments", Deployment, "Invalid Deployment identifier specified")
        self.stages = _parts(store, "stages", Stage, "Invalid Stage identifier specified")
        self.gateway_responses = _parts(
            store, "gateway-responses", GatewayResponse, "Gateway response not found"
        )
        self.request_validators = _parts(
            store, "request-validators", RequestValidator, "Invalid Request Validator identifier specified"
        )
        self.models = _parts(store, "models", Model, "Invalid model name specified: {name}")
        self.documentation_parts = _parts(
            store, "documentation-parts", DocumentationPart, "Invalid Documentation part identifier specified"
        )
        self.documentation_versions = _parts(
            store,
            "documentation-versions",
            DocumentationVersion,
            "Invalid Documentation version specified: {name}",
        )
        self.api_keys = Belongings(
            store, "apigateway.api-keys", ApiKey, "Invalid API Key identifier specified"
        )
        self.usage_plans = Belongings(
            store, "apigateway.usage-plans", UsagePlan, "Invalid Usage Plan ID specified"
        )
        self.domain_names = Belongings(
            store, "apigateway.domain-names", DomainName, "Invalid domain name identifier specified"
        )
        self.base_path_mappings = _parts(
            store,
            "base-path-mappings",
            BasePathMapping,
            "Invalid base path mapping identifier specified",
        )
        self.vpc_links = Belongings(
            store, "apigateway.vpc-links", VpcLink, "Invalid Vpc Link identifier specified"
        )
        self.client_certificates = Belongings(
            store,
            "apigateway.client-certificates",
            ClientCertificate,
            "Invalid Client Certificate identifier specified",
        )
        self._accounts = store.collection("apigateway.accounts", Account)

    def forget(self) -> None:
        """Take note that the store was emptied or replaced."""
        super().forget()
        self.resources.forget()

    def api(self, caller: Caller, params: Mapping[str, Any]) -> RestApi:
        """The API that `params` names by `restApiId`. Raises NotFoundException."""
        return self.named(caller, required(params, "restApiId"))

    def snapshot(self, api: RestApi) -> Snapshot:
        """The API as it is now."""
        return Snapshot(
            self.resources.all(api),
            self.authorizers.all(api),
            self.gateway_responses.all(api),
            self.request_validators.all(api),
            self.models.all(api),
            api.binary_media_types or [],
        )

    def methods(self, api: RestApi) -> Iterator[tuple[Resource, Method]]:
        """All methods of the API with their resources."""
        for resource in self.resources.all(api):
            for method in resource.resource_methods.values():
                yield resource, method

    def plans_of(self, api: RestApi) -> list[tuple[UsagePlan, list[ApiKey]]]:
        """The usage plans that admit to stages of the API, each with its keys.

        A key that names stages itself, as keys did before there were usage plans, is like a plan of its own.
        """
        owner = Caller(api.account_id, api.region)
        keys = {key.id: key for key in self.api_keys.of(owner)}
        if not keys:
            return []
        planned = self.usage_plans.of(owner)
        plans = [
            (plan, [keys[key_id] for key_id in plan.key_ids if key_id in keys])
            for plan in planned
            if any(stage.startswith(f"{api.id}:") for stage in plan.api_stages)
        ]
        for key in keys.values():
            named = [stage.replace("/", ":", 1) for stage in key.stage_keys]
            limited = {stage for plan in planned if key.id in plan.key_ids for stage in plan.api_stages}
            stages = [stage for stage in named if stage not in limited]  # the plan's limits hold for the key
            if any(stage.startswith(f"{api.id}:") for stage in stages):
                own = UsagePlan(key.id, api.account_id, api.region, key.name, stages, [key.id])
                plans.append((own, [key]))
        return plans

    def account(self, caller: Caller) -> Account:
        """The caller's settings."""
        kept = self._accounts.get(caller.account_id, caller.region)
        return kept or Account(caller.account_id, caller.region)

    def put_account(self, account: Account) -> Account:
        """Keep an account's settings."""
        self._accounts.put(account, account.account_id, account.region)
        return account


def _parts(store: Store, collection: str, kind: type[T], missing: str) -> Children[T]:
    return Children(store, f"apigateway.{collection}", kind, missing)
