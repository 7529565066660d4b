"""What the schema lets pass in events and the Framework refuses all the same."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .problems import KeyPath
from .reading import Reading, mapping, sequence

FILTERS_PER_GROUP = 2
"""Subscription filters that a log group takes."""
_BUCKET_NAME = re.compile(
    r"(?!^(\d{1,3}\.){3}\d{1,3}$)(^(([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])\.)*([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])$)"
)
_INPUTS = ("input", "inputPath", "inputTransformer")
_OF_RULES, _OF_SCHEDULER = ("inputPath", "inputTransformer"), ("timezone", "groupName")

Found = tuple[KeyPath, Any]
"""Where an event is, and its value."""


def check_events(reading: Reading, functions: Mapping[str, Any], common: Mapping[str, Any]) -> None:
    """Report events that nothing can be made of; `functions` and `common` are the map's sections."""
    found: dict[str, list[Found]] = {}
    for key, entry in functions.items():
        for index, event in enumerate(sequence(mapping(entry).get("events"))):
            for kind, value in mapping(event).items():
                found.setdefault(kind, []).append((("functions", key, "events", index, kind), value))
    for kind, rule in _RULES:
        for path, message in rule(found.get(kind, []), common):
            reading.problem(path, message)


def _one_input(events: list[Found], common: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    for path, value in events:
        given = [key for key in _INPUTS if mapping(value).get(key)]
        if len(given) > 1:
            yield (*path, given[1]), f"doesn't go with {given[0]}; an event has one of {', '.join(_INPUTS)}"


def _schedules(events: list[Found], common: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    for path, value in events:
        own = mapping(value)
        by_scheduler = own.get("method") == "scheduler"
        for key in _OF_RULES if by_scheduler else _OF_SCHEDULER:
            if own.get(key):
                other = "eventBus" if by_scheduler else "scheduler"
                yield (*path, key), f"is only for 'method: {other}'"


def _log_groups(events: list[Found], common: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    counts: dict[str, int] = {}
    for path, value in events:
        group = str(mapping(value).get("logGroup") if isinstance(value, dict) else value)
        counts[group] = counts.get(group, 0) + 1
        if counts[group] > FILTERS_PER_GROUP:
            yield path, f"a log group has at most {FILTERS_PER_GROUP} subscriptions; '{group}' has more"


def _buckets(events: list[Found], common: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    settings, existing = mapping(common.get("s3")), dict[str, Any]()
    for path, value in events:
        bucket = mapping(value).get("bucket") if isinstance(value, dict) else value
        if mapping(value).get("existing"):
            if existing.setdefault(str(path[1]), bucket) != bucket:
                yield (*path, "bucket"), "a function has events of one existing bucket at most"
        elif bucket is not None and not isinstance(bucket, str):
            yield path, "a bucket that the map doesn't name exists elsewhere: add 'existing: true'"
        elif bucket is not None:
            name = mapping(settings.get(bucket)).get("name") or bucket
            if isinstance(name, str) and not _BUCKET_NAME.match(name):
                yield path, f"'{name}' is no name for a bucket: small letters, digits, '-' and '.'"


def _topics(events: list[Found], common: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    for path, value in events:
        own = mapping(value)
        if isinstance(own.get("arn"), dict) and not own.get("topicName"):
            yield path, "missing key 'topicName': an ARN that isn't a text needs it"


def _streams(events: list[Found], common: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    for path, value in events:
        own = mapping(value)
        if own.get("startingPosition") == "AT_TIMESTAMP" and not own.get("startingPositionTimestamp"):
            yield path, "missing key 'startingPositionTimestamp': AT_TIMESTAMP needs it"


def _user_pools(events: list[Found], common: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    existing: dict[str, Any] = {}
    keys: dict[str, Any] = {}
    for path, value in events:
        own = mapping(value)
        pool, key = str(own.get("pool")), own.get("kmsKeyId")
        if own.get("existing") and existing.setdefault(str(path[1]), pool) != pool:
            yield (*path, "pool"), "a function has events of one existing user pool at most"
        if key and keys.setdefault(pool, key) != key:
            yield (*path, "kmsKeyId"), f"the user pool '{pool}' has another key already; it takes one"


_RULES: tuple[tuple[str, Callable[[list[Found], Mapping[str, Any]], Iterator[tuple[KeyPath, str]]]], ...] = (
    ("cloudwatchEvent", _one_input),
    ("cloudwatchLog", _log_groups),
    ("cognitoUserPool", _user_pools),
    ("eventBridge", _one_input),
    ("s3", _buckets),
    ("schedule", _schedules),
    ("sns", _topics),
    ("stream", _streams),
)
