"""`AWS::CloudFormation::WaitCondition` and its handle: a stack that waits until somebody says so.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-waitcondition.html
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.errors import ResourceFailure
from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.shape import Kind
from dewstack.cloudformation.responses import Responses

LONGEST_SECONDS = 43_200


class WaitConditionHandle(Provider):
    """A URL to which signals are sent."""

    properties: Mapping[str, Kind] = {}

    def __init__(self, responses: Responses) -> None:
        self._responses = responses

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """Open the URL, which `Ref` gives."""
        return Outcome(self._responses.url(self._responses.open()))

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """It has nothing that could change."""
        return Outcome(current.physical_id)

    async def delete(self, context: Context, current: Resource) -> None:
        """Hear no more signals."""
        self._responses.close(_token(current.physical_id))


class WaitCondition(Provider):
    """The wait itself. Without a handle there is nothing to wait for."""

    properties: Mapping[str, Kind] = {"Count": int, "Handle": str, "Timeout": int}
    seconds = LONGEST_SECONDS + 30.0

    def __init__(self, responses: Responses) -> None:
        self._responses = responses

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """Wait for the signals. Raises ResourceFailure for one that tells of a failure, and when they don't come."""
        name, handle = context.generated_name(64), properties.get("Handle")
        if handle is None:
            return Outcome(name, {"Data": "{}"})
        count, limit = properties.get("Count", 1), min(properties.get("Timeout", 300), LONGEST_SECONDS)
        token = _token(handle)
        self._responses.reopen(token)
        try:
            async with asyncio.timeout(limit):
                signals = await self._signals(token, count)
        except TimeoutError:
            raise ResourceFailure(
                f"WaitCondition timed out. Received {self._responses.heard(token)} conditions when expecting {count}"
            ) from None
        data = {each["UniqueId"]: each.get("Data", "") for each in signals}
        return Outcome(name, {"Data": json.dumps(data)})

    async def _signals(self, token: str, count: int) -> list[dict[str, Any]]:
        """The signals, each id once."""
        wanted = count
        while True:
            signals: dict[str, dict[str, Any]] = {}
            said = await self._responses.said(token, wanted)
            for number, each in enumerate(said):
                if each.get("Status") != "SUCCESS":
                    reason = each.get("Reason") or "none was given"
                    raise ResourceFailure(f"WaitCondition received failed message: '{reason}'")
                unique = str(each.get("UniqueId") or number)
                signals[unique] = {**each, "UniqueId": unique}
            if len(signals) >= count:
                return list(signals.values())
            wanted = len(said) + 1

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """AWS doesn't take updates of it."""
        raise ResourceFailure("Update to resource type AWS::CloudFormation::WaitCondition is not supported.")

    async def delete(self, context: Context, current: Resource) -> None:
        """Nothing was made."""


def _token(url: str) -> str:
    return url.rpartition("/")[2]
