"""The control plane of REST APIs: API keys (`apigateway`)."""

from collections.abc import Callable
from typing import Any

from dewstack.apigateway.errors import BadRequestException, ConflictException
from dewstack.apigateway.rest_api.model import ApiKey
from dewstack.apigateway.rest_api.patch import Patches, scalar, values
from dewstack.apigateway.rest_api.resources import RestApis, page
from dewstack.apigateway.rest_api.shapes import fields_of, output, required
from dewstack.apigateway.rest_api.usage_plan_operations import without
from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.ids import random_string
from dewstack.wire import operation

SHORTEST_VALUE = 20
GENERATED_VALUE = 40
PATCHES = Patches(
    ApiKey,
    {"name": scalar, "description": scalar, "enabled": scalar, "customerId": scalar, "stageKeys": values},
)


def shown(key: ApiKey, value: bool) -> dict[str, Any]:
    """A key as boto3 returns it, its value only where it was asked for."""
    shape = output(key)
    if not value:
        del shape["value"]
    return shape


class ApiKeyOperations:
    """CreateApiKey, GetApiKey, GetApiKeys, UpdateApiKey, DeleteApiKey.

    `changed` is called when keys admit to other stages than before.
    """

    def __init__(self, apis: RestApis, clock: Clock, changed: Callable[[Caller], None]) -> None:
        self._apis = apis
        self._clock = clock
        self._changed = changed

    @operation("CreateApiKey")
    def create_api_key(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create a key, disabled unless told otherwise. Raises BadRequestException, ConflictException."""
        now = self._clock.time()
        stages = [f"{each['restApiId']}/{each['stageName']}" for each in params.get("stageKeys") or ()]
        given = fields_of(ApiKey, {name: each for name, each in params.items() if name != "stageKeys"})
        key = ApiKey(
            random_string(10),
            caller.account_id,
            caller.region,
            given.pop("value", None) or random_string(GENERATED_VALUE),
            given.pop("name", ""),
            now,
            now,
            enabled=given.pop("enabled", False),
            stage_keys=stages,
            **given,
        )
        if len(key.value) < SHORTEST_VALUE:
            raise BadRequestException("API Key value should be at least 20 characters")
        with self._apis.transaction():
            if any(each.value == key.value for each in self._apis.api_keys.of(caller)):
                raise ConflictException("API Key already exists")
            self._apis.api_keys.put(key)
        self._changed(caller)
        return shown(key, value=True)

    @operation("GetApiKey")
    def get_api_key(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One key; with `includeValue`, its value too. Raises NotFoundException."""
        key = self._apis.api_keys.get(caller, required(params, "apiKey"))
        return shown(key, bool(params.get("includeValue")))

    @operation("GetApiKeys")
    def get_api_keys(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The keys of an account, or those whose names begin with `nameQuery`."""
        begins, customer = params.get("nameQuery") or "", params.get("customerId")
        keys = [
            key
            for key in self._apis.api_keys.of(caller)
            if key.name.startswith(begins) and customer in (None, key.customer_id)
        ]
        return page(keys, params, lambda key: shown(key, bool(params.get("includeValues"))))

    @operation("UpdateApiKey")
    def update_api_key(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises BadRequestException, NotFoundException."""
        operations = [
            {**each, "path": "/stageKeys"} if each.get("path") == "/stages" else each
            for each in params.get("patchOperations") or ()
        ]
        with self._apis.transaction():
            before = self._apis.api_keys.get(caller, required(params, "apiKey"))
            key = self._apis.api_keys.put(PATCHES.apply(before, operations))
        self._changed(caller)
        return shown(key, value=False)

    @operation("DeleteApiKey")
    def delete_api_key(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a key; plans forget it. Raises NotFoundException."""
        with self._apis.transaction():
            key = self._apis.api_keys.get(caller, required(params, "apiKey"))
            self._apis.api_keys.delete(key)
            for plan in self._apis.usage_plans.of(caller):
                if key.id in plan.key_ids:
                    self._apis.usage_plans.put(without(plan, key.id))
        self._changed(caller)
        return {}
