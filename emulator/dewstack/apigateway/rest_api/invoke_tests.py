"""TestInvokeMethod and TestInvokeAuthorizer: a method or an authorizer as it is now, deployed or not, and a log of it.

A method is tried without its authorizer, its API key and its throttle, as on AWS. The log has AWS's lines.
"""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from dewstack.apigateway.errors import NotFoundException
from dewstack.apigateway.rest_api.methods import NO_METHOD
from dewstack.apigateway.rest_api.model import Snapshot, Stage
from dewstack.apigateway.rest_api.resources import RestApis
from dewstack.apigateway.rest_api.shapes import required
from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.wire import operation

if TYPE_CHECKING:
    from dewstack.apigateway.rest_api.compiler import RestCompiler
    from dewstack.apigateway.rest_api.model import RestApi

METHOD_STAGE = "test-invoke-stage"
AUTHORIZER_STAGE = "ESTestInvoke-stage"


class InvokeTests:
    """TestInvokeMethod, TestInvokeAuthorizer. `compiler` gives the compiler of APIs, once it is needed."""

    def __init__(self, apis: RestApis, clock: Clock, compiler: Callable[[], object]) -> None:
        self._apis = apis
        self._clock = clock
        self._compiler = compiler

    def _read(self, caller: Caller, params: dict[str, Any], stage: str) -> "tuple[RestApi, Snapshot, Stage]":
        """The API as it is now, at a stage of that name. Raises NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            now = self._clock.time()
            variables = params.get("stageVariables") or {}
            return api, self._apis.snapshot(api), Stage(stage, "", now, now, variables=variables)

    @operation("TestInvokeMethod")
    async def test_invoke_method(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """What the method answers, and how. Raises NotFoundException."""
        from dewstack.apigateway.rest_api.trial import Trial

        api, snapshot, stage = await asyncio.to_thread(self._read, caller, params, METHOD_STAGE)
        resource = next((one for one in snapshot.resources if one.id == required(params, "resourceId")), None)
        if resource is None:
            raise NotFoundException("Invalid Resource identifier specified")
        verb = required(params, "httpMethod")
        method = resource.resource_methods.get(verb) or resource.resource_methods.get("ANY")
        if method is None:
            raise NotFoundException(NO_METHOD)
        compiler = cast("RestCompiler", self._compiler())
        trial = Trial(compiler, api, stage, snapshot, params)
        started = time.monotonic()
        response = await trial.method(resource, method, "GET" if verb == "ANY" else verb)
        latency = int((time.monotonic() - started) * 1000)
        headers: dict[str, list[str]] = {}
        for name, value in response.headers:
            headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
        return {
            "status": response.status,
            "body": response.body.decode("utf-8", "replace"),
            "headers": {name: values[-1] for name, values in headers.items()},
            "multiValueHeaders": headers,
            "log": trial.log.text(),
            "latency": latency,
        }

    @operation("TestInvokeAuthorizer")
    async def test_invoke_authorizer(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """What the authorizer says of a request. Raises NotFoundException."""
        from dewstack.apigateway.rest_api.trial import Trial

        api, snapshot, stage = await asyncio.to_thread(self._read, caller, params, AUTHORIZER_STAGE)
        named = required(params, "authorizerId")
        authorizer = next((one for one in snapshot.authorizers if one.id == named), None)
        if authorizer is None:
            raise NotFoundException("Invalid Authorizer identifier specified")
        compiler = cast("RestCompiler", self._compiler())
        trial = Trial(compiler, api, stage, snapshot, params)
        started = time.monotonic()
        verdict = await trial.authorizer(authorizer)
        latency = int((time.monotonic() - started) * 1000)
        return verdict | {"log": trial.log.text(), "latency": latency}
