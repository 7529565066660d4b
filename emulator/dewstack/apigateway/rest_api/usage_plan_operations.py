"""The control plane of REST APIs: usage plans, which admit keys to stages (`apigateway`)."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from dewstack.apigateway.rest_api.model import UsagePlan
from dewstack.apigateway.rest_api.patch import Patches, scalar, structure, values
from dewstack.apigateway.rest_api.resources import RestApis, page
from dewstack.apigateway.rest_api.shapes import fields_of, output, required
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.ids import random_string
from dewstack.wire import operation

PATCHES = Patches(
    UsagePlan,
    {
        "name": scalar,
        "description": scalar,
        "apiStages": values,
        "quota": structure,
        "throttle": structure,
    },
)
PERIODS = ("DAY", "WEEK", "MONTH")
NO_KEY = "Invalid Usage Plan Key identifier specified"


def shown(plan: UsagePlan) -> dict[str, Any]:
    """A plan as boto3 returns it."""
    shape = output(plan)
    shape.pop("keyIds", None)
    if plan.throttle and "burstLimit" in plan.throttle:
        shape["throttle"] = plan.throttle | {"burstLimit": int(plan.throttle["burstLimit"])}
    pairs = (stage.partition(":") for stage in plan.api_stages)
    return shape | {"apiStages": [{"apiId": api_id, "stage": stage} for api_id, _, stage in pairs]}


def without(plan: UsagePlan, key_id: str) -> UsagePlan:
    """The plan without a key."""
    return replace(plan, key_ids=[each for each in plan.key_ids if each != key_id])


class UsagePlanOperations:
    """Usage plans and their keys: create, get, list, update, delete.

    `changed` is called when plans admit to other stages than before.
    """

    def __init__(self, apis: RestApis, changed: Callable[[Caller], None]) -> None:
        self._apis = apis
        self._changed = changed

    @operation("CreateUsagePlan")
    def create_usage_plan(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create a plan. Raises BadRequestException, NotFoundException, NotEmulated."""
        stages = []
        for each in params.get("apiStages") or ():
            if each.get("throttle"):
                raise NotEmulated("CreateUsagePlan: apiStages[].throttle is not emulated")
            stages.append(f"{each.get('apiId')}:{each.get('stage')}")
        given = fields_of(UsagePlan, params | {"apiStages": stages}) | {"id": random_string(6)}
        plan = UsagePlan(account_id=caller.account_id, region=caller.region, **given)
        with self._apis.transaction():
            self._keep(caller, plan, [])
        self._changed(caller)
        return shown(plan)

    @operation("GetUsagePlan")
    def get_usage_plan(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One plan. Raises NotFoundException."""
        return shown(self._plan(caller, params))

    @operation("GetUsagePlans")
    def get_usage_plans(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The plans of an account, or those with a certain key."""
        key_id = params.get("keyId")
        plans = self._apis.usage_plans.of(caller)
        return page([plan for plan in plans if key_id is None or key_id in plan.key_ids], params, shown)

    @operation("UpdateUsagePlan")
    def update_usage_plan(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations. Raises as CreateUsagePlan does."""
        operations = params.get("patchOperations") or ()
        if any(str(each.get("path")).startswith("/apiStages/") for each in operations):
            raise NotEmulated("UpdateUsagePlan: apiStages[].throttle is not emulated")
        with self._apis.transaction():
            before = self._plan(caller, params)
            plan = self._keep(caller, PATCHES.apply(before, operations), before.api_stages)
        self._changed(caller)
        return shown(plan)

    @operation("DeleteUsagePlan")
    def delete_usage_plan(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a plan; its keys stay. Raises NotFoundException."""
        with self._apis.transaction():
            self._apis.usage_plans.delete(self._plan(caller, params))
        self._changed(caller)
        return {}

    @operation("CreateUsagePlanKey")
    def create_usage_plan_key(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Add a key to a plan. Raises BadRequestException, ConflictException, NotFoundException."""
        if required(params, "keyType") != "API_KEY":
            raise BadRequestException("Invalid key type specified. Valid options are API_KEY")
        with self._apis.transaction():
            plan = self._plan(caller, params)
            key = self._apis.api_keys.get(caller, required(params, "keyId"))
            if key.id in plan.key_ids:
                raise ConflictException(f"API Key {key.id} is already in Usage Plan {plan.id}")
            self._apis.usage_plans.put(replace(plan, key_ids=[*plan.key_ids, key.id]))
        self._changed(caller)
        return self._key(caller, key.id)

    @operation("GetUsagePlanKey")
    def get_usage_plan_key(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One key of a plan. Raises NotFoundException."""
        return self._key(caller, self._key_id(self._plan(caller, params), params))

    @operation("GetUsagePlanKeys")
    def get_usage_plan_keys(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The keys of a plan, or those whose names begin with `nameQuery`."""
        begins = params.get("nameQuery") or ""
        keys = [self._key(caller, key_id) for key_id in self._plan(caller, params).key_ids]
        return page([key for key in keys if key["name"].startswith(begins)], params, dict)

    @operation("DeleteUsagePlanKey")
    def delete_usage_plan_key(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Take a key from a plan. Raises NotFoundException."""
        with self._apis.transaction():
            plan = self._plan(caller, params)
            self._apis.usage_plans.put(without(plan, self._key_id(plan, params)))
        self._changed(caller)
        return {}

    def _plan(self, caller: Caller, params: dict[str, Any]) -> UsagePlan:
        return self._apis.usage_plans.get(caller, required(params, "usagePlanId"))

    def _key(self, caller: Caller, key_id: str) -> dict[str, Any]:
        key = self._apis.api_keys.get(caller, key_id)
        return {"id": key.id, "type": "API_KEY", "value": key.value, "name": key.name}

    @staticmethod
    def _key_id(plan: UsagePlan, params: dict[str, Any]) -> str:
        key_id = required(params, "keyId")
        if key_id not in plan.key_ids:
            raise NotFoundException(NO_KEY)
        return key_id

    def _keep(self, caller: Caller, plan: UsagePlan, before: list[str]) -> UsagePlan:
        if not plan.name:
            raise BadRequestException("Usage Plan name must be non-empty")
        for stage in plan.api_stages:
            api_id, _, name = stage.partition(":")
            if stage not in before and not self._apis.stages.find(self._apis.named(caller, api_id), name):
                raise NotFoundException(f"API Stage not found: {stage}")
        return self._apis.usage_plans.put(replace(plan, quota=_checked_quota(plan)))


def _checked_quota(plan: UsagePlan) -> dict[str, str | int] | None:
    """The plan's quota with its numbers as numbers. Raises BadRequestException."""
    if not plan.quota:
        return None
    if plan.quota.get("period") not in PERIODS:
        raise BadRequestException(f"Usage Plan quota period must be one of {', '.join(PERIODS)}")
    try:
        return {name: value if name == "period" else int(value) for name, value in plan.quota.items()}
    except ValueError:
        raise BadRequestException("Usage Plan quota limit and offset must be numbers") from None
