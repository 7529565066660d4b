"""What the schema lets pass and the Framework refuses all the same: settings that exclude each other, destinations
that aren't there. All of it AWS refuses, too, but only in the middle of a deployment."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .model import FunctionSpec
from .problems import did_you_mean
from .reading import Reading, mapping, sequence

DURABLE_RUNTIMES = (
    "nodejs22.x",
    "nodejs24.x",
    "python3.13",
    "python3.14",
    "java17",
    "java21",
    "java25",
)
LONGEST_DURABLE_MAPPING = 900
"""Seconds that a durable function may take where an event source mapping waits for it."""
LARGEST_SNAPSHOT_STORAGE = 512
"""MB."""
_MAPPED = ("sqs", "stream", "msk", "kafka", "activemq", "rabbitmq")
_DESTINATIONS = (":function:", ":sqs:", ":sns:", ":event-bus/")

Functions = Mapping[str, FunctionSpec]
Complaint = tuple[str, str]
"""The key under the function (empty: the function itself), and what is wrong with it."""


def check_functions(reading: Reading, functions: Functions, common: Mapping[str, Any]) -> None:
    """Report what a function can't have; `common` is the `provider` section."""
    for function in functions.values():
        for rule in _RULES:
            for key, message in rule(function, functions, common):
                path = ("functions", function.key, key) if key else ("functions", function.key)
                reading.problem(path, message)


def _one_kind_of_alias(
    function: FunctionSpec, functions: Functions, common: Mapping[str, Any]
) -> Iterator[Complaint]:
    if function.settings.get("provisionedConcurrency") and function.settings.get("snapStart"):
        yield "snapStart", "doesn't go with provisionedConcurrency; leave one of them out"


def _image_by_one_name(
    function: FunctionSpec, functions: Functions, common: Mapping[str, Any]
) -> Iterator[Complaint]:
    image = mapping(function.settings.get("image"))
    if image.get("uri") and image.get("name"):
        yield "image", "has both 'uri' and 'name'; one of them is needed, not both"
    if isinstance(function.settings.get("image"), dict) and not (image.get("uri") or image.get("name")):
        yield "image", "needs a 'uri' or a 'name'"


def _file_systems_in_networks(
    function: FunctionSpec, functions: Functions, common: Mapping[str, Any]
) -> Iterator[Complaint]:
    own = function.settings.get("vpc", {})
    merged = {**mapping(common.get("vpc")), **mapping(own)} if isinstance(own, dict) else {}
    inside = merged.get("securityGroupIds") and merged.get("subnetIds")
    if function.settings.get("fileSystemConfig") and not inside:
        yield "fileSystemConfig", "needs a network: 'vpc' of the function or of the provider"


def _destinations(
    function: FunctionSpec, functions: Functions, common: Mapping[str, Any]
) -> Iterator[Complaint]:
    for name in mapping(function.settings.get("destinations")).values():
        if not isinstance(name, str):
            continue
        if name.startswith("arn:"):
            if not any(part in name for part in _DESTINATIONS):
                yield "destinations", f"'{name}' is no function, queue, topic or event bus"
        elif name not in functions:
            yield "destinations", f"there is no function '{name}'{did_you_mean(name, functions)}"
        elif functions[name].condition not in (None, function.condition):
            condition = functions[name].condition
            yield (
                "destinations",
                f"'{name}' may not be there; give this function the condition '{condition}' too",
            )


def _durable(function: FunctionSpec, functions: Functions, common: Mapping[str, Any]) -> Iterator[Complaint]:
    own = mapping(function.settings.get("durableConfig"))
    if not own:
        return
    if function.handler and function.runtime not in DURABLE_RUNTIMES:
        listed = ", ".join(DURABLE_RUNTIMES)
        yield "durableConfig", f"isn't for the runtime {function.runtime}; it is for {listed}"
    if function.settings.get("destinations"):
        yield "destinations", "a durable function has none"
    if function.settings.get("maximumRetryAttempts") is not None:
        yield "maximumRetryAttempts", "isn't for durable functions"
    kinds = {kind for event in sequence(function.settings.get("events")) for kind in mapping(event)}
    seconds = own.get("executionTimeout")
    if kinds & set(_MAPPED) and isinstance(seconds, int) and seconds > LONGEST_DURABLE_MAPPING:
        yield (
            "durableConfig",
            f"queues and streams wait for {LONGEST_DURABLE_MAPPING} seconds at most, not {seconds}",
        )


def _durable_snapshots(
    function: FunctionSpec, functions: Functions, common: Mapping[str, Any]
) -> Iterator[Complaint]:
    own = function.settings
    if not (own.get("durableConfig") and own.get("snapStart")):
        return
    if not function.handler:
        yield "snapStart", "isn't for images"
    elif function.runtime.startswith("nodejs"):
        yield "snapStart", f"isn't for durable functions with the runtime {function.runtime}"
    if own.get("fileSystemConfig"):
        yield "snapStart", "doesn't go with fileSystemConfig"
    if (own.get("ephemeralStorageSize") or 0) > LARGEST_SNAPSHOT_STORAGE:
        yield "snapStart", f"takes an ephemeralStorageSize of {LARGEST_SNAPSHOT_STORAGE} at most"


_RULES: tuple[Callable[[FunctionSpec, Functions, Mapping[str, Any]], Iterator[Complaint]], ...] = (
    _one_kind_of_alias,
    _image_by_one_name,
    _file_systems_in_networks,
    _destinations,
    _durable,
    _durable_snapshots,
)
