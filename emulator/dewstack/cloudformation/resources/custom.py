"""Custom resources: a function (or a topic) is asked to make them, and answers at a URL.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes.html
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from dewstack.cloudformation.errors import ResourceFailure
from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider
from dewstack.cloudformation.resources.families import ANY_ATTRIBUTE
from dewstack.cloudformation.resources.shape import check
from dewstack.cloudformation.responses import Responses
from dewstack.cloudformation.values import text
from dewstack.errors import AwsError
from dewstack.ids import uuid4

LONGEST_SECONDS = 3600
"""How long AWS waits for an answer, unless `ServiceTimeout` says less."""
_ELSEWHERE = "Recorded only: the function of this custom resource is not here, its attributes mean nothing"
_KNOW_NAMES = ("python", "nodejs")
"""Runtimes whose functions can call AWS by its own names here."""


class CustomResource(Provider):
    """`AWS::CloudFormation::CustomResource` and `Custom::…`."""

    seconds = LONGEST_SECONDS + 30.0

    def __init__(self, kind: str, responses: Responses) -> None:
        self._kind = kind
        self._responses = responses

    def accept(self, logical_id: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The properties as a custom resource gets them: every scalar is text."""
        check(logical_id, properties, dict.fromkeys(properties, object), ("ServiceToken",))
        return {name: _spelled(value) for name, value in properties.items()}

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """Ask for it. Where the function is none of those here, the resource is only recorded."""
        if not await _is_here(context, properties):
            name = context.generated_name(64)
            return Outcome(name, {ANY_ATTRIBUTE: f"recorded-only.{name}"}, _ELSEWHERE)
        answer = await self._ask(context, "Create", properties)
        name = str(answer.get("PhysicalResourceId") or context.generated_name(64))
        outcome = Outcome(name, _data(answer))
        if answer["Status"] != "SUCCESS":
            context.made.append(outcome)  # to be deleted, as on AWS
            raise _failed(answer)
        return outcome

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Ask for the change. Another physical id means another resource: the one before is deleted afterwards."""
        before = current.properties
        if properties["ServiceToken"] != before["ServiceToken"]:
            raise ResourceFailure("Modifying service token is not allowed.")
        if not await _is_here(context, properties):
            return Outcome(current.physical_id, current.attributes, _ELSEWHERE)
        known = {"PhysicalResourceId": current.physical_id, "OldResourceProperties": before}
        answer = await self._ask(context, "Update", properties, **known)
        if answer["Status"] != "SUCCESS":
            raise _failed(answer)
        return Outcome(str(answer.get("PhysicalResourceId") or current.physical_id), _data(answer))

    async def delete(self, context: Context, current: Resource) -> None:
        """Ask for its end, if the function is there still."""
        if not await _is_here(context, current.properties):
            return
        known = {"PhysicalResourceId": current.physical_id}
        answer = await self._ask(context, "Delete", current.properties, **known)
        if answer["Status"] != "SUCCESS":
            raise _failed(answer)

    async def _ask(
        self, context: Context, what: str, properties: dict[str, Any], **known: Any
    ) -> dict[str, Any]:
        """The answer, one way or the other. Raises ResourceFailure when none comes."""
        token = self._responses.open()
        service = str(properties["ServiceToken"])
        request = {
            "RequestType": what,
            "ServiceToken": service,
            "StackId": context.stack.stack_id,
            "RequestId": uuid4(),
            "LogicalResourceId": context.logical_id,
            "ResourceType": self._kind,
            "ResourceProperties": properties,
            **known,
        }
        if ":sns:" in service:
            request["ResponseURL"] = self._responses.url(token)
        else:
            by_name = await _knows_names(context, service)
            request["ResponseURL"] = self._responses.url_for_functions(token, context.stack, by_name=by_name)
        try:
            return await self._answered(token, properties, asyncio.ensure_future(_send(context, request)))
        finally:
            self._responses.close(token)

    async def _answered(
        self, token: str, properties: dict[str, Any], sent: "asyncio.Future[None]"
    ) -> dict[str, Any]:
        limit = min(int(properties.get("ServiceTimeout") or LONGEST_SECONDS), LONGEST_SECONDS)
        answer = asyncio.ensure_future(self._responses.said(token))
        try:
            async with asyncio.timeout(limit):
                both: set[asyncio.Future[Any]] = {answer, sent}
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                if not answer.done() and (error := sent.exception()):
                    raise error
                [said, *_] = await answer
        except TimeoutError:
            raise ResourceFailure(
                "CloudFormation did not receive a response from your Custom Resource. Please check your logs for"
                f" requestId [{token[:8]}]. It waited for {limit} seconds.",
                touched=True,
            ) from None
        finally:
            answer.cancel()
            if not sent.done():
                sent.cancel()
        if said.get("Status") not in ("SUCCESS", "FAILED"):
            raise ResourceFailure("Invalid response object: Status must be SUCCESS or FAILED", touched=True)
        return said


async def _send(context: Context, request: dict[str, Any]) -> None:
    """Hand the request over. Raises ResourceFailure where a function fails: on AWS nobody would tell for an hour."""
    service = request["ServiceToken"]
    if ":sns:" in service:
        message = json.dumps({**request, "TopicArn": service})
        subject = "AWS CloudFormation custom resource request"
        await context.invoke("sns", "Publish", TopicArn=service, Message=message, Subject=subject)
        return
    payload = json.dumps(request).encode()
    answer = await context.invoke("lambda", "Invoke", FunctionName=service, Payload=payload)
    if answer.get("FunctionError"):
        body: Any = answer.get("Payload")
        said = body.read() if hasattr(body, "read") else body
        raise ResourceFailure(
            f"The function {service} failed before it answered: {bytes(said or b'').decode('utf-8', 'replace')}",
            touched=True,
        )


async def _knows_names(context: Context, function: str) -> bool:
    found = await context.invoke("lambda", "GetFunctionConfiguration", FunctionName=function)
    return str(found.get("Runtime", "")).startswith(_KNOW_NAMES)


async def _is_here(context: Context, properties: Mapping[str, Any]) -> bool:
    service = str(properties["ServiceToken"])
    if ":sns:" in service:
        return True
    try:
        await context.invoke("lambda", "GetFunctionConfiguration", FunctionName=service)
    except AwsError as error:
        if error.status != 404:
            raise
        return False
    return True


def _failed(answer: Mapping[str, Any]) -> ResourceFailure:
    return ResourceFailure(
        "Received response status [FAILED] from custom resource. Message returned:"
        f" {answer.get('Reason') or 'none'} (RequestId: {answer.get('RequestId') or 'unknown'})",
        touched=True,
    )


def _data(answer: Mapping[str, Any]) -> dict[str, Any]:
    data = answer.get("Data")
    return {str(name): value for name, value in data.items()} if isinstance(data, dict) else {}


def _spelled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _spelled(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_spelled(item) for item in value]
    return value if value is None else text(value)
