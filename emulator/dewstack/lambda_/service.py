"""Lambda as a whole: its API and its data plane, put together."""

import base64
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from dewstack.clock import Clock
from dewstack.config import Caller, Config
from dewstack.lambda_.asynchronous.destinations import Destinations
from dewstack.lambda_.asynchronous.model import Event
from dewstack.lambda_.asynchronous.operations import EventInvokeOperations, policy
from dewstack.lambda_.asynchronous.queue import EventQueue
from dewstack.lambda_.code import CodeStorage
from dewstack.lambda_.code_signing import CodeSigningOperations
from dewstack.lambda_.concurrency import ACCOUNT_CONCURRENCY, ConcurrencyOperations, reserved_in
from dewstack.lambda_.errors import InvalidParameterValueException
from dewstack.lambda_.functions import FunctionStore, Reference
from dewstack.lambda_.invoker import Invoker
from dewstack.lambda_.layers import LayerOperations, Layers
from dewstack.lambda_.management import ManagementOperations
from dewstack.lambda_.model import LATEST, Function, LogStream
from dewstack.lambda_.operations import FunctionOperations
from dewstack.lambda_.packages import Packages
from dewstack.lambda_.permissions import permits
from dewstack.lambda_.qualifiers import QualifierOperations
from dewstack.lambda_.recursion import TERMINATE, is_loop, refusal
from dewstack.lambda_.requests import MAX_EVENT_BYTES, MAX_PAYLOAD_BYTES, client_context, event_payload
from dewstack.lambda_.streaming.operations import StreamingOperations
from dewstack.lambda_.tags import TagOperations
from dewstack.lambda_.urls.operations import FunctionUrlOperations, local_address
from dewstack.metrics import Metrics
from dewstack.store import Store
from dewstack.store.ledger import Ledger
from dewstack.wire import Call, Handler, operation, operations_of


class LambdaService:
    """The public face of Lambda. Make it on the loop; `operations` is its API, `invoke` its data plane."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        config: Config,
        open_stream: Callable[[Function, str], LogStream],
        *,
        metrics: Metrics | None = None,
        call: Call | None = None,
    ) -> None:
        self._scratch = None
        if config.state_dir is None:  # a package may still be unpacked into it when the emulator ends
            self._scratch = tempfile.TemporaryDirectory(prefix="dewstack-", ignore_cleanup_errors=True)
        directory = config.state_dir or Path(self._scratch.name if self._scratch else "")
        self.functions = FunctionStore(store)
        layers, code = Layers(store), CodeStorage(directory / "code")
        self.invoker = Invoker(
            config,
            directory / "runtime",
            self.functions.find,
            layers.of,
            code.current,
            open_stream,
            metrics or Metrics(clock),
        )
        for (account, region, name), settings in self.functions.settings.items():
            if settings.reserved_concurrency is not None:
                self.invoker.reserve(Reference(account, region, name).arn, settings.reserved_concurrency)
        self.packages = Packages(code, call, clock, lambda: self.invoker.launcher.endpoint_url)
        self.invoke = self.invoker.invoke
        self.stream = self.invoker.stream
        self.events = EventQueue(
            self.invoker,
            clock,
            Ledger(store, "lambda.events", Event, durable=config.state_dir is not None),
            Destinations(call) if call else None,
            partial(policy, self.functions),
        )
        self.send = self.events.accept
        self.concurrency = ConcurrencyOperations(self.functions, self.invoker, clock)
        self.urls = FunctionUrlOperations(self.functions, clock, local_address(config))
        self.tags = TagOperations(self.functions)
        code_signing = CodeSigningOperations(self.functions, clock)
        self.tags.owners["code-signing-config"] = code_signing.retag
        self.operations: dict[str, Handler] = operations_of(
            FunctionOperations(self.functions, layers, self.packages, self.invoker, clock),
            LayerOperations(layers, self.packages, clock),
            QualifierOperations(self.functions, self.invoker, self.concurrency.apply),
            self.concurrency,
            StreamingOperations(self.functions, self.invoker),
            ManagementOperations(self.functions),
            code_signing,
            self.tags,
            EventInvokeOperations(self.functions, self.events, clock),
            self.urls,
            self,
        )

    @operation("Invoke")
    async def invoke_operation(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Invoke in its three kinds: wait for the outcome, hand over an event, or only check."""
        named = reference = self.functions.reference(params, caller)
        if not reference.qualifier:
            reference = Reference(reference.account_id, reference.region, reference.name, LATEST)
        function = self.functions.get(reference)
        kind = params.get("InvocationType") or "RequestResponse"
        payload = event_payload(
            params.get("Payload"), MAX_EVENT_BYTES if kind == "Event" else MAX_PAYLOAD_BYTES
        )
        if kind == "DryRun":
            return {"StatusCode": 204}
        arn = named.arn
        context = client_context(params.get("ClientContext") or "")
        trace_id = self.invoker.trace_of(caller.access_key_id)
        if kind == "Event":
            request_id = await self.events.accept(arn, payload, client_context=context, trace_id=trace_id)
            return {"StatusCode": 202, "ResponseMetadata": {"RequestId": request_id}}
        tail = params.get("LogType") == "Tail"
        if trace_id and is_loop(trace_id, function.arn):
            self._refuse_loop(function, reference)
        outcome = await self.invoke(arn, payload, client_context=context, tail=tail, trace_id=trace_id)
        answer: dict[str, Any] = {
            "StatusCode": 200,
            "ExecutedVersion": outcome.executed_version,
            "Payload": outcome.payload,
        }
        if outcome.function_error:
            answer["FunctionError"] = outcome.function_error
        if tail:
            answer["LogResult"] = base64.b64encode(outcome.log_tail.encode()).decode()
        return answer

    def _refuse_loop(self, function: Function, reference: Reference) -> None:
        """Raise RecursiveInvocationException, unless the function may be invoked by itself without end."""
        if self.functions.get_settings(reference).recursive_loop == TERMINATE:
            self.invoker.dropped(function)
            raise refusal()

    def permits(self, arn: str, principal: str, source_arn: str) -> bool:
        """Whether the resource policy of the function `arn` lets a service invoke it on behalf of `source_arn`.
        A function that isn't there has no policy. Reads the store: call it in a thread."""
        try:
            reference = self.functions.reference({"FunctionName": arn}, Caller())
        except InvalidParameterValueException:
            return False
        statements = self.functions.get_settings(reference).statements
        return permits(statements, arn, principal, source_arn, reference.account_id)

    @operation("GetAccountSettings")
    def get_account_settings(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The account's limits and usage."""
        versions = self.functions.versions.scan(caller.account_id, caller.region)
        reserved = reserved_in(self.functions, caller)
        return {
            "AccountLimit": {
                "TotalCodeSize": 80_530_636_800,
                "CodeSizeUnzipped": 262_144_000,
                "CodeSizeZipped": 52_428_800,
                "ConcurrentExecutions": ACCOUNT_CONCURRENCY,
                "UnreservedConcurrentExecutions": ACCOUNT_CONCURRENCY - reserved,
            },
            "AccountUsage": {
                "TotalCodeSize": sum(each.code.size for each in versions),
                "FunctionCount": sum(each.version == LATEST for each in versions),
            },
        }

    async def resume(self) -> None:
        """Go on where the last emulator ended: with events that wait, and environments that are provisioned."""
        self.events.resume()
        await self.concurrency.resume()

    def keep_spares(self) -> None:
        """From now on have processes ready for functions that are about to start: for the runtimes there are."""
        self.invoker.spares.open(function.runtime for function in self.functions.versions.scan())

    def close(self) -> None:
        """End all environments and waiting events; forget unpacked code that is not to be kept."""
        self.events.close()
        self.invoker.close()
        if self._scratch is not None:
            self._scratch.cleanup()
