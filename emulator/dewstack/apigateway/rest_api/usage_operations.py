"""The control plane of REST APIs: what keys have used of their plans, and keys out of a file (`apigateway`)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dewstack.apigateway.errors import BadRequestException, NotFoundException
from dewstack.apigateway.rest_api.key_operations import ApiKeyOperations
from dewstack.apigateway.rest_api.model import UsagePlan
from dewstack.apigateway.rest_api.patch import Patch
from dewstack.apigateway.rest_api.resources import RestApis
from dewstack.apigateway.rest_api.shapes import required
from dewstack.apigateway.rest_api.usage import Quota, Usage
from dewstack.apigateway.rest_api.usage_plan_operations import NO_KEY, UsagePlanOperations
from dewstack.config import Caller
from dewstack.errors import AwsError
from dewstack.wire import operation

LONGEST = 90
"""Days that GetUsage tells of at once."""


class UsageOperations:
    """GetUsage, UpdateUsage, ImportApiKeys."""

    def __init__(
        self, apis: RestApis, usage: Usage, keys: ApiKeyOperations, plans: UsagePlanOperations
    ) -> None:
        self._apis = apis
        self._usage = usage
        self._keys = keys
        self._plans = plans

    @operation("GetUsage")
    def get_usage(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """What a plan's keys used each day, and what was left of the quota. Raises BadRequestException,
        NotFoundException."""
        plan = self._apis.usage_plans.get(caller, required(params, "usagePlanId"))
        first, last = _day(params, "startDate"), _day(params, "endDate")
        if last < first:
            raise BadRequestException("Invalid date range: the start date is after the end date")
        if (last - first).days > LONGEST:
            raise BadRequestException(f"Usage date range must be within {LONGEST} days")
        wanted = params.get("keyId")
        if wanted and wanted not in plan.key_ids:
            raise NotFoundException(NO_KEY)
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        keys = [wanted] if wanted else plan.key_ids
        return {
            "usagePlanId": plan.id,
            "startDate": str(first),
            "endDate": str(last),
            "items": {key: self._days(plan, key, days) for key in keys},
        }

    def _days(self, plan: UsagePlan, key_id: str, days: list[date]) -> list[list[int]]:
        quota, used = Quota.of(plan), self._usage.used(plan, key_id)
        return [[used.days.get(str(day), 0), quota.remaining(used, day) if quota else 0] for day in days]

    @operation("UpdateUsage")
    def update_usage(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Let so many requests remain (`replace /remaining`). Raises BadRequestException, NotFoundException."""
        plan = self._apis.usage_plans.get(caller, required(params, "usagePlanId"))
        key_id = required(params, "keyId")
        if key_id not in plan.key_ids:
            raise NotFoundException(NO_KEY)
        for each in params.get("patchOperations") or ():
            patch = Patch.read(each)
            patch.only("replace")
            if patch.member != "remaining" or not (patch.value or "").isdecimal():
                raise patch.astray()
            if plan.quota is None:
                raise BadRequestException("Usage Plan has no quota")
            self._usage.grant(plan, key_id, int(patch.value or 0))
        today = datetime.fromtimestamp(self._usage.time(), UTC).date()
        return {
            "usagePlanId": plan.id,
            "startDate": str(today),
            "endDate": str(today),
            "items": {key_id: self._days(plan, key_id, [today])},
        }

    @operation("ImportApiKeys")
    def import_api_keys(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create keys out of a CSV file (`name,key,description,enabled,usageplanIds`). Raises BadRequestException."""
        import csv

        if params.get("format") != "csv":
            raise BadRequestException("Invalid format specified. Valid options are csv")
        text = (params.get("body") or b"").decode("utf-8-sig", "replace")
        reader = csv.DictReader(text.splitlines(), skipinitialspace=True)
        if "key" not in {name.strip().lower() for name in reader.fieldnames or ()}:
            raise BadRequestException("API key file must have a header with a key column")
        ids: list[str] = []
        warnings: list[str] = []
        with self._apis.transaction():
            for row in reader:
                given = {(name or "").strip().lower(): value or "" for name, value in row.items() if name}
                try:
                    ids.append(self._import(caller, given, warnings))
                except AwsError as error:
                    warnings.append(f"Unable to import API key '{given.get('name', '')}': {error.message}")
            if warnings and params.get("failOnWarnings"):
                raise BadRequestException("Warnings found during import:\n\t" + "\n\t".join(warnings))
        return {"ids": ids, "warnings": warnings}

    def _import(self, caller: Caller, row: Mapping[str, str], warnings: list[str]) -> str:
        given: dict[str, Any] = {"value": row["key"].strip(), "name": row.get("name", "").strip()}
        given["enabled"] = row.get("enabled", "").strip().lower() == "true"
        if row.get("description"):
            given["description"] = row["description"].strip()
        key_id: str = self._keys.create_api_key(caller, given)["id"]
        for plan_id in row.get("usageplanids", "").replace("|", ",").split(","):
            if plan_id.strip():
                params = {"usagePlanId": plan_id.strip(), "keyId": key_id, "keyType": "API_KEY"}
                try:
                    self._plans.create_usage_plan_key(caller, params)
                except AwsError as error:
                    warnings.append(f"Unable to add API key '{given['name']}' to usage plan: {error.message}")
        return key_id


def _day(params: dict[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(required(params, name)[:10])
    except ValueError:
        raise BadRequestException(f"Invalid {name}: it must be of the form YYYY-MM-DD") from None
