"""What happens to asynchronous invocations: `destinations`, `maximumEventAge`, `maximumRetryAttempts`."""

from typing import Any

from dewstack.service import FunctionSpec

from . import naming
from .draft import Draft, ref, target_of

_ACTIONS = {
    "function": "lambda:InvokeFunction",
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "eventBus": "events:PutEvents",
}
_ARN_PARTS = {":function:": "function", ":sqs:": "sqs", ":sns:": "sns", ":event-bus/": "eventBus"}


def compile_invoke_config(draft: Draft, function: FunctionSpec) -> None:
    """The function's EventInvokeConfig, when the map has any of its settings."""
    own = function.settings
    destinations, age = own.get("destinations") or {}, own.get("maximumEventAge")
    retries = own.get("maximumRetryAttempts")
    if not destinations and not age and retries is None:
        return
    targets: dict[str, Any] = {}
    target = target_of(function)
    depends_on = [target.depends_on]
    for key, name in (("onSuccess", "OnSuccess"), ("onFailure", "OnFailure")):
        wanted = destinations.get(key)
        if wanted:
            targets[name] = {"Destination": _arn(draft, wanted)}
            if not function.role:
                _permit(draft, wanted)
            if isinstance(wanted, str) and wanted in draft.service.functions:
                depends_on.append(target_of(draft.service.functions[wanted]).depends_on)
    aliases = list(dict.fromkeys(each for each in depends_on if each))
    qualifier = target.arn["Fn::Join"][1][1] if target.depends_on else "$LATEST"
    draft.add(
        f"{naming.resource_name(function.key)}LambdaEvConf",
        "AWS::Lambda::EventInvokeConfig",
        {
            "FunctionName": ref(naming.lambda_function(function.key)),
            "DestinationConfig": targets,
            "Qualifier": qualifier,
            "MaximumEventAgeInSeconds": age,
            "MaximumRetryAttempts": retries,
        },
        depends_on=aliases[0] if len(aliases) == 1 else aliases,
        condition=function.condition,
    )


def _arn(draft: Draft, destination: Any) -> Any:
    if isinstance(destination, dict):
        return destination.get("arn")
    if destination in draft.service.functions:
        return target_of(draft.service.functions[destination]).arn
    return destination


def _permit(draft: Draft, destination: Any) -> None:
    if isinstance(destination, dict):
        kind, resource = destination.get("type", ""), destination.get("arn")
    elif destination in draft.service.functions:
        wanted = draft.service.functions[destination]
        target = target_of(wanted)
        name = f"{wanted.name}:{target.arn['Fn::Join'][1][1]}" if target.depends_on else wanted.name
        # A role that named the function by Fn::GetAtt would depend on what depends on it.
        arn = f"arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{name}"
        kind, resource = "function", {"Fn::Sub": arn}
    else:
        kind, resource = (
            next((kind for part, kind in _ARN_PARTS.items() if part in destination), ""),
            destination,
        )
    if kind in _ACTIONS:
        statement = {"Effect": "Allow", "Action": _ACTIONS[kind], "Resource": resource}
        draft.allow(statement, once=isinstance(destination, str))
