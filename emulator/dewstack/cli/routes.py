"""`dew routes`: which request reaches which function, and who may send it."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from dewstack.cli.mapping import MapOptions, ask_running, map_options
from dewstack.cli.output import json_option, print_json, print_table
from dewstack.config import DEFAULT_ACCOUNT_ID, Config
from dewstack.project import find_project

if TYPE_CHECKING:
    from dewstack.project import Project
    from dewstack.service import Route, Service

METHOD_COLORS = {"GET": "green", "POST": "yellow", "PUT": "blue", "PATCH": "blue", "DELETE": "red"}


def cells(route: "Route", path: str) -> list[str]:
    """One route as the table's cells: kind of API, method, path, function, authorizer with scopes."""
    guard = route.authorizer or ""
    if route.scopes:
        guard += f" ({' '.join(route.scopes)})"
    method = click.style(route.method, fg=METHOD_COLORS.get(route.method))
    return [route.api.upper(), method, path, route.function, guard]


def print_routes(service: "Service", aws_port: int) -> None:
    """The table of all routes, in the order of the map, by their paths on the service's port; then what messages
    of a WebSocket reach, and the functions with a URL at the AWS port."""
    from dewstack.service.addresses import function_urls, rest_base, rest_stage, websocket_routes

    stage = rest_stage(service)
    beside_http = any(route.api == "http" for route in service.routes)
    bases = {"http": service.offline.http_base, "rest": rest_base(service, stage, beside_http=beside_http)}

    def path_of(route: "Route") -> str:
        path = route.path.removeprefix(f"/{stage}") if route.api == "rest" else route.path
        return path if path == "$default" else bases[route.api] + path or "/"

    head = ["API", "METHOD", "PATH", "FUNCTION", "AUTHORIZER"]
    urls = service.url_routes(function_urls(service, DEFAULT_ACCOUNT_ID, aws_port))
    listed = [cells(route, path_of(route)) for route in service.routes]
    beside = (*websocket_routes(service), *urls)
    print_table(head, listed + [cells(route, route.path) for route in beside])


def _aws_port(project: "Project") -> int:
    """Where the emulator of the project has the AWS port, or would have it."""
    run = project.running()
    return (urlsplit(run.aws_url).port if run else None) or Config().aws_port


@click.command("routes")
@map_options
@json_option
def command(stage: str, region: str, params: tuple[str, ...], as_json: bool) -> None:
    """List which request reaches which function, and the authorizer in between. The emulator need not run.

    \b
    Examples:
      dew routes
      dew routes --json | jq -r '.routes[].path'
    """
    project = find_project()
    service = MapOptions(stage, region, params).load(project.directory, ask=ask_running(project))
    if not as_json:
        print_routes(service, _aws_port(project))
        return
    from dewstack.service.addresses import function_urls, websocket_routes

    urls = service.url_routes(function_urls(service, DEFAULT_ACCOUNT_ID, _aws_port(project)))
    routes = [
        {
            "api": route.api,
            "method": route.method,
            "path": route.path,
            "function": route.function,
            "authorizer": route.authorizer,
            "scopes": list(route.scopes),
            "defined_at": str(route.at),
        }
        for route in (*service.routes, *websocket_routes(service), *urls)
    ]
    print_json({"service": service.name, "stage": service.stage, "routes": routes})
