"""Asking a function: the event of AWS's shape goes out, its `response` comes back, in five seconds or not at all.

A function that doesn't answer in time, or is throttled, is asked three times in all; one that fails is not asked
again. The error texts are those that applications on AWS report.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec import Struct

from dewstack.cognito import errors
from dewstack.cognito.triggers.occasion import Occasion
from dewstack.errors import AwsError
from dewstack.wire import InvokeResult

logger = logging.getLogger("dewstack.cognito")

R = TypeVar("R", bound=Struct)

SECONDS = 5.0
ATTEMPTS = 3
TIMED_OUT = "Socket timeout while invoking Lambda function"
SDK = "aws-sdk-unknown-unknown"

Patience = Callable[[str, float], float | None]
"""How many seconds a function with this ARN is waited for, when AWS waits so many; None is for ever."""

Permits = Callable[[str, str], Awaitable[bool]]
"""Whether a function (its ARN) may be invoked by Cognito for a pool (its ARN), by its resource policy."""


class TimedInvoke(Protocol):
    """Invoke a function by its ARN with an event. Raises AwsError, and TimeoutError when it takes longer than
    `seconds`; None is for ever."""

    async def __call__(self, arn: str, payload: bytes, *, seconds: float | None = None) -> InvokeResult: ...


class Question(Struct, frozen=True, kw_only=True):
    """What is asked: `trigger` is the member of LambdaConfig, `arn` the function it names."""

    trigger: str
    arn: str
    source: str
    user_name: str | None
    request: dict[str, Any]
    response: dict[str, Any]
    version: str = "1"


def event_of(occasion: Occasion, question: Question) -> dict[str, Any]:
    """The event, with AWS's members in AWS's order."""
    return {
        "version": question.version,
        "region": occasion.pool.region,
        "userPoolId": occasion.pool.id,
        **({} if question.user_name is None else {"userName": question.user_name}),
        "callerContext": {"awsSdkVersion": SDK, "clientId": occasion.client_id},
        "triggerSource": question.source,
        "request": question.request,
        "response": question.response,
    }


class Asker:
    """Invokes triggers. Runs on the loop; a trigger may call the pool that asks it."""

    def __init__(
        self, invoke: TimedInvoke | None, permits: Permits | None, patience: Patience | None
    ) -> None:
        self._invoke = invoke
        self._permits = permits
        self._patience = patience

    async def ask(self, occasion: Occasion, question: Question, answer: type[R]) -> R:
        """What the function answered.

        Raises UserLambdaValidationException when it failed, UnexpectedLambdaException when it could not be
        invoked, InvalidLambdaResponseException when its answer is not the event with a response to it.
        """
        event = event_of(occasion, question)
        result = await self.invoke(occasion, question, event)
        if result.function_error is not None:
            raise errors.UserLambdaValidationException(
                f"{question.trigger} failed with error {_error_message(result.payload)}."
            )
        try:
            return _answered(event, result.payload, answer)
        except (msgspec.DecodeError, ValueError) as error:
            logger.warning("%s: the answer of %s is unrecognizable: %s", question.source, question.arn, error)
            raise errors.InvalidLambdaResponseException() from None

    async def invoke(self, occasion: Occasion, question: Question, event: dict[str, Any]) -> InvokeResult:
        """What came of the function. Raises UnexpectedLambdaException when it could not be invoked."""
        if self._invoke is None:
            raise errors.UnexpectedLambdaException(
                f"{question.trigger} invocation failed due to configuration."
            )
        await self.check_permission(occasion, question)
        payload = msgspec.json.encode(event)
        seconds = self._patience(question.arn, SECONDS) if self._patience else SECONDS
        reason = TIMED_OUT
        for _ in range(ATTEMPTS):
            try:
                return await self._invoke(question.arn, payload, seconds=seconds)
            except TimeoutError:
                reason = TIMED_OUT
            except AwsError as error:
                reason = error.code
                if error.code != "TooManyRequestsException":
                    break
        raise _unexpected(question, reason)

    async def check_permission(self, occasion: Occasion, question: Question) -> None:
        """Raises UnexpectedLambdaException when the function's resource policy doesn't let Cognito invoke it."""
        if self._permits is not None and not await self._permits(question.arn, occasion.pool.arn):
            logger.warning(
                "%s: the resource policy of %s doesn't let cognito-idp.amazonaws.com invoke it for %s; "
                "an AWS::Lambda::Permission or AddPermission would",
                question.source,
                question.arn,
                occasion.pool.arn,
            )
            raise _unexpected(question, "AccessDeniedException")


def _unexpected(question: Question, reason: str) -> errors.UnexpectedLambdaException:
    return errors.UnexpectedLambdaException(f"{question.trigger} invocation failed due to error {reason}.")


def _error_message(payload: bytes) -> str:
    try:
        failure = msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return ""
    return str(failure.get("errorMessage") or "") if isinstance(failure, dict) else ""


def _answered(event: dict[str, Any], payload: bytes, answer: type[R]) -> R:
    """The response in an answer, which is the whole event: AWS doesn't recognize one that lost its members."""
    answered = msgspec.json.decode(payload)
    if not isinstance(answered, dict):
        raise ValueError("it is not an object; a trigger returns its event")
    for name, sent in event.items():
        if not isinstance(answered.get(name), type(sent)):
            raise ValueError(f"its member {name} is missing or of another type; a trigger returns its event")
    given = {name: value for name, value in answered["response"].items() if value is not None}
    return msgspec.convert(given, answer)
