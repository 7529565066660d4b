"""The control plane of REST APIs: usage plans, which admit keys to stages (`apigateway`)."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from dewstack.apigateway.rest_api.model import UsagePlan
from dewstack.apigateway.rest_api.patch import Patch, Patches, scalar, structure, values
from dewstack.apigateway.rest_api.resources import RestApis, page
from dewstack.apigateway.rest_api.shapes import fields_of, output, required
from dewstack.config import Caller
from dewstack.ids import random_string
from dewstack.wire import operation

LIMITS = ("rateLimit", "burstLimit")


def stage_throttles(current: Any, patch: Patch) -> dict[str, Any]:
    """`replace /apiStages/ID:STAGE/throttle/~1pets/GET/rateLimit`, and `remove` for a method or all of the stage."""
    patch.only("add", "replace", "remove")
    stage, method, limit = _throttled(patch)
    changed = {
        name: {key: dict(one) for key, one in limits.items()} for name, limits in (current or {}).items()
    }
    limits = changed.setdefault(stage, {})
    if patch.op == "remove" and not method:
        del changed[stage]
    elif patch.op == "remove":
        held = limits.get("/".join(method), {})
        kept = {name: value for name, value in held.items() if limit and name not in limit}
        limits.pop("/".join(method), None)
        changed[stage] = limits | ({"/".join(method): kept} if kept else {})
    else:
        limits.setdefault("/".join(method), {})[limit[0]] = _number(patch)
    return changed


def _throttled(patch: Patch) -> tuple[str, list[str], list[str]]:
    """The stage, the method (two parts, or none) and the limit that a path speaks of. Raises BadRequestException."""
    stage, what, *rest = (*patch.keys, "", "")
    method, limit = [part for part in rest if part][:2], [part for part in rest if part][2:]
    whole = patch.op == "remove" and not method
    sets_limit = len(limit) == 1 and limit[0] in LIMITS
    if what != "throttle" or not (whole or len(method) == 2) or not (patch.op == "remove" or sets_limit):
        raise patch.astray()
    return stage, method, limit


def _number(patch: Patch) -> float:
    try:
        return float(patch.value or "")
    except ValueError:
        raise BadRequestException(f"Invalid value for {patch.path}: {patch.value}") from None


class PlanPatches(Patches):
    """Below a stage of a plan are the limits of its methods."""

    def read(self, operation: Any) -> Patch:
        """An element of `patchOperations`."""
        patch = super().read(operation)
        if patch.member != "apiStages" or len(patch.keys) < 2:
            return patch
        return Patch(patch.op, patch.path, "stageThrottles", patch.keys, patch.value)


PATCHES = PlanPatches(
    UsagePlan,
    {
        "name": scalar,
        "description": scalar,
        "apiStages": values,
        "quota": structure,
        "stageThrottles": stage_throttles,
        "throttle": structure,
    },
)
OFFSETS = {
    "DAY": (0, "zero"),
    "WEEK": (6, "between zero and six inclusive"),
    "MONTH": (27, "between zero and 27 inclusive"),
}
"""How far into a period of a calendar a quota's may begin, in days."""
NO_KEY = "Invalid Usage Plan Key identifier specified"


def shown(plan: UsagePlan) -> dict[str, Any]:
    """A plan as boto3 returns it."""
    shape = output(plan)
    shape.pop("keyIds", None)
    if plan.throttle and "burstLimit" in plan.throttle:
        shape["throttle"] = plan.throttle | {"burstLimit": int(plan.throttle["burstLimit"])}
    shape.pop("stageThrottles", None)
    return shape | {"apiStages": [_shown_stage(plan, stage) for stage in plan.api_stages]}


def _shown_stage(plan: UsagePlan, stage: str) -> dict[str, Any]:
    api_id, _, name = stage.partition(":")
    limits = {
        method: {limit: int(value) if limit == "burstLimit" else value for limit, value in held.items()}
        for method, held in plan.stage_throttles.get(stage, {}).items()
    }
    return {"apiId": api_id, "stage": name} | ({"throttle": limits} if limits else {})


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
        stages = {f"{each.get('apiId')}:{each.get('stage')}": each for each in params.get("apiStages") or ()}
        throttles = {stage: each["throttle"] for stage, each in stages.items() if each.get("throttle")}
        given = fields_of(UsagePlan, params | {"apiStages": list(stages), "stageThrottles": throttles})
        given["id"] = random_string(6)
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
        throttles = {stage: held for stage, held in plan.stage_throttles.items() if stage in plan.api_stages}
        return self._apis.usage_plans.put(
            replace(plan, quota=_checked_quota(plan), stage_throttles=throttles)
        )


def _checked_quota(plan: UsagePlan) -> dict[str, str | int] | None:
    """The plan's quota with its numbers as numbers. Raises BadRequestException."""
    if not plan.quota:
        return None
    if plan.quota.get("period") not in OFFSETS:
        raise BadRequestException(f"Usage Plan quota period must be one of {', '.join(OFFSETS)}")
    period = str(plan.quota["period"])
    try:
        quota = {name: value if name == "period" else int(value) for name, value in plan.quota.items()}
    except ValueError:
        raise BadRequestException("Usage Plan quota limit and offset must be numbers") from None
    latest, words = OFFSETS[period]
    if not 0 <= int(quota.get("offset", 0)) <= latest:
        raise BadRequestException(f"Usage Plan quota offset must be {words} in the {period} period")
    return quota
