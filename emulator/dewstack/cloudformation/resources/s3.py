"""`AWS::S3::Bucket` and `AWS::S3::BucketPolicy`."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.restored import Named, Restored, changed, without_effect
from dewstack.cloudformation.resources.shape import TAGS, Kind, check, coerce, tag_map
from dewstack.errors import AwsError

DEPLOYMENT_BUCKET = frozenset({"ServerlessDeploymentBucket", "ServerlessDeploymentBucketPolicy"})
"""The Framework's own, which a map's template always has: made once somebody uses S3, for that takes a second."""

_CORS: Kind = [
    {
        "AllowedHeaders": [str],
        "AllowedMethods": [str],
        "AllowedOrigins": [str],
        "ExposedHeaders": [str],
        "Id": str,
        "MaxAge": int,
    }
]
_RENAMED = {"ExposedHeaders": "ExposeHeaders", "Id": "ID", "MaxAge": "MaxAgeSeconds"}
_BLOCKED: Kind = {"*": bool}


def _cors(given: Any) -> dict[str, Any]:
    rules = coerce(given.get("CorsRules", []), _CORS, "#/CorsConfiguration/CorsRules")
    return {"CORSRules": [{_RENAMED.get(key, key): rule[key] for key in rule} for rule in rules]}


def _encryption(given: Any) -> dict[str, Any]:
    rules = coerce(given["ServerSideEncryptionConfiguration"], [{"BucketKeyEnabled": bool}])
    named = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    return {"Rules": [{named.get(key, key): rule[key] for key in rule} for rule in rules]}


def _ownership(given: Any) -> dict[str, Any]:
    return {"Rules": given["Rules"]}


_DESTINATIONS = {
    "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
    "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
    "TopicConfigurations": ("TopicConfigurations", "Topic", "TopicArn"),
}
"""CloudFormation's lists of notifications, and what S3 calls the list and the destination."""


def _notifications(given: Any) -> dict[str, Any]:
    configuration: dict[str, Any] = {}
    for name, (listed, spelled, member) in _DESTINATIONS.items():
        if given.get(name):
            configuration[listed] = [_notification(each, each[spelled], member) for each in given[name]]
    bridge = given.get("EventBridgeConfiguration")
    if bridge is not None and str(bridge.get("EventBridgeEnabled", True)).lower() != "false":
        configuration["EventBridgeConfiguration"] = {}
    return configuration


def _notification(given: Mapping[str, Any], destination: str, member: str) -> dict[str, Any]:
    notification: dict[str, Any] = {member: destination, "Events": [given["Event"]]}
    rules = ((given.get("Filter") or {}).get("S3Key") or {}).get("Rules")
    if rules:
        notification["Filter"] = {"Key": {"FilterRules": rules}}
    return notification


def _website(given: Any) -> dict[str, Any]:
    named = {"RedirectRule": "Redirect", "RoutingRuleCondition": "Condition"}
    rules = [{named.get(key, key): rule[key] for key in rule} for rule in given.get("RoutingRules", ())]
    website = {
        "RedirectAllRequestsTo": given.get("RedirectAllRequestsTo"),
        "RoutingRules": rules or None,
        "IndexDocument": {"Suffix": given["IndexDocument"]} if "IndexDocument" in given else None,
        "ErrorDocument": {"Key": given["ErrorDocument"]} if "ErrorDocument" in given else None,
    }
    return {name: value for name, value in website.items() if value is not None}


def _tags(given: Any) -> dict[str, Any]:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in tag_map(given).items()]}


class Setting(Struct, frozen=True):
    """A property that has an operation of its own, and one that takes it away."""

    put: str
    parameter: str
    convert: Callable[[Any], dict[str, Any]]
    delete: str | None = None


_SETTINGS = {
    "BucketEncryption": Setting(
        "PutBucketEncryption", "ServerSideEncryptionConfiguration", _encryption, "DeleteBucketEncryption"
    ),
    "CorsConfiguration": Setting("PutBucketCors", "CORSConfiguration", _cors, "DeleteBucketCors"),
    "NotificationConfiguration": Setting(
        "PutBucketNotificationConfiguration", "NotificationConfiguration", _notifications
    ),
    "OwnershipControls": Setting(
        "PutBucketOwnershipControls", "OwnershipControls", _ownership, "DeleteBucketOwnershipControls"
    ),
    "PublicAccessBlockConfiguration": Setting(
        "PutPublicAccessBlock",
        "PublicAccessBlockConfiguration",
        lambda given: coerce(given, _BLOCKED),
        "DeletePublicAccessBlock",
    ),
    "Tags": Setting("PutBucketTagging", "Tagging", _tags, "DeleteBucketTagging"),
    "VersioningConfiguration": Setting("PutBucketVersioning", "VersioningConfiguration", dict),
    "WebsiteConfiguration": Setting(
        "PutBucketWebsite",
        "WebsiteConfiguration",
        _website,
        "DeleteBucketWebsite",
    ),
}
_ACLS = {
    "AuthenticatedRead": "authenticated-read",
    "BucketOwnerFullControl": "bucket-owner-full-control",
    "BucketOwnerRead": "bucket-owner-read",
    "Private": "private",
    "PublicRead": "public-read",
    "PublicReadWrite": "public-read-write",
}
_ACTED_ON = frozenset({*_SETTINGS, "AccessControl", "BucketName"})


def bucket_attributes(region: str, name: str) -> dict[str, Any]:
    """What GetAtt gives of a bucket."""
    return {
        "Arn": f"arn:aws:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "DualStackDomainName": f"{name}.s3.dualstack.{region}.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
        "WebsiteURL": f"http://{name}.s3-website-{region}.amazonaws.com",
    }


async def _waits(context: Context) -> bool:
    """Whether it is the Framework's own and S3 has not been used yet: then it is made when S3 is."""
    if context.logical_id not in DEPLOYMENT_BUCKET:
        return False
    return not (await context.invoke("s3", "dewstack:Known"))["Known"]


class Bucket(Named):
    """A bucket and its settings. A property that nothing here acts on is named in the event."""

    service = "s3"
    replacement = frozenset({"BucketName"})
    name_property = "BucketName"
    tag_kind = TAGS

    def accept(self, logical_id: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The properties as they are: the settings are read when they are put."""
        return dict(properties)

    def generated(self, context: Context, properties: dict[str, Any]) -> str:
        """A name in lower case."""
        return context.generated_name(63).lower()

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """Make it, unless it is the Framework's own and nobody uses S3 yet."""
        if await _waits(context):
            name = properties.get("BucketName") or self.generated(context, properties)
            return Outcome(name, bucket_attributes(context.stack.region, name))
        return await super().create(context, properties)

    async def make(self, context: Context, name: str, properties: dict[str, Any]) -> Outcome:
        """CreateBucket and an operation for each setting."""
        region = context.stack.region
        note = without_effect(properties, _ACTED_ON)
        if context.logical_id in DEPLOYMENT_BUCKET:
            note = None  # what it lacks, nobody misses
        outcome = Outcome(name, bucket_attributes(region, name), note)
        await context.invoke(
            "s3",
            "CreateBucket",
            Bucket=name,
            ACL=_ACLS.get(properties.get("AccessControl", "")),
            CreateBucketConfiguration=None if region == "us-east-1" else {"LocationConstraint": region},
        )
        context.made.append(outcome)
        await self._settle(context, name, properties)
        return outcome

    @staticmethod
    async def _settle(context: Context, name: str, changes: Mapping[str, Any]) -> None:
        for key, setting in _SETTINGS.items():
            if changes.get(key) is not None:
                parameters = {setting.parameter: setting.convert(changes[key])}
                await context.invoke("s3", setting.put, Bucket=name, **parameters)
            elif key in changes and setting.delete:
                await context.invoke("s3", setting.delete, Bucket=name)

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Put what changed, delete what was taken away."""
        if await _waits(context):
            return Outcome(current.physical_id, current.attributes)
        changes = changed(current, properties)
        if changes.get("NotificationConfiguration", {}) is None:
            changes["NotificationConfiguration"] = {}  # there is no operation that takes it away
        await self._settle(context, current.physical_id, changes)
        if acl := _ACLS.get(changes.get("AccessControl") or ""):
            await context.invoke("s3", "PutBucketAcl", Bucket=current.physical_id, ACL=acl)
        return Outcome(current.physical_id, current.attributes, without_effect(properties, _ACTED_ON))

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteBucket, which refuses a bucket that is not empty."""
        if not await _waits(context):
            await context.invoke("s3", "DeleteBucket", Bucket=current.physical_id)


class BucketPolicy(Restored):
    """The policy of a bucket."""

    service = "s3"
    replacement = frozenset({"Bucket"})

    def accept(self, logical_id: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The properties, if the required ones are there."""
        check(logical_id, properties, dict.fromkeys(properties, object), ("Bucket", "PolicyDocument"))
        return dict(properties)

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """PutBucketPolicy. The Framework's own bucket is made first, if S3 came into use while the stack was made."""
        bucket = str(properties["Bucket"])
        if not await _waits(context):
            try:
                await self._put(context, properties)
            except AwsError as error:
                if error.code != "NoSuchBucket" or context.logical_id not in DEPLOYMENT_BUCKET:
                    raise
                await Bucket().make(context, bucket, {})
                await self._put(context, properties)
        return Outcome(bucket)

    @staticmethod
    async def _put(context: Context, properties: dict[str, Any]) -> None:
        document = json.dumps(properties["PolicyDocument"], default=str)
        await context.invoke("s3", "PutBucketPolicy", Bucket=str(properties["Bucket"]), Policy=document)

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """PutBucketPolicy again."""
        return await self.create(context, properties)

    async def restore(self, context: Context, current: Resource) -> None:
        """PutBucketPolicy again."""
        await self._put(context, current.properties)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteBucketPolicy."""
        if not await _waits(context):
            await context.invoke("s3", "DeleteBucketPolicy", Bucket=current.physical_id)


def s3_types() -> dict[str, Provider]:
    """The types of S3."""
    return {"AWS::S3::Bucket": Bucket(), "AWS::S3::BucketPolicy": BucketPolicy()}
