"""Triggers of user pools that the map doesn't make (`cognitoUserPool` with `existing: true`).

The Framework has a custom resource do it: a function of its own that finds the pool by name and updates it. Here the
deployment does the same through Cognito's own operations, once the stack is there.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dewstack.compile import trigger_events
from dewstack.deploy.function_permissions import called_arn, permit
from dewstack.deploy.target import Call
from dewstack.service import FunctionSpec, Service

UPDATABLE = (
    "Policies",
    "DeletionProtection",
    "AutoVerifiedAttributes",
    "SmsVerificationMessage",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "VerificationMessageTemplate",
    "SmsAuthenticationMessage",
    "UserAttributeUpdateSettings",
    "MfaConfiguration",
    "DeviceConfiguration",
    "EmailConfiguration",
    "SmsConfiguration",
    "UserPoolTags",
    "AdminCreateUserConfig",
    "UserPoolAddOns",
    "AccountRecoverySetting",
    "UserPoolTier",
)
"""What UpdateUserPool takes, and resets where it is left out."""


def attach_triggers(call: Call, service: Service, warn: Callable[[str], None]) -> None:
    """Let existing pools ask the map's functions. A pool that isn't here is warned about. Raises AwsError."""
    wanted: dict[str, list[tuple[FunctionSpec, Mapping[str, Any]]]] = {}
    for function, event in trigger_events(service, existing=True):
        wanted.setdefault(event["pool"], []).append((function, event))
    for name, events in wanted.items():
        pool_id = _find(call, name)
        if pool_id is None:
            triggers = ", ".join(f"{event['trigger']} ({function.key})" for function, event in events)
            warn(
                f"there is no user pool '{name}' here, so nothing asks {triggers}: make it in this emulator, "
                "or leave 'existing' out to have it made with the stack"
            )
            continue
        for function, event in events:
            if isinstance(event.get("kmsKeyId"), dict):
                warn(
                    f"functions.{function.key}: the kmsKeyId of an existing user pool must be a key's ARN here, "
                    f"so '{name}' doesn't ask {event['trigger']}"
                )
        told = [each for each in events if not isinstance(each[1].get("kmsKeyId"), dict)]
        _attach(call, pool_id, told)


def _find(call: Call, name: str) -> str | None:
    params: dict[str, Any] = {"MaxResults": 60}
    while True:
        page = call("cognito-idp", "ListUserPools", params)
        for pool in page["UserPools"]:
            if pool["Name"] == name:
                return str(pool["Id"])
        if not page.get("NextToken"):
            return None
        params["NextToken"] = page["NextToken"]


def _attach(call: Call, pool_id: str, events: list[tuple[FunctionSpec, Mapping[str, Any]]]) -> None:
    pool = call("cognito-idp", "DescribeUserPool", {"UserPoolId": pool_id})["UserPool"]
    config = dict(pool.get("LambdaConfig") or {})
    for function, event in events:
        arn = called_arn(call, function)
        config |= _member(event, arn)
        statement = f"CognitoUserPool-{pool['Id']}-{event['trigger']}"
        permit(call, arn, statement, "cognito-idp.amazonaws.com", SourceArn=pool["Arn"])
    if config == pool.get("LambdaConfig"):
        return
    kept = {name: pool[name] for name in UPDATABLE if pool.get(name) is not None}
    if kept.get("AdminCreateUserConfig"):
        # The pool tells the same number of days twice, and takes it once.
        admin = kept["AdminCreateUserConfig"]
        kept["AdminCreateUserConfig"] = {
            key: value for key, value in admin.items() if key != "UnusedAccountValidityDays"
        }
    update = {"UserPoolId": pool_id, "PoolName": pool["Name"], **kept, "LambdaConfig": config}
    call("cognito-idp", "UpdateUserPool", update)


def _member(event: Mapping[str, Any], arn: str) -> dict[str, Any]:
    trigger, version = event["trigger"], event.get("lambdaVersion")
    if event.get("kmsKeyId"):
        sender = {"LambdaArn": arn, "LambdaVersion": version or "V1_0"}
        return {trigger: sender, "KMSKeyID": event["kmsKeyId"]}
    if trigger == "PreTokenGeneration":
        versioned = {"LambdaArn": arn, "LambdaVersion": version or "V1_0"}
        return {"PreTokenGeneration": arn, "PreTokenGenerationConfig": versioned}
    return {trigger: arn}
