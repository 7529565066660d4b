"""Identity sources: where in a request an authorizer finds who is calling."""

import re
from collections.abc import Callable, Mapping

from dewstack.apigateway.http_api.exchange import Exchange
from dewstack.apigateway.http_api.payload import Constants
from dewstack.apigateway.reading import query_pairs

FROM_REQUEST = re.compile(r"\$request\.(header|querystring)\.([^\s.]+)")
FROM_ELSEWHERE = re.compile(r"\$(context|stageVariables)\.([\w.]+)")

CONTEXT: Mapping[str, Callable[[Exchange, Constants], str]] = {
    "accountId": lambda exchange, constants: constants.account_id,
    "apiId": lambda exchange, constants: constants.api_id,
    "domainName": lambda exchange, constants: exchange.domain_name,
    "domainPrefix": lambda exchange, constants: exchange.domain_prefix,
    "httpMethod": lambda exchange, constants: exchange.request.method,
    "identity.sourceIp": lambda exchange, constants: exchange.request.source_ip,
    "identity.userAgent": lambda exchange, constants: exchange.headers.get("user-agent", ""),
    "path": lambda exchange, constants: exchange.path,
    "protocol": lambda exchange, constants: exchange.request.protocol,
    "routeKey": lambda exchange, constants: constants.route_key,
    "stage": lambda exchange, constants: constants.stage,
}


def in_request(source: str) -> bool:
    """Whether `source` is a header or a query parameter: all that a JWT authorizer may look at."""
    return FROM_REQUEST.fullmatch(source) is not None


def anywhere(source: str) -> bool:
    """Whether `source` is one that a Lambda authorizer may look at."""
    match = FROM_ELSEWHERE.fullmatch(source)
    return in_request(source) or bool(match and (match[1] == "stageVariables" or match[2] in CONTEXT))


class IdentitySource:
    """One identity source, such as `$request.header.Authorization`. Raises ValueError for what isn't one."""

    def __init__(self, source: str) -> None:
        match = FROM_REQUEST.fullmatch(source) or FROM_ELSEWHERE.fullmatch(source)
        if match is None:
            raise ValueError(f"not an identity source: {source}")
        self._find = {
            "header": self._header,
            "querystring": self._query,
            "context": self._context,
            "stageVariables": self._stage_variable,
        }[match[1]]
        self._name = match[2].lower() if match[1] == "header" else match[2]

    def of(self, exchange: Exchange, constants: Constants) -> str | None:
        """What the request has there, or None."""
        return self._find(exchange, constants)

    def _header(self, exchange: Exchange, constants: Constants) -> str | None:
        return exchange.headers.get(self._name)

    def _query(self, exchange: Exchange, constants: Constants) -> str | None:
        return next((value for name, value in query_pairs(exchange.query) if name == self._name), None)

    def _context(self, exchange: Exchange, constants: Constants) -> str | None:
        found = CONTEXT.get(self._name)
        return found(exchange, constants) if found else None

    def _stage_variable(self, exchange: Exchange, constants: Constants) -> str | None:
        return (constants.stage_variables or {}).get(self._name)
