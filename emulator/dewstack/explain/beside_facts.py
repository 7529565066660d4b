"""What the control plane says of a route of a WebSocket API, and of a function URL."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from dewstack.apigateway.function_urls import payload
from dewstack.apigateway.http_api.exchange import Exchange as HttpExchange
from dewstack.apigateway.http_api.iam_authorizer import facts_of
from dewstack.apigateway.responses import Dates
from dewstack.apigateway.v2.throttling import bucket_for
from dewstack.apigateway.websocket_api.connections import Connection, new_id
from dewstack.apigateway.websocket_api.exchange import Exchange, StageFacts
from dewstack.arn import Arn
from dewstack.clock import Clock
from dewstack.explain import example
from dewstack.explain.http_facts import Described
from dewstack.explain.model import Access, Call, Facts
from dewstack.ids import uuid4

MESSAGE = '{"action":"%s","data":"hello"}'
LIFECYCLE = {"$connect": "CONNECT", "$disconnect": "DISCONNECT"}
URL_SECONDS = 900
"""How long a function URL waits: as long as a function may run."""


def websocket_facts(described: Described, address: str) -> Facts:
    """The facts of a route of a WebSocket API whose clients connect to `address`."""
    api, stage, route, integration = described.api, described.stage, described.route, described.integration
    host = f"{api.api_id}.execute-api.{api.region}.amazonaws.com"
    bucket = bucket_for(stage, route.route_key)
    return Facts(
        address=address,
        aws_address=f"wss://{host}/{stage.stage_name}",
        access=described.access() if route.route_key == "$connect" else _once(described),
        cors=None,
        payload="1.0",
        event=_message(described, host),
        integration=integration.integration_type if integration else "none",
        timeout_ms=integration.timeout_in_millis if integration else 29_000,
        rate=bucket.rate if bucket else None,
        burst=bucket.burst if bucket else None,
        access_log=stage.access_log_settings.destination_arn if stage.access_log_settings else None,
    )


def _once(described: Described) -> Access:
    return Access("none", "whoever is connected: a WebSocket API asks at $connect, and not again")


def _message(described: Described, host: str) -> Any:
    """An example event: of the handshake, of a message, or of the end."""
    api, stage, key = described.api, described.stage, described.route.route_key
    arn = str(Arn("execute-api", api.region, api.account_id, f"{api.api_id}/{stage.stage_name}"))
    facts = StageFacts(api.api_id, stage.stage_name, arn, host, stage.stage_variables)
    caller = {"sourceIp": example.SOURCE_IP, "userAgent": example.USER_AGENT}
    connection = Connection(new_id(), api.key, stage.stage_name, time.time(), caller, host)
    kind, dates = LIFECYCLE.get(key, "MESSAGE"), Dates(Clock())
    if kind == "CONNECT":
        request = example.example_request("GET", f"/{stage.stage_name}", host, None)
        made = Exchange(facts, connection, dates, kind, request=request)
    elif kind == "DISCONNECT":
        more: Mapping[str, Any] = {"disconnectStatusCode": 1000, "disconnectReason": ""}
        made = Exchange(facts, connection, dates, kind, more=more)
    else:
        body = MESSAGE % ("anything" if key == "$default" else key)
        made = Exchange(facts, connection, dates, kind, body=body, more={"messageId": new_id()})
        made.route_key = key
    return msgspec.json.decode(made.event())


def url_facts(call: Call, function: str, address: str) -> Facts:
    """The facts of a function's URL. Raises LookupError when it has none."""
    configs = call("lambda", "ListFunctionUrlConfigs", {"FunctionName": function})["FunctionUrlConfigs"]
    if not configs:
        raise LookupError(function)
    config = configs[0]
    host = urlsplit(address).hostname or ""
    url_id, signed = host.partition(".")[0], config["AuthType"] == "AWS_IAM"
    request = example.example_request(
        "GET", "/anything", host, example.AUTHORIZATION["iam"] if signed else None
    )
    dates = Dates(Clock())
    now = dates.tick()
    exchange = HttpExchange(request, request.raw_path, uuid4(), now, dates.request_time)
    caller = facts_of(example.CALLER) if signed else None
    access = (
        Access("iam", "whoever signs with AWS credentials that may lambda:InvokeFunctionUrl")
        if signed
        else Access("none", "anybody: its AuthType is NONE")
    )
    return Facts(
        address=address,
        aws_address=f"https://{host.replace('.localhost', '.on.aws')}",
        access=access,
        cors=config.get("Cors"),
        payload="2.0",
        event=msgspec.json.decode(payload.event(exchange, url_id, host, caller)),
        integration=str(config.get("InvokeMode", "BUFFERED")),
        timeout_ms=URL_SECONDS * 1000,
    )
