"""`AWS::SNS::Topic`, `AWS::SNS::Subscription` and `AWS::SNS::TopicPolicy`."""

from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.restored import Named, Restored, changed
from dewstack.cloudformation.resources.shape import STRINGS, TAGS, Kind
from dewstack.cloudformation.resources.sqs import attribute_text

_ATTRIBUTES: Mapping[str, Kind] = {
    "ArchivePolicy": object,
    "ContentBasedDeduplication": bool,
    "DisplayName": str,
    "FifoThroughputScope": str,
    "FifoTopic": bool,
    "KmsMasterKeyId": str,
    "SignatureVersion": str,
    "TracingConfig": str,
}
_SUBSCRIPTION: Mapping[str, Kind] = {
    "DeliveryPolicy": object,
    "FilterPolicy": object,
    "FilterPolicyScope": str,
    "RawMessageDelivery": bool,
    "RedrivePolicy": object,
    "ReplayPolicy": object,
    "SubscriptionRoleArn": str,
}


def _attributes(kinds: Mapping[str, Kind], given: Mapping[str, Any]) -> dict[str, str]:
    return {key: attribute_text(given[key]) for key in kinds if given.get(key) is not None}


class Topic(Named):
    """A topic and the subscriptions that are written with it. `Ref` gives its ARN."""

    service = "sns"
    properties: Mapping[str, Kind] = {
        **_ATTRIBUTES,
        "DataProtectionPolicy": object,
        "DeliveryStatusLogging": object,
        "Subscription": [{"Endpoint": str, "Protocol": str}],
        "Tags": TAGS,
        "TopicName": str,
    }
    replacement = frozenset({"FifoTopic", "TopicName"})
    name_property = "TopicName"

    def generated(self, context: Context, properties: dict[str, Any]) -> str:
        """A name that ends as that of a FIFO topic has to."""
        suffix = ".fifo" if properties.get("FifoTopic") else ""
        return f"{context.generated_name(250)}{suffix}"

    def name_of(self, current: Resource) -> str:
        """The last part of the ARN."""
        return current.physical_id.rpartition(":")[2]

    async def make(self, context: Context, name: str, properties: dict[str, Any]) -> Outcome:
        """CreateTopic, then Subscribe."""
        output = await context.invoke(
            "sns",
            "CreateTopic",
            Name=name,
            Attributes=_attributes(_ATTRIBUTES, properties),
            Tags=properties.get("Tags"),
        )
        arn = str(output["TopicArn"])
        outcome = Outcome(arn, {"TopicArn": arn, "TopicName": name})
        context.made.append(outcome)
        await self._subscribe(context, arn, properties.get("Subscription", []))
        return outcome

    @staticmethod
    async def _subscribe(context: Context, arn: str, subscriptions: list[dict[str, Any]]) -> None:
        for each in subscriptions:
            await context.invoke("sns", "Subscribe", TopicArn=arn, **each)

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """SetTopicAttributes for what changed; Subscribe for what is new."""
        arn = current.physical_id
        for key, value in changed(current, properties).items():
            if key in _ATTRIBUTES:
                text = "" if value is None else attribute_text(value)
                await context.invoke(
                    "sns", "SetTopicAttributes", TopicArn=arn, AttributeName=key, AttributeValue=text
                )
        before = current.properties.get("Subscription", [])
        fresh = [each for each in properties.get("Subscription", []) if each not in before]
        await self._subscribe(context, arn, fresh)
        return Outcome(arn, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteTopic."""
        await context.invoke("sns", "DeleteTopic", TopicArn=current.physical_id)


class Subscription(Restored):
    """A subscription to a topic."""

    service = "sns"
    properties: Mapping[str, Kind] = {
        **_SUBSCRIPTION,
        "Endpoint": str,
        "Protocol": str,
        "Region": str,
        "TopicArn": str,
    }
    required = ("Protocol", "TopicArn")
    replacement = frozenset({"Endpoint", "Protocol", "Region", "TopicArn"})

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """Subscribe."""
        topic = properties["TopicArn"]
        output = await context.invoke(
            "sns",
            "Subscribe",
            TopicArn=topic,
            Protocol=properties["Protocol"],
            Endpoint=properties.get("Endpoint"),
            Attributes=_attributes(_SUBSCRIPTION, properties),
            ReturnSubscriptionArn=True,
        )
        arn = str(output["SubscriptionArn"])
        return Outcome(arn, {"Arn": arn})

    async def restore(self, context: Context, current: Resource) -> None:
        """Subscribe, under the ARN it had."""
        await self.adopt(context, await self.create(context, current.properties), current)

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """SetSubscriptionAttributes for what changed."""
        for key, value in changed(current, properties).items():
            text = "" if value is None else attribute_text(value)
            await context.invoke(
                "sns",
                "SetSubscriptionAttributes",
                SubscriptionArn=current.physical_id,
                AttributeName=key,
                AttributeValue=text,
            )
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """Unsubscribe."""
        await context.invoke("sns", "Unsubscribe", SubscriptionArn=current.physical_id)


class TopicPolicy(Restored):
    """One policy for some topics."""

    service = "sns"
    properties: Mapping[str, Kind] = {"PolicyDocument": object, "Topics": STRINGS}
    required = ("PolicyDocument", "Topics")

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """SetTopicAttributes for each topic."""
        await self._put(context, properties)
        name = context.generated_name(128)
        return Outcome(name, {"Id": name})

    @staticmethod
    async def _put(context: Context, properties: dict[str, Any]) -> None:
        for arn in properties["Topics"]:
            await context.invoke(
                "sns",
                "SetTopicAttributes",
                TopicArn=arn,
                AttributeName="Policy",
                AttributeValue=attribute_text(properties["PolicyDocument"]),
            )

    async def restore(self, context: Context, current: Resource) -> None:
        """The same as before."""
        await self._put(context, current.properties)

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Give it to the topics that are named now."""
        await self._put(context, properties)
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """Nothing: SNS has no way to take a policy away, and who may publish is not asked here."""


def sns_types() -> dict[str, Provider]:
    """The types of SNS."""
    return {
        "AWS::SNS::Subscription": Subscription(),
        "AWS::SNS::Topic": Topic(),
        "AWS::SNS::TopicPolicy": TopicPolicy(),
    }
