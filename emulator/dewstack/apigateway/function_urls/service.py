"""The path of a request through a function URL: preflight, authorize, invoke, and answer what the function means."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from dewstack.access import Authorize, Refusal
from dewstack.apigateway.function_urls import payload
from dewstack.apigateway.function_urls.cors import UrlCors
from dewstack.apigateway.function_urls.model import Found, Url
from dewstack.apigateway.function_urls.refusals import Denied, bad_gateway, denied, error_response
from dewstack.apigateway.http_api.exchange import Exchange
from dewstack.apigateway.http_api.iam_authorizer import facts_of
from dewstack.apigateway.http_api.responses import GatewayResponse
from dewstack.apigateway.reading import host_name
from dewstack.apigateway.responses import Dates, frame, header_value
from dewstack.apigateway.streaming import DELIMITER, PRELUDE_TYPE, NoResponse, first_chunk, with_prelude
from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.errors import AwsError
from dewstack.http import Request, Response
from dewstack.ids import uuid4
from dewstack.metrics import COUNT, MILLISECONDS, Columns, Fact, Meter, Metrics, Summary
from dewstack.wire import Invoke, InvokeStreaming, StreamedResult

if TYPE_CHECKING:
    from dewstack.policies import Statement

log = logging.getLogger(__name__)

REQUEST_LIMIT = 6_291_456
RESPONSE_LIMIT = 6_291_556
"""Bytes of a buffered response; a streamed one is bounded by Lambda."""
OCTETS = (b"Content-Type", b"application/octet-stream")


class ServedUrl:
    """A function URL, ready to serve."""

    def __init__(
        self,
        found: Found,
        invoke: Invoke,
        stream: InvokeStreaming,
        authorize: Authorize | None,
        meter: Meter,
    ) -> None:
        self.meter = meter
        self._found = found
        self._url = url = found.url
        self._invoke = invoke
        self._stream = stream
        self._authorize = authorize
        self._cors = UrlCors(url.arn, url.cors) if url.cors else None
        self._domain = f"{url.url_id}.lambda-url.{url.region}.localhost"
        self._streams = url.invoke_mode == "RESPONSE_STREAM"
        self._statements: list[Statement] = []
        if url.auth_type == "AWS_IAM" and found.statements:
            from dewstack.policies import read

            self._statements = list(read({"Version": "2012-10-17", "Statement": list(found.statements)}))

    async def respond(
        self, request: Request, signed: Request, request_id: str, now: float, request_time: str
    ) -> Response:
        """The response, without what all responses have. `signed` is the request as its client has sent it."""
        origin = request.header("origin")
        cors = self._cors if origin else None
        if (
            cors
            and origin
            and request.method == "OPTIONS"
            and request.header("access-control-request-method")
        ):
            return cors.preflight(origin)
        try:
            caller = await self._caller(signed)
            response = await self._answer(request, caller, request_id, now, request_time)
        except Denied as denial:
            response = denial.response
        except GatewayResponse as refusal:
            # What an HTTP API answers with a status of its own is 502 here where the function is to blame.
            response = refusal.response() if refusal.refusal.status < 500 else bad_gateway()
        except AwsError as error:
            response = self._refused_by_lambda(error)
        if cors and origin:
            cors.add(response, origin)
        return response

    async def _caller(self, request: Request) -> dict[str, Any] | None:
        """Who signed the request, as the event tells it; None where nobody has to. Raises Denied."""
        if self._url.auth_type != "AWS_IAM":
            if not self._found.public:
                raise Denied(denied("Forbidden"))
            return None
        if self._authorize is None:
            raise Denied(denied("Forbidden"))
        caller = await self._authorize(
            request,
            "lambda:InvokeFunctionUrl",
            self._url.arn,
            resource_policy=self._statements,
            keys={"lambda:functionurlauthtype": "AWS_IAM"},
        )
        if isinstance(caller, Refusal):
            if caller.code in ("AccessDeniedException", "MissingAuthenticationTokenException"):
                raise Denied(denied("Forbidden"))
            raise Denied(error_response(403, caller.code, caller.message))
        return facts_of(caller)

    async def _answer(
        self,
        request: Request,
        caller: Mapping[str, Any] | None,
        request_id: str,
        now: float,
        request_time: str,
    ) -> Response:
        if len(request.body) > REQUEST_LIMIT:
            message = (
                f"Request must be smaller than {REQUEST_LIMIT} bytes for the InvokeFunctionUrl operation"
            )
            return error_response(413, "RequestEntityTooLargeException", message)
        exchange = Exchange(request, request.raw_path, request_id, now, request_time)
        named = host_name(exchange.headers.get("host", ""))
        domain = named if named.startswith(f"{self._url.url_id}.") else self._domain
        event = payload.event(exchange, self._url.url_id, domain, caller)
        if self._streams:
            return await self._streamed(self._stream(self._url.arn, event))
        result = await self._invoke(self._url.arn, event)
        if result.function_error:
            return bad_gateway()
        if DELIMITER in result.payload:
            log.warning("%s streams; so that its URL does, set InvokeMode RESPONSE_STREAM", self._url.arn)
        try:
            return payload.response(result.payload)
        except GatewayResponse as refused:
            log.warning("%s answered what is no response: %s", self._url.arn, refused.why)
            raise

    async def _streamed(self, result: StreamedResult) -> Response:
        """What a function streams, or what one that doesn't stream returns: as it is, whatever it looks like."""
        await result.began()
        try:
            if result.content_type == PRELUDE_TYPE:
                prelude, body = await with_prelude(result)
                response = payload.head(prelude, OCTETS)
            else:
                body = await first_chunk(result)
                response = Response(200, b"", [(b"Content-Type", header_value(result.content_type))])
        except NoResponse:
            result.abandon()
            return bad_gateway()
        except BaseException:
            result.abandon()
            raise
        response.stream = body
        return response

    def _refused_by_lambda(self, error: AwsError) -> Response:
        if error.status == 429:
            return error_response(429, error.code, error.message)
        log.warning("%s could not be invoked: %s %s", self._url.arn, error.code, error.message)
        return bad_gateway()


class FunctionUrls:
    """All function URLs. `find` gives one by its id, and is called in a thread; `edition` changes whenever what it
    gives may have changed."""

    def __init__(
        self,
        clock: Clock,
        find: Callable[[str], Found | None],
        edition: Callable[[], object],
        invoke: Invoke,
        stream: InvokeStreaming,
        authorize: Authorize | None = None,
        *,
        metrics: Metrics | None = None,
    ) -> None:
        self._metrics = metrics or Metrics(clock)
        self._dates = Dates(clock)
        self._find = find
        self._edition_now = edition
        self._edition = object()
        self._invoke = invoke
        self._stream = stream
        self._authorize = authorize
        self._served: dict[str, ServedUrl] = {}

    async def execute(self, url_id: str, request: Request, base: str = "") -> Response:
        """The response to a request at a URL, whose own paths begin after `base`. Never raises."""
        now = self._dates.tick()
        http_date, request_time = self._dates.http_date, self._dates.request_time
        request_id, began, served = uuid4(), time.monotonic(), None
        try:
            served = await self._get(url_id)
            if served is None:
                response = denied(None)
            else:
                asked = replace(request, raw_path=request.raw_path[len(base) :] or "/") if base else request
                response = await served.respond(asked, request, request_id, now, request_time)
        except Exception:
            log.exception("%s %s failed at the function URL %s", request.method, request.raw_path, url_id)
            response = bad_gateway()
        response = frame(response, request, http_date)
        response.headers.append((b"x-amzn-RequestId", request_id.encode()))
        if served is not None:
            served.meter.note(response.status, (time.monotonic() - began) * 1000)
        return response

    async def _get(self, url_id: str) -> ServedUrl | None:
        edition = self._edition_now()
        if edition is not self._edition:
            self._served.clear()
            self._edition = edition
        served = self._served.get(url_id)
        if served is None:
            found = await asyncio.to_thread(self._find, url_id)
            if found is None:
                return None
            if found.public and not found.invocable and found.url.auth_type == "NONE":
                log.warning(
                    "%s: AWS asks for a second statement of URLs made since October 2025: lambda:InvokeFunction with"
                    " InvokedViaFunctionUrl; there, this one is Forbidden without it",
                    found.url.arn,
                )
            served = ServedUrl(
                found, self._invoke, self._stream, self._authorize, meter(self._metrics, found.url)
            )
            if edition is self._edition:
                self._served[url_id] = served
        return served


def meter(metrics: Metrics, url: Url) -> Meter:
    """Where it is noted what a URL answers."""
    resource = f"{url.name}:{url.qualifier}" if url.qualifier else url.name
    return metrics.function(Caller(url.account_id, url.region), url.name, resource, facts)


def facts(columns: Columns) -> Iterator[Fact]:
    """Of (moment, status, milliseconds until the response begins)."""
    _, statuses, latencies = columns
    yield "UrlRequestCount", Summary.of([1.0] * len(statuses)), COUNT
    yield "Url4xxCount", Summary.of([float(400 <= status < 500) for status in statuses]), COUNT
    yield "Url5xxCount", Summary.of([float(status >= 500) for status in statuses]), COUNT
    yield "UrlRequestLatency", Summary.of(latencies), MILLISECONDS
