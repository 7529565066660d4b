"""One entry of `custom.apiGatewayServiceProxies`."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from dewstack.errors import UserError
from dewstack.service import HttpCors, Service

PLUGIN = "serverless-apigateway-service-proxy"
ORDER = ("kinesis", "sqs", "s3", "sns", "dynamodb", "eventbridge")
"""The services, as the plugin goes through them."""
NEEDED: Mapping[str, tuple[str, ...]] = {
    "kinesis": ("streamName",),
    "sqs": ("queueName",),
    "s3": ("action", "bucket"),
    "sns": ("topicName",),
    "dynamodb": ("action", "tableName", "hashKey"),
    "eventbridge": ("source", "eventBusName"),
}
HEADERS = (
    "Content-Type",
    "X-Amz-Date",
    "Authorization",
    "X-Api-Key",
    "X-Amz-Security-Token",
    "X-Amz-User-Agent",
)
ALLOW_ORIGIN = "method.response.header.Access-Control-Allow-Origin"


class Proxy(Struct, frozen=True):
    """A route and the service behind it; `http` is what the map says. `path` begins with a slash; `origin` are the
    parameters of responses where the route has CORS."""

    service: str
    method: str
    path: str
    http: Mapping[str, Any]
    cors: HttpCors | None
    origin: Mapping[str, str]


def proxies_of(service: Service) -> list[Proxy]:
    """The proxies of a map that has the plugin. Raises UserError for one that cannot be made."""
    if PLUGIN not in service.plugins:
        return []
    entries = service.custom.get("apiGatewayServiceProxies") or ()
    return [_proxy(f"custom.apiGatewayServiceProxies[{index}]", each) for index, each in enumerate(entries)]


def _proxy(where: str, entry: Any) -> Proxy:
    name = next(iter(entry), "") if isinstance(entry, dict) else ""
    http = entry[name] if name else None
    if name not in NEEDED or not isinstance(http, dict):
        raise UserError(f"{where}: it is none of {', '.join(NEEDED)}")
    for key in ("path", "method", *NEEDED[name]):
        if not http.get(key):
            raise UserError(f"{where}.{name}: missing key '{key}'")
    method = str(http["method"]).upper()
    cors = _cors(http.get("cors"), method)
    allowed = ",".join(cors.origins) or cors.origin if cors else None
    origin = {ALLOW_ORIGIN: f"'{allowed}'"} if allowed else {}
    return Proxy(name, method, "/" + str(http["path"]).strip("/"), http, cors, origin)


def _cors(given: Any, method: str) -> HttpCors | None:
    if not given:
        return None
    if not isinstance(given, dict):
        return HttpCors("*", ("OPTIONS", method), HEADERS, ("*",))
    methods = tuple(given.get("methods") or ())
    methods += tuple(each for each in ("OPTIONS", method) if each not in methods)
    return HttpCors(
        origin=given.get("origin") or "*",
        methods=methods,
        headers=_texts(given.get("headers")) or HEADERS,
        origins=_texts(given.get("origins")),
        allow_credentials=bool(given.get("allowCredentials")),
        max_age=given.get("maxAge"),
        cache_control=given.get("cacheControl"),
    )


def _texts(given: Iterable[Any] | None) -> tuple[str, ...]:
    return tuple(str(each) for each in given or ())
