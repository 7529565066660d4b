"""The operations on log groups and streams themselves: create, describe, keep, tag, delete."""

from typing import Any

from dewstack.arn import Arn
from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.logs.entry import Entry
from dewstack.logs.errors import (
    InvalidOperationException,
    InvalidParameterException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
)
from dewstack.logs.model import GroupKey, LogGroup, Registry
from dewstack.logs.pages import page
from dewstack.wire import operation

_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
_SETTINGS = ("kmsKeyId", "logGroupClass", "deletionProtectionEnabled")


def group_name(identifier: str) -> str:
    """The name in `identifier`, which is a log group's name or its ARN (with or without `:*`)."""
    if not identifier.startswith("arn:"):
        return identifier
    try:
        resource = Arn.parse(identifier).resource
    except ValueError as error:
        raise InvalidParameterException(f"Invalid ARN: {identifier}") from error
    return resource.removeprefix("log-group:").removesuffix(":*")


def find_group(registry: Registry, caller: Caller, params: dict[str, Any]) -> LogGroup:
    """The group that `logGroupName` or `logGroupIdentifier` names. Raises ResourceNotFoundException."""
    name, identifier = params.get("logGroupName"), params.get("logGroupIdentifier")
    if bool(name) == bool(identifier):
        raise InvalidParameterException("Specify either logGroupName or logGroupIdentifier, and not both.")
    group = registry.get(GroupKey(caller.account_id, caller.region, group_name(str(name or identifier))))
    if group is None:
        raise ResourceNotFoundException("The specified log group does not exist.")
    return group


class GroupOperations:
    """Log groups and streams of `registry`."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    def _now_ms(self) -> int:
        return int(self._clock.time() * 1000)

    def _tagged(self, caller: Caller, arn: str) -> LogGroup:
        return find_group(self._registry, caller, {"logGroupIdentifier": arn})

    @operation("CreateLogGroup")
    def create_log_group(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Raises ResourceAlreadyExistsException."""
        key = GroupKey(caller.account_id, caller.region, params["logGroupName"])
        group, new = self._registry.create(key, self._now_ms())
        if not new:
            raise ResourceAlreadyExistsException("The specified log group already exists")
        group.tags = dict(params.get("tags") or {})
        group.settings = {name: params[name] for name in _SETTINGS if params.get(name) is not None}
        return {}

    @operation("DeleteLogGroup")
    def delete_log_group(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Raises ResourceNotFoundException; InvalidOperationException for a protected group."""
        group = find_group(self._registry, caller, params)
        if group.settings.get("deletionProtectionEnabled"):
            raise InvalidOperationException("The log group is protected from deletion.")
        self._registry.delete(group.key)
        return {}

    @operation("DescribeLogGroups")
    def describe_log_groups(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """By prefix, pattern (a part of the name, any case) or identifiers."""
        groups = self._registry.groups_of(caller.account_id, caller.region)
        prefix, pattern = params.get("logGroupNamePrefix"), params.get("logGroupNamePattern")
        if prefix and pattern:
            raise InvalidParameterException("logGroupNamePrefix and logGroupNamePattern exclude each other.")
        if prefix:
            groups = [group for group in groups if group.key.name.startswith(prefix)]
        if pattern:
            groups = [group for group in groups if pattern.lower() in group.key.name.lower()]
        if identifiers := params.get("logGroupIdentifiers"):
            names = {group_name(identifier) for identifier in identifiers}
            groups = [group for group in groups if group.key.name in names]
        chosen, token = page(groups, params.get("limit"), params.get("nextToken"))
        return {"logGroups": [_described(group) for group in chosen], "nextToken": token}

    @operation("PutRetentionPolicy")
    def put_retention_policy(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Days are one of AWS's steps."""
        days = params["retentionInDays"]
        if days not in _RETENTION_DAYS:
            steps = ", ".join(map(str, _RETENTION_DAYS))
            raise InvalidParameterException(
                f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy"
                f" constraint: Member must satisfy enum value set: [{steps}]"
            )
        find_group(self._registry, caller, params).retention_days = days
        return {}

    @operation("DeleteRetentionPolicy")
    def delete_retention_policy(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Keep events as long as the memory bound allows."""
        find_group(self._registry, caller, params).retention_days = None
        return {}

    @operation("CreateLogStream")
    def create_log_stream(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Raises ResourceAlreadyExistsException."""
        group = find_group(self._registry, caller, params)
        if not group.add_stream(params["logStreamName"], self._now_ms()):
            raise ResourceAlreadyExistsException("The specified log stream already exists")
        return {}

    @operation("DeleteLogStream")
    def delete_log_stream(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Raises ResourceNotFoundException."""
        group = find_group(self._registry, caller, params)
        if params["logStreamName"] not in group.streams:
            raise ResourceNotFoundException("The specified log stream does not exist.")
        group.forget_stream(params["logStreamName"])
        return {}

    @operation("DescribeLogStreams")
    def describe_log_streams(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """By prefix, ordered by name or by the last event."""
        group = find_group(self._registry, caller, params)
        prefix, by_time = params.get("logStreamNamePrefix"), params.get("orderBy") == "LastEventTime"
        if prefix and by_time:
            raise InvalidParameterException("Cannot order by LastEventTime with a logStreamNamePrefix.")
        entries: dict[str, list[Entry]] = {name: [] for name in sorted(group.streams)}
        for entry in group.entries(self._now_ms()):
            entries.setdefault(entry.stream, []).append(entry)
        names = [name for name in entries if name.startswith(prefix or "")]
        if by_time:
            names.sort(key=lambda name: entries[name][-1].timestamp_ms if entries[name] else 0)
        if params.get("descending"):
            names.reverse()
        chosen, token = page(names, params.get("limit"), params.get("nextToken"))
        streams = [_described_stream(group, name, entries[name]) for name in chosen]
        return {"logStreams": streams, "nextToken": token}

    @operation("TagResource")
    def tag_resource(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Add or replace tags."""
        self._tagged(caller, params["resourceArn"]).tags.update(params["tags"])
        return {}

    @operation("UntagResource")
    def untag_resource(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Remove tags."""
        group = self._tagged(caller, params["resourceArn"])
        group.tags = {key: value for key, value in group.tags.items() if key not in params["tagKeys"]}
        return {}

    @operation("ListTagsForResource")
    def list_tags_for_resource(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The tags of a group."""
        return {"tags": dict(self._tagged(caller, params["resourceArn"]).tags)}

    @operation("TagLogGroup")
    def tag_log_group(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """TagResource's older form, by name."""
        find_group(self._registry, caller, params).tags.update(params["tags"])
        return {}

    @operation("UntagLogGroup")
    def untag_log_group(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """UntagResource's older form, by name."""
        group = find_group(self._registry, caller, params)
        group.tags = {key: value for key, value in group.tags.items() if key not in params["tags"]}
        return {}

    @operation("ListTagsLogGroup")
    def list_tags_log_group(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """ListTagsForResource's older form, by name."""
        return {"tags": dict(find_group(self._registry, caller, params).tags)}


def _described(group: LogGroup) -> dict[str, Any]:
    return {
        "logGroupName": group.key.name,
        "creationTime": group.created_ms,
        "retentionInDays": group.retention_days,
        "metricFilterCount": 0,
        "arn": f"{group.key.arn}:*",
        "logGroupArn": group.key.arn,
        "storedBytes": group.stored_bytes,
        "logGroupClass": "STANDARD",
        **group.settings,
    }


def _described_stream(group: LogGroup, name: str, entries: list[Entry]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "logStreamName": name,
        "creationTime": group.streams.get(name, group.created_ms),
        "arn": f"{group.key.arn}:log-stream:{name}",
        "storedBytes": 0,
    }
    if entries:
        described["firstEventTimestamp"] = entries[0].timestamp_ms
        described["lastEventTimestamp"] = entries[-1].timestamp_ms
        described["lastIngestionTime"] = max(entry.ingestion_ms for entry in entries)
        described["uploadSequenceToken"] = f"{entries[-1].sequence:056d}"
    return described
