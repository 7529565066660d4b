"""Lambda's operations for event source mappings."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.errors import AwsError, NotEmulated
from dewstack.events.patterns import InvalidPattern
from dewstack.events.sources.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from dewstack.events.sources.model import NOTHING_YET, QUEUE, READ, Mapping
from dewstack.events.sources.records import Filters
from dewstack.ids import uuid4
from dewstack.store import Store
from dewstack.wire import Call, operation

PAGE = 100
DEFAULT_BATCH = {QUEUE: 10}
STREAM_BATCH = 100
MOST_FILTERS = 10
KEPT = ("KMSKeyArn", "MetricsConfig", "ProvisionedPollerConfig")
ELSEWHERE = ("SelfManagedEventSource", "AmazonManagedKafkaEventSourceConfig", "DocumentDBEventSourceConfig")


class Changed(Protocol):
    """Takes note of a mapping that was made, changed or removed."""

    def __call__(self, mapping: Mapping, *, gone: bool) -> Awaitable[None]: ...


class MappingOperations:
    """Create, read, change, delete. `changed` is told of everything."""

    def __init__(self, store: Store, clock: Clock, call: Call, changed: Changed) -> None:
        self._store = store
        self.mappings = store.collection("lambda.event-source-mappings", Mapping)
        self._clock = clock
        self._call = call
        self._changed = changed

    @operation("CreateEventSourceMapping")
    async def create(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Connect a source with a function, and begin to read it."""
        source = params.get("EventSourceArn") or ""
        if not source or any(params.get(name) for name in ELSEWHERE):
            raise NotEmulated("event sources other than SQS, DynamoDB streams and Kinesis are not emulated")
        kind = source.split(":")[2] if source.count(":") >= 5 else ""
        if kind not in READ:
            raise NotEmulated(f"event sources of {kind or source} are not emulated by dewstack")
        function = await self._function(caller, params["FunctionName"])
        now = self._clock.time()
        mapping = Mapping(
            uuid=uuid4(),
            account_id=caller.account_id,
            region=caller.region,
            source_arn=source,
            function_arn=function,
            created=now,
            modified=now,
            batch_size=DEFAULT_BATCH.get(kind, STREAM_BATCH),
            tags=params.get("Tags") or {},
        )
        mapping = _set(mapping, params)
        await self._check(mapping)
        for other in self.mappings.scan(caller.account_id, caller.region):
            if (other.source_arn, other.function_arn) == (source, function):
                raise ResourceConflictException(
                    f'The event source arn (" {source} ") and function (" {function.rpartition(":")[2]} ") provided'
                    f" mapping already exists. Please update or delete the existing mapping with UUID {other.uuid}",
                    Type="User",
                )
        self.mappings.put(mapping, *mapping.key)
        await self._changed(mapping, gone=False)
        return told(mapping, "Creating")

    @operation("UpdateEventSourceMapping")
    async def update(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Change what is given, and read on with that."""
        mapping = _set(self._get(caller, params["UUID"]), params)
        if params.get("FunctionName"):
            mapping = replace(mapping, function_arn=await self._function(caller, params["FunctionName"]))
        mapping = replace(mapping, modified=self._clock.time())
        await self._check(mapping)
        self.mappings.put(mapping, *mapping.key)
        await self._changed(mapping, gone=False)
        return told(mapping, "Updating" if mapping.enabled else "Disabling")

    @operation("GetEventSourceMapping")
    async def get(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One mapping."""
        return told(self._get(caller, params["UUID"]))

    @operation("DeleteEventSourceMapping")
    async def delete(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """End the reading."""
        mapping = self._get(caller, params["UUID"])
        self.mappings.delete(*mapping.key)
        await self._changed(mapping, gone=True)
        return told(mapping, "Deleting")

    @operation("ListEventSourceMappings")
    async def list(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The mappings of a function or a source, or all, page by page."""
        source, function = params.get("EventSourceArn"), params.get("FunctionName")
        if function:
            function = await self._function(caller, function)
        found = [
            told(each)
            for each in self.mappings.scan(caller.account_id, caller.region)
            if source in (None, each.source_arn) and function in (None, each.function_arn)
        ]
        start, most = _position(params.get("Marker")), int(params.get("MaxItems") or PAGE)
        more = {"NextMarker": str(start + most)} if start + most < len(found) else {}
        return {"EventSourceMappings": found[start : start + most], **more}

    def retag(
        self, caller: Caller, arn: str, change: Callable[[dict[str, str]], dict[str, str]]
    ) -> dict[str, str]:
        """Change the tags of the mapping with this ARN, and give them. Raises ResourceNotFoundException."""
        with self._store.transaction():
            mapping = self._get(caller, arn.rpartition(":")[2])
            mapping = replace(mapping, tags=change(mapping.tags))
            self.mappings.put(mapping, *mapping.key)
        return mapping.tags

    def _get(self, caller: Caller, uuid: str) -> Mapping:
        mapping = self.mappings.get(caller.account_id, caller.region, uuid)
        if mapping is None:
            raise ResourceNotFoundException("The resource you requested does not exist.", Type="User")
        return mapping

    async def _function(self, caller: Caller, name: str) -> str:
        """A function's ARN, with the qualifier that it was named with. Raises ResourceNotFoundException."""
        found = await self._call("lambda", "GetFunctionConfiguration", {"FunctionName": name}, caller)
        arn = str(found["FunctionArn"])
        return arn.removesuffix(":$LATEST")

    async def _check(self, mapping: Mapping) -> None:
        """Raise InvalidParameterValueException for what cannot be read like this."""
        _check_size(mapping)
        if mapping.kind == QUEUE:
            await self._check_queue(mapping)
        elif not mapping.starting_position:
            raise InvalidParameterValueException(
                "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
                "Member must not be null.",
                Type="User",
            )

    async def _check_queue(self, mapping: Mapping) -> None:
        name = {"QueueName": mapping.source_arn.rpartition(":")[2]}
        try:
            url = (await self._call("sqs", "GetQueueUrl", name, mapping.owner))["QueueUrl"]
            asked = {"QueueUrl": url, "AttributeNames": ["VisibilityTimeout"]}
            attributes = (await self._call("sqs", "GetQueueAttributes", asked, mapping.owner))["Attributes"]
        except AwsError as error:
            raise InvalidParameterValueException(
                "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
                "SQS Error Message: The specified queue does not exist.",
                Type="User",
            ) from error
        function = await self._call(
            "lambda", "GetFunctionConfiguration", {"FunctionName": mapping.function_arn}, mapping.owner
        )
        visible, timeout = int(attributes["VisibilityTimeout"]), int(function["Timeout"])
        if visible < timeout:
            raise InvalidParameterValueException(
                f"Queue visibility timeout: {visible} seconds is less than Function timeout: {timeout} seconds",
                Type="User",
            )


def _check_size(mapping: Mapping) -> None:
    if mapping.kind == QUEUE and mapping.batch_size > 10 and mapping.window < 1:
        raise InvalidParameterValueException(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
            Type="User",
        )
    if mapping.kind == QUEUE and mapping.source_arn.endswith(".fifo") and mapping.window:
        raise InvalidParameterValueException(
            "Batching window is not supported for FIFO queues. Event source mapping can be created with 0 or null "
            "batching window.",
            Type="User",
        )


def _set(mapping: Mapping, params: dict[str, Any]) -> Mapping:
    """The mapping with what `params` say."""
    if params.get("TumblingWindowInSeconds") and mapping.kind == QUEUE:
        raise InvalidParameterValueException(
            "Unsupported parameter for given event source mapping type.", Type="User"
        )
    plain = {
        "Enabled": "enabled",
        "BatchSize": "batch_size",
        "MaximumBatchingWindowInSeconds": "window",
        "StartingPosition": "starting_position",
        "MaximumRetryAttempts": "retries",
        "MaximumRecordAgeInSeconds": "record_age",
        "BisectBatchOnFunctionError": "bisects",
        "ParallelizationFactor": "parallelization",
        "TumblingWindowInSeconds": "tumbling",
    }
    changes: dict[str, Any] = {to: params[name] for name, to in plain.items() if params.get(name) is not None}
    if params.get("StartingPositionTimestamp") is not None:
        moment = params["StartingPositionTimestamp"]
        changes["starting_timestamp"] = moment.timestamp() if hasattr(moment, "timestamp") else float(moment)
    return replace(mapping, **changes, **_structured(params), extras=_extras(mapping, params))


def _extras(mapping: Mapping, params: dict[str, Any]) -> dict[str, Any]:
    return {**mapping.extras, **{name: params[name] for name in KEPT if params.get(name) is not None}}


def _structured(params: dict[str, Any]) -> dict[str, Any]:
    """What `params` say in structures of their own."""
    changes: dict[str, Any] = {}
    if "FunctionResponseTypes" in params:
        changes["response_types"] = tuple(params["FunctionResponseTypes"] or ())
    if "DestinationConfig" in params:
        failure = (params["DestinationConfig"] or {}).get("OnFailure") or {}
        changes["on_failure"] = failure.get("Destination") or ""
    if "ScalingConfig" in params:
        changes["concurrency"] = (params["ScalingConfig"] or {}).get("MaximumConcurrency")
    if "FilterCriteria" in params:
        changes["filters"] = _filters(params["FilterCriteria"] or {})
    return changes


def _filters(criteria: dict[str, Any]) -> tuple[str, ...]:
    patterns = tuple(each.get("Pattern") or "{}" for each in criteria.get("Filters") or [])
    if len(patterns) > MOST_FILTERS:
        raise InvalidParameterValueException(
            f"Too many filters: at most {MOST_FILTERS} are allowed.", Type="User"
        )
    try:
        Filters(patterns)
    except (InvalidPattern, json.JSONDecodeError, AttributeError) as error:
        raise InvalidParameterValueException("Invalid filter pattern definition.", Type="User") from error
    return patterns


def told(mapping: Mapping, state: str = "") -> dict[str, Any]:
    """A mapping as Lambda tells it."""
    arn = f"arn:aws:lambda:{mapping.region}:{mapping.account_id}:event-source-mapping:{mapping.uuid}"
    common = {
        "UUID": mapping.uuid,
        "EventSourceMappingArn": arn,
        "EventSourceArn": mapping.source_arn,
        "FunctionArn": mapping.function_arn,
        "BatchSize": mapping.batch_size,
        "MaximumBatchingWindowInSeconds": int(mapping.window),
        "FunctionResponseTypes": list(mapping.response_types),
        "State": state or ("Enabled" if mapping.enabled else "Disabled"),
        "StateTransitionReason": "USER_INITIATED" if mapping.kind == QUEUE else "User action",
        "LastModified": mapping.modified,
        **mapping.extras,
    }
    if mapping.filters:
        common["FilterCriteria"] = {"Filters": [{"Pattern": pattern} for pattern in mapping.filters]}
    if mapping.kind == QUEUE:
        scaling = (
            {"ScalingConfig": {"MaximumConcurrency": mapping.concurrency}} if mapping.concurrency else {}
        )
        return {**common, **scaling}
    timestamp = mapping.starting_timestamp
    return {
        **common,
        "StartingPosition": mapping.starting_position,
        **({"StartingPositionTimestamp": timestamp} if timestamp is not None else {}),
        "MaximumRetryAttempts": mapping.retries,
        "MaximumRecordAgeInSeconds": mapping.record_age,
        "BisectBatchOnFunctionError": mapping.bisects,
        "ParallelizationFactor": mapping.parallelization,
        "TumblingWindowInSeconds": mapping.tumbling,
        "DestinationConfig": {"OnFailure": {"Destination": mapping.on_failure} if mapping.on_failure else {}},
        "LastProcessingResult": NOTHING_YET,
    }


def _position(marker: str | None) -> int:
    return int(marker) if marker and marker.isdecimal() else 0
