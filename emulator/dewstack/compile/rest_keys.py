"""API keys and usage plans of a REST API."""

from dewstack.service import ApiKey, UsagePlan

from . import naming
from .draft import Draft, ref
from .rest_drafting import api_of


def compile_api_keys(draft: Draft, deployment: str) -> None:
    """The keys, the plans, and which key belongs to which plan; all need the deployment's stage."""
    rest_api = draft.service.provider.rest_api
    for key in rest_api.api_keys:
        _compile_key(draft, key, deployment)
    for plan in rest_api.usage_plans:
        _compile_plan(draft, plan, deployment)
    for key in rest_api.api_keys:
        properties = {
            "KeyId": ref(_key_id(key)),
            "KeyType": "API_KEY",
            "UsagePlanId": ref(_plan_id(key.usage_plan)),
        }
        logical_id = f"ApiGatewayUsagePlanKey{_suffix(key)}"
        draft.add(logical_id, "AWS::ApiGateway::UsagePlanKey", properties)


def _suffix(key: ApiKey) -> str:
    return f"{naming.upper_first(key.usage_plan or '')}{key.number}"


def _key_id(key: ApiKey) -> str:
    return f"ApiGatewayApiKey{_suffix(key)}"


def _plan_id(name: str | None) -> str:
    return f"ApiGatewayUsagePlan{naming.upper_first(name or '')}"


def _compile_key(draft: Draft, key: ApiKey, deployment: str) -> None:
    draft.add(
        _key_id(key),
        "AWS::ApiGateway::ApiKey",
        {
            "Enabled": key.enabled,
            "Name": key.name,
            "Value": key.value,
            "Description": key.description,
            "CustomerId": key.customer_id,
            "StageKeys": [{"RestApiId": api_of(draft), "StageName": draft.service.stage}],
        },
        depends_on=deployment,
    )


def _compile_plan(draft: Draft, plan: UsagePlan, deployment: str) -> None:
    service = draft.service
    named = f'Usage plan "{plan.name}"' if plan.name else "Usage plan"
    quota = {"Limit": "limit", "Offset": "offset", "Period": "period"}
    throttle = {"BurstLimit": "burstLimit", "RateLimit": "rateLimit"}
    draft.add(
        _plan_id(plan.name),
        "AWS::ApiGateway::UsagePlan",
        {
            "ApiStages": [{"ApiId": api_of(draft), "Stage": service.stage}],
            "Description": f"{named} for {service.name} {service.stage} stage",
            "UsagePlanName": "-".join(each for each in (service.name, plan.name, service.stage) if each),
            "Quota": {name: plan.quota[key] for name, key in quota.items() if key in plan.quota} or None,
            "Throttle": {name: plan.throttle[key] for name, key in throttle.items() if key in plan.throttle}
            or None,
        },
        depends_on=deployment,
    )
