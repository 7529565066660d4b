"""`sqs` and `stream` events: event source mappings, and what the functions' role has to be allowed for them."""

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from dewstack.service import FunctionSpec, OtherEvent

from . import naming
from .draft import ROLE, Draft, ref, target_of

DEFAULT_BATCH_SIZE = 10
_READ_QUEUE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_ACTIONS = {
    "dynamodb": ("GetRecords", "GetShardIterator", "DescribeStream", "ListStreams"),
    "kinesis": ("GetRecords", "GetShardIterator", "DescribeStream", "ListStreams"),
    "kinesis with consumer": ("GetRecords", "GetShardIterator", "DescribeStreamSummary", "ListShards"),
    "kinesis consumer": ("SubscribeToShard",),
    "sns": ("Publish",),
    "sqs": ("ListQueues", "SendMessage"),
}
"""What a role is allowed for a kind of stream or failure destination, in the Framework's order."""


def compile_queues(draft: Draft) -> None:
    """The mappings of all `sqs` events."""
    arns = []
    for function in draft.service.functions.values():
        for own in _events(function, "sqs"):
            arns.append(own["arn"])
            filters, concurrency = _filters(own), own.get("maximumConcurrency")
            name = naming.letters_and_digits(_queue_name(own["arn"]))
            _mapping(
                draft,
                function,
                f"SQS{naming.upper_first(name)}",
                {
                    "BatchSize": own.get("batchSize") or DEFAULT_BATCH_SIZE,
                    "MaximumBatchingWindowInSeconds": own.get("maximumBatchingWindow"),
                    "EventSourceArn": own["arn"],
                    "FunctionName": target_of(function).arn,
                    "Enabled": own.get("enabled", True),
                    "FunctionResponseTypes": _listed(own.get("functionResponseType")),
                    "FilterCriteria": filters,
                    "ScalingConfig": {"MaximumConcurrency": concurrency} if concurrency else None,
                },
            )
    if arns:
        draft.allow({"Effect": "Allow", "Action": list(_READ_QUEUE), "Resource": arns})


def compile_streams(draft: Draft) -> None:
    """The mappings of all `stream` events, and the consumers that some of them ask for."""
    for function in draft.service.functions.values():
        streams = [_Stream(function, own) for own in _events(function, "stream")]
        for stream in streams:
            stream.compile(draft)
        for kind, actions in _ACTIONS.items():
            resources = [arn for stream in streams for used, arn in stream.used if used == kind]
            if resources:
                service = kind.partition(" ")[0]
                allowed = [f"{service}:{action}" for action in actions]
                draft.allow({"Effect": "Allow", "Action": allowed, "Resource": resources})


def _events(function: FunctionSpec, kind: str) -> list[Mapping[str, Any]]:
    values = [
        event.value for event in function.events if isinstance(event, OtherEvent) and event.type == kind
    ]
    return [value if isinstance(value, dict) else {"arn": value} for value in values if value]


def _mapping(
    draft: Draft,
    function: FunctionSpec,
    source: str,
    properties: Mapping[str, Any],
    *waits_for: str,
) -> None:
    target, role = target_of(function), _role(function)
    depends_on = [*([role] if role else []), *([target.depends_on] if target.depends_on else []), *waits_for]
    logical_id = f"{naming.resource_name(function.key)}EventSourceMapping{source}"
    resource = draft.add(logical_id, "AWS::Lambda::EventSourceMapping", properties)
    resource["DependsOn"] = depends_on


def _role(function: FunctionSpec) -> str | None:
    """The role of this template that has to be there before anything is read for the function."""
    if not function.role:
        return ROLE
    if isinstance(function.role, str):
        return None if ":" in function.role else function.role
    attribute = function.role.get("Fn::GetAtt") if isinstance(function.role, dict) else None
    return str(attribute[0]) if isinstance(attribute, list) and attribute[1:] == ["Arn"] else None


def _filters(own: Mapping[str, Any]) -> dict[str, Any] | None:
    patterns = own.get("filterPatterns")
    if not patterns:
        return None
    texts = [json.dumps(pattern, separators=(",", ":"), ensure_ascii=False) for pattern in patterns]
    return {"Filters": [{"Pattern": text} for text in texts]}


def _listed(value: Any) -> list[Any] | None:
    return None if value is None else [value]


def _intrinsic_name(arn: Mapping[str, Any]) -> str:
    """What stands for the name in an ARN that isn't a text."""
    if "Fn::GetAtt" in arn:
        return str(arn["Fn::GetAtt"][0])
    if "Fn::Join" in arn:
        return str(arn["Fn::Join"][1][-1])
    return str(arn.get("Fn::ImportValue") or arn.get("Ref"))


def _queue_name(arn: Any) -> str:
    return _intrinsic_name(arn) if isinstance(arn, dict) else str(arn).rpartition(":")[2]


class _Stream(Struct):
    """A `stream` event in the making. `used` collects what the function's role needs: the kind, the ARN."""

    function: FunctionSpec
    own: Mapping[str, Any]
    used: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return str(self.own.get("type") or str(self.own["arn"]).split(":")[2])

    @property
    def name(self) -> str:
        arn = self.own["arn"]
        if isinstance(arn, dict):
            return _intrinsic_name(arn).rpartition("/")[2] if "Fn::Join" in arn else _intrinsic_name(arn)
        return str(arn).split("/")[1]

    def compile(self, draft: Draft) -> None:
        own, consumer = self.own, self._consumer(draft)
        if self.kind == "kinesis" and own.get("consumer"):
            self.used += [("kinesis with consumer", own["arn"]), ("kinesis consumer", consumer)]
        else:
            self.used.append((self.kind, own["arn"]))
        name = naming.upper_first(naming.letters_and_digits(self.name))
        timestamp = own.get("startingPositionTimestamp") if own.get("consumer") else None
        _mapping(
            draft,
            self.function,
            f"{naming.upper_first(self.kind)}{name}",
            {
                "BatchSize": own.get("batchSize") or DEFAULT_BATCH_SIZE,
                "Enabled": own.get("enabled", True),
                "EventSourceArn": consumer or own["arn"],
                "FunctionName": target_of(self.function).arn,
                "ParallelizationFactor": own.get("parallelizationFactor"),
                "StartingPosition": own.get("startingPosition") or "TRIM_HORIZON",
                "StartingPositionTimestamp": timestamp,
                "MaximumBatchingWindowInSeconds": own.get("batchWindow"),
                "MaximumRetryAttempts": own.get("maximumRetryAttempts"),
                "BisectBatchOnFunctionError": own.get("bisectBatchOnFunctionError"),
                "FunctionResponseTypes": _listed(own.get("functionResponseType")),
                "MaximumRecordAgeInSeconds": own.get("maximumRecordAgeInSeconds"),
                "TumblingWindowInSeconds": own.get("tumblingWindowInSeconds"),
                "DestinationConfig": self._destination(),
                "FilterCriteria": _filters(own),
            },
            *([consumer["Ref"]] if own.get("consumer") is True and consumer else []),
        )

    def _consumer(self, draft: Draft) -> Any:
        """The ARN of the consumer through which the stream is read, made here or elsewhere; None without one."""
        wanted = self.own.get("consumer")
        if not wanted or self.kind != "kinesis":
            return None
        if wanted is not True:
            return wanted
        service = draft.service
        by_mode = (service.provider.settings.get("kinesis") or {}).get("consumerNamingMode")
        suffix = f"{service.name}{service.stage}" if by_mode else ""
        name = f"{self.function.key}{self.name}{suffix}Consumer"
        logical_id = f"{naming.resource_name(name)}StreamConsumer"
        properties = {"StreamARN": self.own["arn"], "ConsumerName": name}
        draft.add(logical_id, "AWS::Kinesis::StreamConsumer", properties)
        return ref(logical_id)

    def _destination(self) -> dict[str, Any] | None:
        wanted = (self.own.get("destinations") or {}).get("onFailure")
        if not wanted:
            return None
        arn = wanted["arn"] if isinstance(wanted, dict) else wanted
        kind = wanted.get("type") if isinstance(wanted, dict) else None
        self.used.append(("sns" if (kind or str(arn).split(":")[2]) == "sns" else "sqs", arn))
        return {"OnFailure": {"Destination": arn}}
