"""`cognitoUserPool` events: user pools that ask functions, and their permission to.

A pool that the map's `resources` have under the same logical ID is one with it. One that is `existing` elsewhere is
no part of the template: the deployment sees to it.
"""

from collections.abc import Mapping
from typing import Any

from dewstack.service import FunctionSpec, OtherEvent, Service

from . import naming
from .draft import Draft, get_att, target_of

CUSTOM_SENDERS = ("CustomSMSSender", "CustomEmailSender")
FIRST_VERSION = "V1_0"

TriggerEvent = tuple[FunctionSpec, Mapping[str, Any]]


def trigger_events(service: Service, *, existing: bool) -> list[TriggerEvent]:
    """The functions that pools ask, with the event; those of pools that exist elsewhere, or of the map's own."""
    return [
        (function, event.value)
        for function in service.functions.values()
        for event in function.events
        if isinstance(event, OtherEvent)
        and event.type == "cognitoUserPool"
        and bool(event.value.get("existing")) == existing
    ]


def compile_user_pools(draft: Draft) -> None:
    """A pool for each name, and a permission for each function that it asks."""
    events = trigger_events(draft.service, existing=False)
    for pool in dict.fromkeys(event["pool"] for _, event in events):
        own = [each for each in events if each[1]["pool"] == pool]
        draft.add(
            _logical_id(pool),
            "AWS::Cognito::UserPool",
            {"UserPoolName": pool, "LambdaConfig": _lambda_config(own)},
            depends_on=[_dependency(function) for function, _ in own],
        )
    for function, event in events:
        target = target_of(function)
        properties = {
            "FunctionName": target.arn,
            "Action": "lambda:InvokeFunction",
            "Principal": "cognito-idp.amazonaws.com",
            "SourceArn": get_att(_logical_id(event["pool"]), "Arn"),
        }
        draft.add(
            _permission(function, event), "AWS::Lambda::Permission", properties, depends_on=target.depends_on
        )


def _lambda_config(events: list[TriggerEvent]) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for function, event in events:
        trigger, version, arn = event["trigger"], event.get("lambdaVersion"), target_of(function).arn
        if trigger in CUSTOM_SENDERS:
            config[trigger] = {"LambdaArn": arn, "LambdaVersion": version or FIRST_VERSION}
            config["KMSKeyID"] = event.get("kmsKeyId")
        elif trigger == "PreTokenGeneration" and version:
            config["PreTokenGenerationConfig"] = {"LambdaArn": arn, "LambdaVersion": version}
        else:
            config[trigger] = arn
    return config


def _dependency(function: FunctionSpec) -> str:
    return target_of(function).depends_on or naming.lambda_function(function.key)


def _logical_id(pool: str) -> str:
    return f"CognitoUserPool{_alphanumeric(pool)}"


def _permission(function: FunctionSpec, event: Mapping[str, Any]) -> str:
    return (
        f"{naming.resource_name(function.key)}LambdaPermissionCognitoUserPool"
        f"{_alphanumeric(event['pool'])}TriggerSource{_alphanumeric(event['trigger'])}"
    )


def _alphanumeric(name: str) -> str:
    return naming.upper_first(naming.letters_and_digits(name))
