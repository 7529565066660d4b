"""Where the APIs of a map are served on this machine: the HTTP API at `/`, the REST API at `/{stage}/`, unless
serverless-offline's settings say otherwise."""

from collections.abc import Callable

from dewstack.errors import UserError
from dewstack.ids import function_url_id

from .model import FunctionSpec, Route, Service, WebsocketEvent


def rest_stage(service: Service) -> str:
    """The stage of the REST API that the events of a map make."""
    return service.provider.rest_api.stage or service.stage


def rest_base(service: Service, stage: str, *, beside_http: bool) -> str:
    """What the paths of the REST API begin with on the service's port; '' for nothing, which an HTTP API rules out."""
    base = service.offline.rest_base(stage)
    return f"{base}/{stage}" if beside_http and base == service.offline.http_base else base


def function_urls(service: Service, account_id: str, aws_port: int) -> Callable[[FunctionSpec], str]:
    """Gives the address of a function's URL on this machine."""

    def address(function: FunctionSpec) -> str:
        aliases = {"provisionedConcurrency": "provisioned", "snapStart": "snapstart"}
        alias = next((alias for key, alias in aliases.items() if function.settings.get(key)), "")
        url_id = function_url_id(account_id, service.region, function.name, alias)
        return f"http://{url_id}.lambda-url.{service.region}.localhost:{aws_port}/"

    return address


def websocket_routes(service: Service) -> tuple[Route, ...]:
    """The routes of the WebSocket API in the order of the map; its clients all connect to `/{stage}`."""
    return tuple(
        Route("websocket", "WS", event.route, function.key, _guard(event), (), event.at)
        for function in service.functions.values()
        for event in function.events
        if isinstance(event, WebsocketEvent)
    )


def _guard(event: WebsocketEvent) -> str | None:
    authorizer = event.authorizer or {}
    name = authorizer.get("name") or authorizer.get("arn")
    return str(name) if name else None


def check_addresses(service: Service) -> None:
    """Raises UserError for a route of the HTTP API that the REST API would hide."""
    routes = service.routes
    http_routes = [route for route in routes if route.api == "http"]
    if not http_routes or len(http_routes) == len(routes):
        return
    base = rest_base(service, rest_stage(service), beside_http=True)
    for route in http_routes:
        path = service.offline.http_base + route.path
        if path == base or path.startswith(f"{base}/"):
            raise UserError(
                f"{route.at}: the HTTP API's route {route.method} {route.path} and the REST API, which is served at"
                f" {base}/ on the same port, are in each other's way",
                hint="Give one of them another path, or the service another stage (dew up --stage NAME).",
            )
