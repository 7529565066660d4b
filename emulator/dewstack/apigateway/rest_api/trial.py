"""One request that nobody sent, on its way through a method or an authorizer as they are now."""

import copy
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from dewstack.apigateway.authorizer_function import AuthorizerFunction, BrokenAuthorizer, Unauthorized
from dewstack.apigateway.rest_api.authorizers import CognitoAuthorizer, Misconfigured
from dewstack.apigateway.rest_api.endpoint import MethodPoint, StagePoint
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.execution_log import ExecutionLog
from dewstack.apigateway.rest_api.gateway_responses import GatewayResponses
from dewstack.apigateway.rest_api.lambda_authorizer import TIMEOUT, TYPES
from dewstack.apigateway.rest_api.model import Authorizer, Method, Resource, RestApi, Snapshot, Stage
from dewstack.apigateway.rest_api.refusals import Refused
from dewstack.apigateway.rest_api.validators import checks_of
from dewstack.apigateway.routes import Router
from dewstack.http import Headers, Request, Response
from dewstack.ids import extended_request_id, uuid4
from dewstack.wire import InvokeResult

if TYPE_CHECKING:
    from dewstack.apigateway.rest_api.compiler import RestCompiler

SOURCE_IP = "test-invoke-source-ip"
HOST = "testPrefix.testDomainName"


class Trial:
    """A request made of TestInvokeMethod's or TestInvokeAuthorizer's `params`."""

    def __init__(
        self,
        compiler: "RestCompiler",
        api: RestApi,
        stage: Stage,
        snapshot: Snapshot,
        params: dict[str, Any],
    ) -> None:
        self._compiler = copy.copy(compiler)
        self._api = api
        self._stage = stage
        self._snapshot = snapshot
        self._params = params
        self._ids = uuid4(), extended_request_id()
        compiler.dates.tick()
        self._request_time = compiler.dates.request_time
        self.log = ExecutionLog(self._ids[0], compiler.clock)
        self._invoke, self._forward = compiler.invoke, compiler.forward
        self._compiler.invoke = self._invoked
        if self._forward is not None:
            self._compiler.forward = self._forwarded

    async def _invoked(self, function: str, event: bytes) -> InvokeResult:
        uri = f"lambda:path/2015-03-31/functions/{function}/invocations"
        self.log.sent(uri, {}, event)
        with self.log.timed() as timed:
            result = await self._invoke(function, event)
        self.log.received(200, timed.milliseconds, {}, result.payload)
        return result

    async def _forwarded(self, request: Request) -> Response:
        assert self._forward is not None
        host, query = request.header("host"), f"?{request.query}" if request.query else ""
        sent = {
            name.decode(): value.decode("utf-8", "replace")
            for name, value in request.headers
            if name.lower() != b"authorization"
        }
        self.log.sent(f"https://{host}{request.raw_path}{query}", sent, request.body)
        with self.log.timed() as timed:
            response = await self._forward(request)
        got = {name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
        self.log.received(response.status, timed.milliseconds, got, response.body)
        return response

    def _exchange(self, verb: str, path: str) -> Exchange:
        raw_path, _, query = path.partition("?")
        lines: dict[str, list[str]] = {
            name: [str(value)] for name, value in (self._params.get("headers") or {}).items()
        }
        lines |= {
            name: list(values) for name, values in (self._params.get("multiValueHeaders") or {}).items()
        }
        headers: Headers = [
            (name.encode("latin-1", "replace"), str(value).encode())
            for name, values in lines.items()
            for value in values
        ]
        if "host" not in {name.lower() for name in lines}:
            headers.append((b"Host", HOST.encode()))
        raw_path = quote(raw_path, safe="/%:@!$&'()*+,;=~-._")
        body = str(self._params.get("body") or "").encode()
        request = Request(verb, raw_path or "/", query, headers, body, SOURCE_IP)
        point = StagePoint.of(self._api, self._stage)
        now = self._compiler.clock.time()
        return Exchange(request, point, raw_path or "/", self._ids, now, self._request_time)

    async def method(self, resource: Resource, method: Method, verb: str) -> Response:
        """What the method answers."""
        path = self._params.get("pathWithQueryString") or resource.path
        exchange = self._exchange(verb, path)
        exchange.method = MethodPoint(resource.id, resource.path)
        routes = [(f"ANY {resource.path}", resource)]
        _, exchange.parameters = Router(routes, decode=str).match(verb, exchange.path)
        self.log.asked(exchange)
        try:
            response = await self._answer(resource, method, exchange)
        except Refused as refused:
            self.log.refused(refused.refusal, refused.why)
            response = GatewayResponses(self._snapshot.gateway_responses).response(refused.refusal, exchange)
        if exchange.function_reached:
            response.headers.append((b"X-Amzn-Trace-Id", exchange.trace_id.encode()))
        self.log.answered(response)
        return response

    async def _answer(self, resource: Resource, method: Method, exchange: Exchange) -> Response:
        """Raises Refused."""
        validators = {one.id: one for one in self._snapshot.request_validators}
        validator = validators.get(method.request_validator_id or "")
        for check in checks_of(method, validator, self._snapshot.models) if validator else ():
            await check.check(exchange)
        alone = Resource(resource.id, resource.path, resource_methods={method.http_method: _open(method)})
        snapshot = msgspec.structs.replace(self._snapshot, resources=[alone])
        compiled = self._compiler.methods(self._api, self._stage, snapshot)
        response = await compiled[f"{method.http_method} {resource.path}"].integration.respond(exchange)
        if response.stream is not None:
            response.body += b"".join([chunk async for chunk in response.stream])
            await response.stream.aclose()
        return response

    async def authorizer(self, authorizer: Authorizer) -> dict[str, Any]:
        """TestInvokeAuthorizer's answer, without the log."""
        exchange = self._exchange("GET", self._params.get("pathWithQueryString") or "/")
        self.log.asked(exchange)
        try:
            if authorizer.type == "COGNITO_USER_POOLS":
                return await self._claims(authorizer, exchange)
            return await self._policy(authorizer, exchange)
        except Refused as refused:
            self.log.refused(refused.refusal)
            return {"clientStatus": refused.refusal.status}
        except (Misconfigured, BrokenAuthorizer) as error:
            self.log.say(f"Execution failed due to configuration error: {error}")
            return {"clientStatus": 500}

    async def _claims(self, authorizer: Authorizer, exchange: Exchange) -> dict[str, Any]:
        compiler = self._compiler
        pools = CognitoAuthorizer(authorizer, (), compiler.key_sets, compiler.clock, compiler.issuer)
        await pools.check(exchange)
        return {"clientStatus": 0, "claims": dict((exchange.authorizer or {}).get("claims", {}))}

    async def _policy(self, authorizer: Authorizer, exchange: Exchange) -> dict[str, Any]:
        event = TYPES[authorizer.type](authorizer)
        identity = event.identity(exchange)
        if identity is None:
            self.log.say("Execution failed due to an unauthorized request: an identity source is missing")
            return {"clientStatus": 401}
        function = AuthorizerFunction(
            self._invoked, authorizer.authorizer_uri, exchange.stage.variables, TIMEOUT
        )
        method_arn = f"{exchange.stage.arn}/GET/{exchange.path.strip('/')}"
        try:
            output = await function.ask(event.event(exchange, identity, method_arn))
        except Unauthorized:
            return {"clientStatus": 401}
        context = {
            name: [str(value)] for name, value in (output.get("context") or {}).items() if value is not None
        }
        document = output.get("policyDocument")
        if not isinstance(output.get("principalId"), str) or not isinstance(document, dict):
            raise BrokenAuthorizer("its answer has no principalId or no policyDocument")
        return {
            "clientStatus": 0,
            "principalId": output["principalId"],
            "policy": msgspec.json.encode(document).decode(),
            "authorization": context,
        }


def _open(method: Method) -> Method:
    """The method without what is not tried."""
    return msgspec.structs.replace(
        method, authorization_type="NONE", api_key_required=False, request_validator_id=None
    )
