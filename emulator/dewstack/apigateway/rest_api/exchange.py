"""One request on its way through a REST API: read once, so that each later step only picks.

What the steps find out (method, path parameters, caller) stays with it, because mapping templates and gateway
responses may speak of all of it.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from dewstack.apigateway.reading import HEADER_LINES, host_name, printable, query_values, trace_id
from dewstack.apigateway.rest_api.endpoint import MethodPoint, StagePoint
from dewstack.http import Request, Response
from dewstack.metrics import Meter

BODY_LIMIT = 10 * 1024 * 1024
HEADER_LIMIT = 10_240
"""Bytes of all header values together."""

DROPPED = frozenset(
    {
        "connection",
        "content-length",
        "content-md5",
        "expect",
        "keep-alive",
        "max-forwards",
        "proxy-authenticate",
        "proxy-connection",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "www-authenticate",
    }
)
"""What a client sends and no integration ever sees, recorded on AWS."""
NO_IDENTITY: Mapping[str, str | None] = dict.fromkeys(
    (
        "accessKey",
        "accountId",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
        "cognitoIdentityPoolId",
        "principalOrgId",
        "sourceIp",
        "user",
        "userAgent",
        "userArn",
    )
)
NOBODY: Mapping[str, str] = {}
"""What is known of a caller who need not sign."""
NOT_OVERRIDDEN: Mapping[str, Mapping[str, str]] = {}
"""What of an integration's request is otherwise than mapped, where no template says so."""
CONTENT_TYPE_TEXT = (b"Content-Type", b"text; charset=utf-8")
AUTHORIZATION = ("Authorization", "authorization")


@lru_cache(maxsize=2048)
def header_name(key: bytes) -> tuple[str, str] | None:
    """A header's name as the client spelled it, and in lower case; None for one that is dropped.

    Any spelling of `authorization` becomes `Authorization`.
    """
    name = key.decode("latin-1")
    lower = name.lower()
    if lower in DROPPED:
        return None
    return AUTHORIZATION if lower == "authorization" else (name, lower)


class Exchange:
    """A request with what every step needs of it.

    `header_lines` are all values of each header by its name as it was sent, the gateway's own added; `header_names` are
    the client's names by their lower-case form. `path` begins after the stage, `stage_path` with it,
    both as sent; `shown_path` is what an event has for `path`: at a custom domain, all of it. `header_size` is in
    bytes, `time` in seconds.
    """

    __slots__ = (
        "api_key",
        "authorizer",
        "domain_name",
        "event",
        "extended_request_id",
        "function_reached",
        "header_lines",
        "header_names",
        "header_size",
        "identity",
        "integration_ms",
        "meter",
        "method",
        "overrides",
        "parameters",
        "path",
        "query",
        "request",
        "request_id",
        "request_time",
        "shown_path",
        "stage",
        "stage_path",
        "time",
        "trace_id",
        "usage_identifier_key",
    )

    def __init__(
        self,
        request: Request,
        stage: StagePoint,
        path: str,
        ids: tuple[str, str],
        time: float,
        request_time: str,
    ) -> None:
        self.request = request
        self.stage = stage
        self.request_id, self.extended_request_id = ids
        self.time = time
        self.request_time = request_time
        self.method: MethodPoint | None = None
        self.parameters: Mapping[str, str] | None = None
        self.overrides: Mapping[str, Mapping[str, str]] = NOT_OVERRIDDEN
        self.authorizer: Mapping[str, Any] | None = None
        self.identity: Mapping[str, str] = NOBODY
        self.api_key: tuple[str, str] | None = None
        self.usage_identifier_key: str | None = None
        self.function_reached = False
        self.event: bytes | None = None
        """What the function got."""
        self.meter: Meter | None = None
        """Its method's, once that is known."""
        self.integration_ms = -1.0
        """How long the integration took, once it has answered."""
        self.path = self.shown_path = printable(path)
        self.stage_path = "/" + printable(request.raw_path).lstrip("/")
        self.query = query_values(printable(request.query)) if request.query else {}
        self._read_headers(request)
        self.domain_name: str = host_name(self.header("host") or "")

    def oversized(self) -> Response | None:
        """What is said to a request that is larger than the gateway takes. It comes from before any API, so that no
        gateway response words it: plain text, without the ids of a request."""
        if self.header_size > HEADER_LIMIT:
            return Response(431, b"HTTP header is larger than 10240 bytes.", [CONTENT_TYPE_TEXT])
        if len(self.request.body) > BODY_LIMIT:
            return Response(413, b"HTTP content length exceeded 10485760 bytes.", [CONTENT_TYPE_TEXT])
        return None

    def _read_headers(self, request: Request) -> None:
        size = 0 if len(request.headers) <= HEADER_LINES else HEADER_LIMIT + 1
        added = self.stage.added_names
        names: dict[str, str] = {}
        lines: dict[str, list[str]] = {}
        given: dict[str, str] = {}
        for key, raw in request.headers[:HEADER_LINES]:
            size += len(raw)
            found = header_name(key)
            if found is None:
                continue
            name, lower = found
            text = raw.decode("utf-8", "replace")
            if lower in added:
                given[lower] = f"{given[lower]}, {text}" if lower in given else text
            elif lower in names:
                lines[names[lower]].append(text)
            else:
                names[lower] = name
                lines[name] = [text]
        self.trace_id = trace_id(given.get("x-amzn-trace-id", ""), self.time)
        forwarded = given.get("x-forwarded-for")
        lines |= self.stage.added_lines
        lines["X-Amzn-Trace-Id"] = [self.trace_id]
        lines["X-Forwarded-For"] = [f"{forwarded}, {request.source_ip}" if forwarded else request.source_ip]
        self.header_names = names
        self.header_lines = lines
        self.header_size = size

    def lines_of(self, lower: str) -> list[str] | None:
        """All values of the header of this lower-case name, or None."""
        name = self.header_names.get(lower) or self.stage.added_names.get(lower)
        return self.header_lines[name] if name else None

    def header(self, lower: str) -> str | None:
        """The last value of the header of this lower-case name, or None."""
        lines = self.lines_of(lower)
        return lines[-1] if lines else None

    def headers(self) -> dict[str, str]:
        """The last value of each header, by its name as it was sent."""
        return {name: lines[-1] for name, lines in self.header_lines.items()}

    def request_context(self) -> dict[str, Any]:
        """`requestContext` of an event, and most of `$context` of a template."""
        request, stage, method = self.request, self.stage, self.method
        identity = {
            **NO_IDENTITY,
            **self.identity,
            "sourceIp": request.source_ip,
            "userAgent": self.header("user-agent"),
        }
        if self.api_key is not None:
            identity["apiKeyId"], identity["apiKey"] = self.api_key
        context: dict[str, Any] = {
            "accountId": stage.account_id,
            "apiId": stage.api_id,
            "deploymentId": stage.deployment_id,
            "domainName": self.domain_name,
            "domainPrefix": self.domain_name.partition(".")[0],
            "extendedRequestId": self.extended_request_id,
            "httpMethod": request.method,
            "identity": identity,
            "path": self.stage_path,
            "protocol": request.protocol,
            "requestId": self.request_id,
            "requestTime": self.request_time,
            "requestTimeEpoch": int(self.time * 1000),
            "resourceId": method.resource_id if method else None,
            "resourcePath": method.resource_path if method else None,
            "stage": stage.name,
        }
        if stage.canary is not None:
            context["isCanaryRequest"] = stage.canary
        if self.authorizer is not None:
            context["authorizer"] = self.authorizer
        return context
