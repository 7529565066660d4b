"""`AWS::Kinesis::Stream` and `AWS::StepFunctions::StateMachine`."""

import json
import string
from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.restored import Named, changed, without_effect
from dewstack.cloudformation.resources.shape import TAGS, Kind, tag_map


class Stream(Named):
    """A Kinesis stream."""

    service = "kinesis"
    properties: Mapping[str, Kind] = {
        "DesiredShardLevelMetrics": object,
        "Name": str,
        "RetentionPeriodHours": int,
        "ShardCount": int,
        "StreamEncryption": object,
        "StreamModeDetails": {"StreamMode": str},
        "Tags": TAGS,
    }
    replacement = frozenset({"Name"})
    name_property = "Name"
    name_limit = 128

    async def make(self, context: Context, name: str, properties: dict[str, Any]) -> Outcome:
        """CreateStream."""
        mode = properties.get("StreamModeDetails")
        shards = None if mode == {"StreamMode": "ON_DEMAND"} else properties.get("ShardCount", 1)
        given = {"StreamName": name, "ShardCount": shards, "StreamModeDetails": mode}
        await context.invoke("kinesis", "CreateStream", **given)
        if tags := properties.get("Tags"):
            await context.invoke("kinesis", "AddTagsToStream", StreamName=name, Tags=tag_map(tags))
        known = frozenset({"Name", "ShardCount", "StreamModeDetails", "Tags"})
        arn = context.arn("kinesis", f"stream/{name}")
        return Outcome(name, {"Arn": arn}, without_effect(properties, known))

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateShardCount."""
        if count := changed(current, properties).get("ShardCount"):
            given = {"TargetShardCount": count, "ScalingType": "UNIFORM_SCALING"}
            await context.invoke("kinesis", "UpdateShardCount", StreamName=current.physical_id, **given)
        return Outcome(current.physical_id, current.attributes)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteStream."""
        await context.invoke("kinesis", "DeleteStream", StreamName=current.physical_id)


class StateMachine(Named):
    """A state machine that can be described and started, but not run."""

    service = "stepfunctions"
    properties: Mapping[str, Kind] = {
        "Definition": object,
        "DefinitionS3Location": object,
        "DefinitionString": str,
        "DefinitionSubstitutions": {"*": str},
        "EncryptionConfiguration": object,
        "LoggingConfiguration": object,
        "RoleArn": str,
        "StateMachineName": str,
        "StateMachineType": str,
        "Tags": TAGS,
        "TracingConfiguration": object,
    }
    required = ("RoleArn",)
    replacement = frozenset({"StateMachineName", "StateMachineType"})
    name_property = "StateMachineName"
    name_limit = 80
    note = "Recorded only: dewstack does not run state machines, an execution succeeds and does nothing"

    def name_of(self, current: Resource) -> str:
        """The last part of the ARN."""
        return current.physical_id.rpartition(":")[2]

    @staticmethod
    def _definition(properties: Mapping[str, Any]) -> str:
        given = properties.get("DefinitionString") or json.dumps(properties.get("Definition", {}))
        return string.Template(given).safe_substitute(properties.get("DefinitionSubstitutions", {}))

    async def make(self, context: Context, name: str, properties: dict[str, Any]) -> Outcome:
        """CreateStateMachine."""
        output = await context.invoke(
            "stepfunctions",
            "CreateStateMachine",
            name=name,
            definition=self._definition(properties),
            roleArn=properties["RoleArn"],
            type=properties.get("StateMachineType"),
        )
        arn = str(output["stateMachineArn"])
        return Outcome(arn, {"Arn": arn, "Name": name}, self.note)

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """UpdateStateMachine."""
        await context.invoke(
            "stepfunctions",
            "UpdateStateMachine",
            stateMachineArn=current.physical_id,
            definition=self._definition(properties),
            roleArn=properties["RoleArn"],
        )
        return Outcome(current.physical_id, current.attributes, self.note)

    async def delete(self, context: Context, current: Resource) -> None:
        """DeleteStateMachine."""
        await context.invoke("stepfunctions", "DeleteStateMachine", stateMachineArn=current.physical_id)


def stream_types() -> dict[str, Provider]:
    """The types of Kinesis and Step Functions that a service stands behind."""
    return {
        "AWS::Kinesis::Stream": Stream(),
        "AWS::StepFunctions::StateMachine": StateMachine(),
    }
