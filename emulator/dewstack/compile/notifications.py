"""`s3` and `sns` events: buckets and topics that invoke functions, and their permission to."""

from collections.abc import Mapping
from typing import Any

from dewstack.service import FunctionSpec, OtherEvent

from . import naming
from .draft import Draft, Target, get_att, join, ref, target_of

DEFAULT_BUCKET_EVENT = "s3:ObjectCreated:*"


def compile_buckets(draft: Draft) -> None:
    """A bucket for each name among the `s3` events; what is `existing` elsewhere is left alone."""
    by_bucket: dict[str, list[tuple[FunctionSpec, Mapping[str, Any]]]] = {}
    for function in draft.service.functions.values():
        for value in _values(function, "s3"):
            own = value if isinstance(value, dict) else {"bucket": value}
            if not own.get("existing"):
                by_bucket.setdefault(own["bucket"], []).append((function, own))
    for key, events in by_bucket.items():
        _compile_bucket(draft, key, events)


def compile_topics(draft: Draft) -> None:
    """The topics of the `sns` events, unless they are made elsewhere, and the functions' subscriptions."""
    for function in draft.service.functions.values():
        for value in _values(function, "sns"):
            _compile_subscription(draft, function, value)


def _values(function: FunctionSpec, kind: str) -> list[Any]:
    return [event.value for event in function.events if isinstance(event, OtherEvent) and event.type == kind]


def _compile_bucket(draft: Draft, key: str, events: list[tuple[FunctionSpec, Mapping[str, Any]]]) -> None:
    settings = dict((draft.service.provider.settings.get("s3") or {}).get(key) or {})
    name = settings.pop("name", None) or key
    own = {naming.upper_first(setting): value for setting, value in settings.items()}
    configurations = [_notification(function, event) for function, event in events]
    depends_on = []
    for function, _ in events:
        target = target_of(function)
        depends_on += [_bucket_permission(function, key), *([target.depends_on] if target.depends_on else [])]
    notification = {"LambdaConfigurations": configurations, **own.pop("NotificationConfiguration", {})}
    draft.add(
        f"S3Bucket{_alphanumeric(key)}",
        "AWS::S3::Bucket",
        {"BucketName": name, "NotificationConfiguration": notification, **own},
        depends_on=depends_on,
    )
    for function in {function.key: function for function, _ in events}.values():
        arn = join("", "arn:", ref("AWS::Partition"), f":s3:::{name}")
        source = {"SourceArn": arn, "SourceAccount": ref("AWS::AccountId")}
        _permit(draft, _bucket_permission(function, key), target_of(function), "s3.amazonaws.com", source)


def _alphanumeric(name: str) -> str:
    return naming.upper_first(naming.letters_and_digits(name))


def _bucket_permission(function: FunctionSpec, key: str) -> str:
    return f"{naming.resource_name(function.key)}LambdaPermission{_alphanumeric(key)}S3"


def _notification(function: FunctionSpec, event: Mapping[str, Any]) -> dict[str, Any]:
    configuration = {
        "Event": event.get("event") or DEFAULT_BUCKET_EVENT,
        "Function": target_of(function).arn,
    }
    if event.get("rules") is not None:
        rules = [{"Name": name, "Value": value} for rule in event["rules"] for name, value in rule.items()]
        configuration["Filter"] = {"S3Key": {"Rules": rules}}
    return configuration


def _permit(draft: Draft, logical_id: str, target: Target, principal: str, source: Mapping[str, Any]) -> None:
    properties = {"FunctionName": target.arn, "Action": "lambda:InvokeFunction", "Principal": principal}
    draft.add(logical_id, "AWS::Lambda::Permission", {**properties, **source}, depends_on=target.depends_on)


def _compile_subscription(draft: Draft, function: FunctionSpec, value: Any) -> None:
    own = value if isinstance(value, dict) else {"arn" if value.startswith("arn:") else "topicName": value}
    arn, target = own.get("arn"), target_of(function)
    topic = own.get("topicName") or str(arn).rpartition(":")[2]
    topic_id = f"SNSTopic{_alphanumeric(topic)}"
    redrive = _redrive_policy(draft, function, topic, own) if own.get("redrivePolicy") else None
    properties = {
        "TopicArn": arn or ref(topic_id),
        "Protocol": "lambda",
        "Endpoint": target.arn,
        "FilterPolicy": own.get("filterPolicy"),
        "FilterPolicyScope": own.get("filterPolicyScope"),
        "RedrivePolicy": redrive,
        "Region": _other_region(draft, value),
    }
    if not arn:
        _compile_topic(draft, topic_id, topic, own, target)
    if arn or own.get("filterPolicy") or redrive:
        logical_id = f"{naming.resource_name(function.key)}SnsSubscription{_alphanumeric(topic)}"
        draft.add(logical_id, "AWS::SNS::Subscription", properties, depends_on=target.depends_on)
    else:
        subscriptions = draft.resources[topic_id]["Properties"].setdefault("Subscription", [])
        subscriptions.append({"Endpoint": target.arn, "Protocol": "lambda"})
    logical_id = f"{naming.resource_name(function.key)}LambdaPermission{_alphanumeric(topic)}SNS"
    source = {"SourceArn": arn or _topic_arn(topic)}
    _permit(draft, logical_id, target, "sns.amazonaws.com", source)


def _other_region(draft: Draft, value: Any) -> str | None:
    """The region of a topic that isn't this one's; the Framework only looks where the event is an object."""
    arn = value.get("arn") if isinstance(value, dict) else None
    region = arn.split(":")[3] if isinstance(arn, str) else draft.service.region
    return None if region == draft.service.region else region


def _compile_topic(draft: Draft, logical_id: str, topic: str, own: Mapping[str, Any], target: Target) -> None:
    if logical_id not in draft.resources:
        properties = {"TopicName": topic, "DisplayName": own.get("displayName")}
        draft.add(logical_id, "AWS::SNS::Topic", properties)
    if target.depends_on:
        resource = draft.resources[logical_id]
        before = resource.get("DependsOn") or []
        both = dict.fromkeys([*([before] if isinstance(before, str) else before), target.depends_on])
        resource["DependsOn"] = target.depends_on if len(both) == 1 else list(both)


def _topic_arn(topic: str) -> dict[str, Any]:
    region, account = ref("AWS::Region"), ref("AWS::AccountId")
    return join("", "arn:", ref("AWS::Partition"), ":sns:", region, ":", account, ":", topic)


def _redrive_policy(
    draft: Draft, function: FunctionSpec, topic: str, own: Mapping[str, Any]
) -> dict[str, Any]:
    """Where messages go that the function refuses, and that queue's policy to take them."""
    policy = own["redrivePolicy"]
    queue, imported = policy.get("deadLetterTargetArn"), policy.get("deadLetterTargetImport") or {}
    arn: Any
    url: Any
    if queue:
        *_, region, account, name = queue.split(":")
        host = (f"https://sqs.{region}.", ref("AWS::URLSuffix"))
        arn, url = queue, join("", *host, f"/{account}/{name}")
    elif imported:
        arn, url = {"Fn::ImportValue": imported["arn"]}, {"Fn::ImportValue": imported["url"]}
    else:
        name = policy["deadLetterTargetRef"]
        arn, url = get_att(name, "Arn"), ref(name)
    logical_id = f"{_alphanumeric(topic)}To{naming.resource_name(function.key)}DLQPolicy"
    condition = {"ArnEquals": {"aws:SourceArn": own["arn"]}} if own.get("arn") else {"ArnEquals": {}}
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": condition,
    }
    document = {"Version": "2012-10-17", "Id": logical_id, "Statement": [statement]}
    draft.add(logical_id, "AWS::SQS::QueuePolicy", {"PolicyDocument": document, "Queues": [url]})
    return {"deadLetterTargetArn": arn}
