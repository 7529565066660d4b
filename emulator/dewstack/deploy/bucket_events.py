"""Events of buckets that the map doesn't make (`s3` with `existing: true`).

The Framework has a custom resource do it: a function of its own that changes the bucket's notifications. Here the
deployment does the same through S3's own operations, once the stack is there, and takes them away before it goes.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from dewstack.deploy.function_permissions import called_arn, permit
from dewstack.deploy.target import Call
from dewstack.errors import AwsError
from dewstack.service import FunctionSpec, OtherEvent, Service

DEFAULT_EVENT = "s3:ObjectCreated:*"
_KEY = "LambdaFunctionConfigurations"

Wanted = dict[str, list[tuple[FunctionSpec, Mapping[str, Any]]]]


def existing_buckets(call: Call, service: Service, warn: Callable[[str], None]) -> Wanted:
    """The events of buckets made elsewhere, by the bucket's name. One whose name can't be told is warned about."""
    wanted: Wanted = {}
    for function in service.functions.values():
        told = [
            event.value for event in function.events if isinstance(event, OtherEvent) and event.type == "s3"
        ]
        for value in told:
            if not isinstance(value, dict) or not value.get("existing"):
                continue
            bucket = _name(call, service, value["bucket"])
            if bucket is None:
                said = json.dumps(value["bucket"])
                warn(
                    f"nobody knows here which bucket {said} is, so it doesn't invoke {function.key}: name it"
                )
            else:
                wanted.setdefault(bucket, []).append((function, value))
    return wanted


def _name(call: Call, service: Service, bucket: Any) -> str | None:
    """The bucket's name: as the map has it, of a resource of the stack, or of what another stack exports."""
    if not isinstance(bucket, dict):
        return str(bucket)
    kind, value = next(iter(bucket.items()), ("", None))
    if kind == "Ref":
        named = {"StackName": service.stack_name}
        resources = call("cloudformation", "DescribeStackResources", named)["StackResources"]
        ids = {each["LogicalResourceId"]: each.get("PhysicalResourceId") for each in resources}
        return ids.get(value)
    return _exported(call, value) if kind == "Fn::ImportValue" and isinstance(value, str) else None


def _exported(call: Call, name: str) -> str | None:
    page: dict[str, Any] = {}
    while True:
        page = call("cloudformation", "ListExports", page)
        for export in page.get("Exports", ()):
            if export["Name"] == name:
                return str(export["Value"])
        if not page.get("NextToken"):
            return None
        page = {"NextToken": page["NextToken"]}


def attach_buckets(call: Call, service: Service, warn: Callable[[str], None]) -> None:
    """Let existing buckets tell the map's functions. A bucket that isn't there is warned about. Raises AwsError."""
    for bucket, events in existing_buckets(call, service, warn).items():
        before = _notifications(call, bucket)
        if before is None:
            keys = ", ".join(dict.fromkeys(function.key for function, _ in events))
            warn(
                f"there is no bucket '{bucket}' here, so nothing invokes {keys}: make it, or leave 'existing' out"
                " to have it made with the stack"
            )
            continue
        arns = {function.key: called_arn(call, function) for function, _ in events}
        for function in {function.key: function for function, _ in events}.values():
            identifier = f"S3-{hashlib.sha256(bucket.encode()).hexdigest()[:16]}"
            source = {"SourceArn": f"arn:{arns[function.key].split(':')[1]}:s3:::{bucket}"}
            permit(call, arns[function.key], identifier, "s3.amazonaws.com", **source)
        own = [_notification(function, event, arns[function.key]) for function, event in events]
        _put(call, bucket, before, [*_of_others(before, service), *own])


def detach_buckets(call: Call, service: Service) -> None:
    """Let existing buckets tell the map's functions nothing any more. Raises AwsError."""
    for bucket in existing_buckets(call, service, lambda message: None):
        before = _notifications(call, bucket)
        if before is not None:
            _put(call, bucket, before, _of_others(before, service))


def _notifications(call: Call, bucket: str) -> dict[str, Any] | None:
    try:
        return call("s3", "GetBucketNotificationConfiguration", {"Bucket": bucket})
    except AwsError as error:
        if error.code in ("NoSuchBucket", "404"):
            return None
        raise


def _put(call: Call, bucket: str, before: dict[str, Any], configurations: list[Any]) -> None:
    """Change a bucket's notifications of functions, if that is a change; the others stay."""
    if configurations == before.get(_KEY, []):
        return
    kept = {name: value for name, value in before.items() if name != _KEY}
    changed = {**kept, _KEY: configurations} if configurations else kept
    request = {"Bucket": bucket, "NotificationConfiguration": changed}
    call("s3", "PutBucketNotificationConfiguration", request)


def _of_others(before: Mapping[str, Any], service: Service) -> list[Any]:
    """The notifications that aren't of the map's functions: each has its function's name in its ID."""
    names = {function.name for function in service.functions.values()}
    return [each for each in before.get(_KEY, ()) if each.get("Id", "").rpartition("-")[0] not in names]


def _notification(function: FunctionSpec, event: Mapping[str, Any], arn: str) -> dict[str, Any]:
    digest = hashlib.md5(json.dumps(event, sort_keys=True).encode(), usedforsecurity=False).hexdigest()
    made: dict[str, Any] = {
        "Id": f"{function.name}-{digest}",
        "LambdaFunctionArn": arn,
        "Events": [event.get("event") or DEFAULT_EVENT],
    }
    rules = [
        {"Name": name, "Value": str(value)}
        for rule in event.get("rules") or ()
        for name, value in rule.items()
    ]
    return {**made, "Filter": {"Key": {"FilterRules": rules}}} if rules else made
