"""Parameter mappings of HTTP APIs: how a request and a response are changed on their way to an integration and back.

`{"overwrite:header.x": "$request.querystring.x", "remove:querystring.debug": ""}` for requests; by status code, with
`overwrite:statuscode` too, for responses. Everything is read once, when the API is compiled.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from dewstack.apigateway import json_path
from dewstack.apigateway.http_api.exchange import Exchange
from dewstack.apigateway.http_api.payload import Constants, Identity
from dewstack.apigateway.responses import canonical, header_value
from dewstack.http import Headers, Response

if TYPE_CHECKING:
    from dewstack.apigateway.http_api.execute import Integration

REQUEST_KEY = re.compile(r"(overwrite|append|remove):(header|querystring)\.(.+)|overwrite:path")
RESPONSE_KEY = re.compile(r"(overwrite|append|remove):header\.(.+)|overwrite:statuscode")
NAMES = r"(?:request|response|context|stageVariables)"
VARIABLE = re.compile(rf"\$\{{({NAMES}[^}}]*)\}}|\$({NAMES}[\w.\[\]*'\"-]*)")
RESTRICTED = re.compile(
    r"access-control-.*|apigw-.*|authorization|connection|content-encoding|content-length|content-location|forwarded|"
    r"keep-alive|origin|proxy-authenticate|proxy-authorization|te|trailers?|transfer-encoding|upgrade|x-amz-.*|"
    r"x-amzn-.*|x-apigateway-.*|x-forwarded-for|x-forwarded-host|x-forwarded-proto|via",
    re.IGNORECASE,
)
"""Headers that no mapping may touch."""


class Facts(Struct):
    """What expressions speak of."""

    exchange: Exchange
    constants: Constants
    parameters: Mapping[str, str]
    identity: Identity | None
    response: Response | None = None


Value = Callable[[Facts], str]


class BadMapping(ValueError):
    """A mapping that AWS refuses; the message says why."""


def check(request: Mapping[str, str] | None, by_status: Mapping[str, Mapping[str, str]] | None) -> None:
    """Read mappings for their mistakes. Raises BadMapping."""
    for key, text in (request or {}).items():
        found = REQUEST_KEY.fullmatch(key)
        _check_key(key, found, found[3] if found and found[2] == "header" else None)
        value(text)
    for status, mapped in (by_status or {}).items():
        if not re.fullmatch(r"[2-5]\d\d", status):
            raise BadMapping(f"Invalid status code {status}: it is between 200 and 599")
        for key, text in mapped.items():
            found = RESPONSE_KEY.fullmatch(key)
            _check_key(key, found, found[2] if found else None)
            value(text)


def _check_key(key: str, found: "re.Match[str] | None", header: str | None) -> None:
    if found is None:
        raise BadMapping(f"{key} is no place that can be mapped")
    if header and RESTRICTED.fullmatch(header):
        raise BadMapping(f"Operations on header {header} are restricted")


class Mapped:
    """An integration, with what is changed before it and after it."""

    def __init__(
        self,
        integration: "Integration",
        constants: Constants,
        request: Mapping[str, str] | None,
        by_status: Mapping[str, Mapping[str, str]] | None,
    ) -> None:
        self._integration = integration
        self._constants = constants
        self._request = [(key, value(text)) for key, text in (request or {}).items()]
        self._by_status = {
            int(status): [(key, value(text)) for key, text in mapped.items()]
            for status, mapped in (by_status or {}).items()
        }

    async def respond(
        self, exchange: Exchange, parameters: Mapping[str, str] | None, identity: Identity | None
    ) -> Response:
        """The integration's answer to the changed request, changed."""
        facts = Facts(exchange, self._constants, parameters or {}, identity)
        sent = _changed_request(facts, self._request) if self._request else exchange
        response = await self._integration.respond(sent, parameters, identity)
        exchange.integration_ms = sent.integration_ms
        changes = self._by_status.get(response.status)
        if changes:
            facts.response = response
            _change_response(facts, response, changes)
        return response


def _changed_request(facts: Facts, changes: Sequence[tuple[str, Value]]) -> Exchange:
    """The exchange of the changed request; what no mapping names is as the client sent it."""
    exchange = facts.exchange
    headers, path = list(exchange.request.headers), ""
    query: list[tuple[str, str]] | None = None
    for key, made in changes:
        found = REQUEST_KEY.fullmatch(key)
        if found is None or found[2] is None:
            path = made(facts)
        elif found[2] == "header":
            headers = _change_headers(headers, found[1], found[3], made(facts))
        else:
            known = parse_qsl(exchange.query, keep_blank_values=True) if query is None else query
            query = _change_query(known, found[1], found[3], made(facts))
    request = replace(
        exchange.request,
        headers=headers,
        query=exchange.request.query if query is None else urlencode(query),
        raw_path=path if path.startswith("/") else exchange.request.raw_path,
    )
    changed = Exchange(
        request, exchange.route_path, exchange.request_id, exchange.time, exchange.request_time
    )
    changed.target_path = path if path.startswith("/") else ""
    return changed


def _change_headers(headers: Headers, verb: str, name: str, text: str) -> Headers:
    """The lines of a head, with those of one name changed."""
    raw = name.lower().encode()
    others = headers if verb == "append" else [line for line in headers if line[0].lower() != raw]
    return others if verb == "remove" else [*others, (name.encode(), header_value(text))]


def _change_query(query: list[tuple[str, str]], verb: str, name: str, text: str) -> list[tuple[str, str]]:
    others = query if verb == "append" else [pair for pair in query if pair[0] != name]
    return others if verb == "remove" else [*others, (name, text)]


def _change_response(facts: Facts, response: Response, changes: Sequence[tuple[str, Value]]) -> None:
    for key, made in changes:
        found = RESPONSE_KEY.fullmatch(key)
        if found is None or found[1] is None:
            status = made(facts)
            if re.fullmatch(r"[1-5]\d\d", status):
                response.status = int(status)
            continue
        name = canonical(found[2])
        if name is None:
            continue
        text = made(facts) if found[1] != "remove" else ""
        if found[1] != "append":
            response.headers[:] = [each for each in response.headers if each[0].lower() != name.lower()]
        if found[1] != "remove":
            response.headers.append((name, header_value(text)))


def value(text: str) -> Value:
    """The function that a mapping's right side means: variables are filled in, everything else stays as it is. Raises
    BadMapping."""
    parts: list[Value] = []
    position = 0
    for found in VARIABLE.finditer(text):
        if found.start() > position:
            parts.append(_literal(text[position : found.start()]))
        parts.append(_variable(found[1] or found[2]))
        position = found.end()
    if position < len(text):
        parts.append(_literal(text[position:]))
    if len(parts) == 1:
        return parts[0]
    return lambda facts: "".join(part(facts) for part in parts)


def _literal(text: str) -> Value:
    return lambda facts: text


def _variable(name: str) -> Value:
    place, _, rest = name.partition(".")
    kind, _, of = rest.partition(".")
    if place == "request":
        return _of_request(kind, of)
    if place == "response":
        return _of_response(kind, of)
    if place == "stageVariables":
        return lambda facts: (facts.constants.stage_variables or {}).get(rest, "")
    if rest not in CONTEXT and not rest.startswith("authorizer."):
        raise BadMapping(f"$context.{rest} is no variable that dewstack knows")
    return lambda facts: _context(facts, rest)


def _of_request(kind: str, name: str) -> Value:
    lowered = name.lower()
    values: dict[str, Value] = {
        "header": lambda facts: facts.exchange.headers.get(lowered, ""),
        "querystring": lambda facts: ",".join(
            text for key, text in parse_qsl(facts.exchange.query, keep_blank_values=True) if key == name
        ),
        "path": lambda facts: facts.parameters.get(name, "") if name else facts.exchange.path,
        "body": lambda facts: _in_body(facts.exchange.request.body, name),
    }
    return _one_of(values, kind)


def _of_response(kind: str, name: str) -> Value:
    lowered = name.lower().encode()
    values: dict[str, Value] = {
        "header": lambda facts: ",".join(
            text.decode("latin-1")
            for key, text in (facts.response.headers if facts.response else [])
            if key.lower() == lowered
        ),
        "body": lambda facts: _in_body(facts.response.body if facts.response else b"", name),
    }
    return _one_of(values, kind)


def _one_of(values: Mapping[str, Value], kind: str) -> Value:
    if kind not in values:
        raise BadMapping(f"{kind} is none of {', '.join(values)}")
    return values[kind]


def _in_body(body: bytes, path: str) -> str:
    if not path:
        return body.decode("utf-8", "replace")
    try:
        document = msgspec.json.decode(body)
        found = json_path.find(document, path if path.startswith("$") else f"$.{path}")
    except (msgspec.DecodeError, RecursionError, json_path.BadPath):
        return ""
    return _told(found)


def _told(found: Any) -> str:
    if found is None:
        return ""
    return found if isinstance(found, str) else msgspec.json.encode(found).decode()


def _context(facts: Facts, name: str) -> str:
    """A variable of `$context`: what access logs of HTTP APIs know under these names."""
    if name.startswith("authorizer."):
        return _of_authorizer(facts.identity, name.removeprefix("authorizer."))
    return CONTEXT[name](facts)


CONTEXT: Mapping[str, Value] = {
    "accountId": lambda facts: facts.constants.account_id,
    "apiId": lambda facts: facts.constants.api_id,
    "stage": lambda facts: facts.constants.stage,
    "routeKey": lambda facts: facts.constants.route_key,
    "requestId": lambda facts: facts.exchange.request_id,
    "requestTime": lambda facts: facts.exchange.request_time,
    "requestTimeEpoch": lambda facts: str(int(facts.exchange.time)),
    "domainName": lambda facts: facts.exchange.domain_name,
    "domainPrefix": lambda facts: facts.exchange.domain_prefix,
    "httpMethod": lambda facts: facts.exchange.request.method,
    "path": lambda facts: facts.exchange.path,
    "protocol": lambda facts: facts.exchange.request.protocol,
    "identity.sourceIp": lambda facts: facts.exchange.request.source_ip,
    "identity.userAgent": lambda facts: facts.exchange.headers.get("user-agent", ""),
}


def _of_authorizer(identity: Identity | None, name: str) -> str:
    facts: Any = identity.facts if identity else None
    if name.startswith("claims."):
        facts, name = (facts or {}).get("claims"), name.removeprefix("claims.")
    return _told((facts or {}).get(name)) if isinstance(facts, Mapping) else ""
