"""The queue of asynchronous events: accepted, served, tried again, and told of at the end.

Waiting is on the domain's clock, so a test need not wait for a retry: it advances the clock. A function that fails is
invoked twice more, one and then two minutes later; one that is throttled is tried again for up to six hours, each time
later, up to five minutes.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from msgspec.structs import replace

from dewstack.clock import Clock
from dewstack.ids import uuid4
from dewstack.lambda_.asynchronous import record
from dewstack.lambda_.asynchronous.destinations import Destinations, Letter, encoded
from dewstack.lambda_.asynchronous.model import Event, EventInvokeConfig
from dewstack.lambda_.errors import ResourceNotFoundException, TooManyRequestsException
from dewstack.lambda_.invoker import MAX_ENVIRONMENTS, Invoker
from dewstack.lambda_.model import Function, Outcome
from dewstack.lambda_.recursion import TERMINATE, is_loop
from dewstack.store.ledger import Ledger

logger = logging.getLogger("dewstack.lambda")

RETRY_SECONDS = 60
"""The first retry of a failed event; the second comes after twice as long."""
LONGEST_BACKOFF_SECONDS = 300.0
MAX_EVENTS, MAX_BYTES = 10_000, 256 * 1024 * 1024
"""How much may wait; more is refused, as a throttled caller would be."""

Policy = tuple[Function, str, EventInvokeConfig, str]
"""The function that serves an event, its ARN with the qualifier that was meant, how its events are treated, and its
RecursiveLoop."""


class EventQueue:
    """All events that wait, each in a task of its own. It lives on the loop. `policy` reads the store; it is called in
    a thread, and raises ResourceNotFoundException."""

    def __init__(
        self,
        invoker: Invoker,
        clock: Clock,
        ledger: Ledger[Event],
        destinations: Destinations | None,
        policy: Callable[[str], Policy],
    ) -> None:
        self._invoker = invoker
        self._clock = clock
        self._ledger = ledger
        self._destinations = destinations
        self._policy = policy
        self._tasks: set[asyncio.Task[None]] = set()
        self._gates: WeakValueDictionary[tuple[str, int], asyncio.Semaphore] = WeakValueDictionary()
        """Each lives as long as an event holds it or waits at it."""
        self._bytes = 0

    async def accept(self, arn: str, payload: bytes, *, client_context: str = "", trace_id: str = "") -> str:
        """Take an event for the function `arn`: what has returned will be served. Its request id.

        Raises TooManyRequestsException when too many wait.
        """
        event = self._event(arn, payload, client_context, trace_id)
        kept = asyncio.ensure_future(self._ledger.keep(event.request_id, event))
        self._begin(
            event, kept
        )  # counts from now on, and is served even if the caller goes while it is written
        await asyncio.shield(kept)
        return event.request_id

    def resume(self) -> None:
        """Go on with the events that were left when the last emulator ended."""
        now = self._clock.time()
        for _, event in self._ledger.load():
            ahead = max(0.0, event.accepted - now)  # its clock had been moved
            event = replace(event, accepted=event.accepted - ahead, due=event.due - ahead)
            self._begin(event)

    def close(self) -> None:
        """Serve no more; what is on disk is served next time."""
        for task in self._tasks:
            task.cancel()
        self._ledger.close()

    def _event(self, arn: str, payload: bytes, client_context: str, trace_id: str) -> Event:
        if len(self._tasks) >= MAX_EVENTS or self._bytes + len(payload) > MAX_BYTES:
            raise TooManyRequestsException("Rate Exceeded.", Reason="CallerRateLimitExceeded")
        return Event(uuid4(), arn, payload, self._clock.time(), client_context, trace_id=trace_id)

    def _begin(self, event: Event, kept: Awaitable[None] | None = None) -> None:
        self._bytes += len(event.payload)
        task = asyncio.get_running_loop().create_task(self._serve(event, kept))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, event: Event, kept: Awaitable[None] | None) -> None:
        """See an event through to its end."""
        try:
            if kept is not None:
                await kept
            following: Event | None = event
            while following is not None:
                await self._clock.wait_until(following.due)
                following = await self._attempt(following)
                if following is not None:
                    await self._ledger.keep(following.request_id, following)
            self._ledger.forget(event.request_id)
        except ResourceNotFoundException:
            self._ledger.forget(event.request_id)  # the function was deleted meanwhile
        except Exception:
            logger.exception("the asynchronous event %s for %s is lost", event.request_id, event.arn)
            self._ledger.forget(event.request_id)
        finally:
            self._bytes -= len(event.payload)

    async def _attempt(self, event: Event) -> Event | None:
        """Invoke the function once; the event to be tried later, or None when it is done."""
        policy = await asyncio.to_thread(self._policy, event.arn)
        function, _, config, loop = policy
        if event.trace_id and loop == TERMINATE and is_loop(event.trace_id, function.arn):
            self._invoker.dropped(function)
            return await self._give_up(event, policy, record.RECURSIVE_INVOCATION, None)
        reserved = self._invoker.reserved(function.arn)
        if reserved == 0:
            return await self._give_up(event, policy, record.ZERO_RESERVED_CONCURRENCY, None)
        if self._clock.time() - event.accepted > config.age:
            return await self._give_up(event, policy, record.EVENT_AGE_EXCEEDED, None)
        try:
            async with self._gate(function.arn, min(reserved or MAX_ENVIRONMENTS, MAX_ENVIRONMENTS)):
                outcome = await self._invoker.invoke(
                    event.arn,
                    event.payload,
                    client_context=event.client_context,
                    request_id=event.request_id,
                    trace_id=event.trace_id,
                )
        except TooManyRequestsException:
            return self._backed_off(event, config)
        event = replace(event, invocations=event.invocations + 1, throttles=0)
        if outcome.function_error is None:
            await self._tell(event, policy, record.SUCCESS, outcome)
            return None
        if event.invocations > config.retries:
            return await self._give_up(event, policy, record.RETRIES_EXHAUSTED, outcome)
        due = self._clock.time() + RETRY_SECONDS * event.invocations
        if due - event.accepted > config.age:
            return await self._give_up(event, policy, record.EVENT_AGE_EXCEEDED, outcome)
        return replace(event, due=due)

    def _gate(self, arn: str, size: int) -> asyncio.Semaphore:
        """Lets no more of a function's events through than can be served, or they would throttle each other."""
        gate = self._gates.get((arn, size))
        if gate is None:
            gate = self._gates[arn, size] = asyncio.Semaphore(size)
        return gate

    def _backed_off(self, event: Event, config: EventInvokeConfig) -> Event:
        """The event once more, later: a second at first, then twice as long each time; but not after its end."""
        now = self._clock.time()
        wait = min(2.0 ** min(event.throttles, 10), LONGEST_BACKOFF_SECONDS)
        due = min(now + wait, max(now + 1, event.accepted + config.age + 0.001))
        return replace(event, due=due, throttles=event.throttles + 1)

    async def _give_up(
        self, event: Event, policy: Policy, condition: str, outcome: Outcome | None
    ) -> Event | None:
        await self._tell(event, policy, condition, outcome)
        return None

    async def _tell(self, event: Event, policy: Policy, condition: str, outcome: Outcome | None) -> None:
        """Send the record to the destination for this end, and a failed event to the dead-letter queue."""
        function, arn, config, _ = policy
        succeeded = condition == record.SUCCESS
        destination = config.on_success if succeeded else config.on_failure
        dead_letters = (function.extras.get("DeadLetterConfig") or {}).get("TargetArn")
        if self._destinations is None:
            return
        at = self._clock.now()
        if destination:
            body = encoded(record.invocation_record(event, arn, condition, outcome, at))
            await self._destinations.send(destination, Letter(function.arn, arn, body, at, succeeded))
        if dead_letters and not succeeded:
            attributes = record.dead_letter_attributes(event, condition, outcome)
            letter = Letter(function.arn, arn, event.payload, at, attributes=attributes)
            await self._destinations.send(dead_letters, letter)
