"""Lambda's API: how a function's asynchronous events are treated, and the deprecated InvokeAsync."""

import re
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.lambda_.asynchronous.destinations import SENDERS
from dewstack.lambda_.asynchronous.model import EventInvokeConfig
from dewstack.lambda_.asynchronous.queue import EventQueue, Policy
from dewstack.lambda_.errors import InvalidParameterValueException, ResourceNotFoundException
from dewstack.lambda_.functions import FunctionStore, Reference
from dewstack.lambda_.model import LATEST
from dewstack.lambda_.paging import page
from dewstack.lambda_.requests import MAX_EVENT_BYTES, event_payload
from dewstack.wire import operation

ARN = re.compile(r"arn:aws[a-zA-Z0-9-]*:(?P<service>[a-z0-9-]+):[a-z0-9-]*:(?:\d{12})?:(?P<resource>.+)")


def policy(functions: FunctionStore, arn: str) -> Policy:
    """What holds for an event for the function `arn`. Raises ResourceNotFoundException."""
    reference = qualified(functions.reference({"FunctionName": arn}, Caller()))
    config = functions.event_invoke_configs.get(*_key(reference))
    loop = functions.get_settings(reference).recursive_loop
    return functions.get(reference), reference.arn, config or EventInvokeConfig(0), loop


class EventInvokeOperations:
    """Put, change, read and delete event-invoke configurations."""

    def __init__(self, functions: FunctionStore, queue: EventQueue, clock: Clock) -> None:
        self._functions = functions
        self._configs = functions.event_invoke_configs
        self._queue = queue
        self._clock = clock

    @operation("PutFunctionEventInvokeConfig")
    def put(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Set all; what is not given gets its default."""
        return self._keep(caller, params, lambda known: EventInvokeConfig(0))

    @operation("UpdateFunctionEventInvokeConfig")
    def update(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Change what is given."""

        def existing(known: EventInvokeConfig | None) -> EventInvokeConfig:
            if known is None:
                raise _none(qualified(self._functions.reference(params, caller)))
            return known

        return self._keep(caller, params, existing)

    def _keep(
        self,
        caller: Caller,
        params: dict[str, Any],
        begin: Callable[[EventInvokeConfig | None], EventInvokeConfig],
    ) -> dict[str, Any]:
        given = (params.get(name) for name in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds"))
        if all(each is None for each in (*given, params.get("DestinationConfig"))):
            raise InvalidParameterValueException(
                "You must specify at least one of error handling or destination setting."
            )
        reference = qualified(self._functions.reference(params, caller))
        with self._functions.store.transaction():
            if not self._functions.exists(reference):
                raise ResourceNotFoundException("The function doesn't exist.")
            self._check_destinations(reference, params.get("DestinationConfig") or {})
            config = _changed(begin(self._configs.get(*_key(reference))), params, self._clock.time())
            self._configs.put(config, *_key(reference))
        return _answer(reference, config)

    def _check_destinations(self, reference: Reference, given: dict[str, Any]) -> None:
        """Raise InvalidParameterValueException for what is no destination, or leads back to the function."""
        targets = {end: (given.get(end) or {}).get("Destination") for end in ("OnSuccess", "OnFailure")}
        for end, target in targets.items():
            if target and not self._may_receive(reference, end, target):
                success, failure = (
                    f"{end}(destination={arn})" if arn else "null" for end, arn in targets.items()
                )
                raise InvalidParameterValueException(
                    f"The provided destination config DestinationConfig(onSuccess={success},"
                    f" onFailure={failure}) is invalid."
                )

    def _may_receive(self, reference: Reference, end: str, target: str) -> bool:
        match = ARN.fullmatch(target)
        service = match["service"] if match else ""
        if service not in SENDERS or (service == "s3" and end == "OnSuccess"):
            return False
        if service != "lambda":
            return True
        other = self._functions.reference({"FunctionName": target}, Caller())
        if (other.account_id, other.region, other.name) == (
            reference.account_id,
            reference.region,
            reference.name,
        ):
            raise InvalidParameterValueException(
                "You can't specify the function as a destination for itself."
            )
        elsewhere = (other.account_id, other.region) != (reference.account_id, reference.region)
        return elsewhere or self._functions.exists(qualified(other))

    @operation("GetFunctionEventInvokeConfig")
    def get(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The configuration of a function, version or alias."""
        reference, config = self._get(caller, params)
        return _answer(reference, config)

    @operation("DeleteFunctionEventInvokeConfig")
    def delete(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Back to the defaults."""
        reference, _ = self._get(caller, params)
        self._configs.delete(*_key(reference))
        return {}

    def _get(self, caller: Caller, params: dict[str, Any]) -> tuple[Reference, EventInvokeConfig]:
        reference = qualified(self._functions.reference(params, caller))
        config = self._configs.get(*_key(reference))
        if config is None:
            raise _none(reference)
        return reference, config

    @operation("ListFunctionEventInvokeConfigs")
    def list_all(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Those of a function, its versions and its aliases."""
        reference = replace(self._functions.reference(params, caller), qualifier=LATEST)
        if not self._functions.exists(reference):
            raise ResourceNotFoundException("The function doesn't exist.")
        kept = self._configs.items(reference.account_id, reference.region, reference.name)
        items = [_answer(replace(reference, qualifier=key[-1]), config) for key, config in kept]
        return page(items, params, "FunctionEventInvokeConfigs")

    @operation("InvokeAsync")
    async def invoke_async(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Hand over an event; deprecated on AWS in favour of Invoke."""
        reference = self._functions.reference(params, caller)
        self._functions.get(reference)
        await self._queue.accept(reference.arn, event_payload(params.get("InvokeArgs"), MAX_EVENT_BYTES))
        return {"Status": 202}


def qualified(reference: Reference) -> Reference:
    """A reference that names $LATEST where no qualifier was given."""
    return reference if reference.qualifier else replace(reference, qualifier=LATEST)


def _key(reference: Reference) -> tuple[str, ...]:
    return reference.account_id, reference.region, reference.name, reference.qualifier


def _none(reference: Reference) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"The function {reference.arn} doesn't have an EventInvokeConfig")


def _changed(config: EventInvokeConfig, params: dict[str, Any], now: float) -> EventInvokeConfig:
    changes: dict[str, Any] = {"modified": now}
    if params.get("MaximumRetryAttempts") is not None:
        changes["maximum_retry_attempts"] = params["MaximumRetryAttempts"]
    if params.get("MaximumEventAgeInSeconds") is not None:
        changes["maximum_event_age"] = params["MaximumEventAgeInSeconds"]
    if params.get("DestinationConfig") is not None:
        given = params["DestinationConfig"]
        changes["on_success"] = (given.get("OnSuccess") or {}).get("Destination") or None
        changes["on_failure"] = (given.get("OnFailure") or {}).get("Destination") or None
    return replace(config, **changes)


def _answer(reference: Reference, config: EventInvokeConfig) -> dict[str, Any]:
    destinations = {"OnSuccess": config.on_success, "OnFailure": config.on_failure}
    return {
        "LastModified": config.modified,
        "FunctionArn": reference.arn,
        "MaximumRetryAttempts": config.maximum_retry_attempts,
        "MaximumEventAgeInSeconds": config.maximum_event_age,
        "DestinationConfig": {end: {"Destination": arn} if arn else {} for end, arn in destinations.items()},
    }
