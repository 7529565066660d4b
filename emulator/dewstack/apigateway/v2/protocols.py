"""What distinguishes the protocols of `apigatewayv2`: what each refuses, and the form in which its APIs serve."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from dewstack.apigateway.v2.model import (
    Api,
    Authorizer,
    Integration,
    IntegrationResponse,
    Route,
    Snapshot,
    Stage,
)
from dewstack.http import Request, Response


class ServedApi(Protocol):
    """An API, ready to serve."""

    async def execute(self, request: Request, mapped: tuple[str, str] | None = None) -> Response:
        """The response to `request`, whatever happens on its way. At a custom domain name, its stage and the path after
        it are `mapped`."""


class ApiProtocol(Protocol):
    """One protocol: `HTTP` or `WEBSOCKET`. What a check refuses, it refuses by BadRequestException or NotEmulated."""

    scheme: str
    """Of the URLs of its APIs."""
    route_selection_expression: str | None
    """What CreateApi takes where none is given; None where one has to be."""
    integration_defaults: Mapping[str, Any]
    """Fields of an integration that aren't given."""
    authorizer_types: Mapping[str, str]
    """The type of authorizer that a route's authorization type needs; '' for one that needs none."""

    def check_api(self, api: Api) -> None:
        """Refuse an API."""

    def check_route(self, route: Route) -> None:
        """Refuse a route by itself; its target and its authorizer are looked up elsewhere."""

    def check_integration(self, integration: Integration) -> None:
        """Refuse an integration."""

    def check_integration_response(self, response: IntegrationResponse) -> None:
        """Refuse a response of an integration."""

    def check_authorizer(self, authorizer: Authorizer) -> None:
        """Refuse an authorizer."""

    def compile(self, api: Api, stages: Iterable[tuple[Stage, Snapshot]]) -> ServedApi:
        """The API as it is served from now on, each stage with what it serves."""


Protocols = Mapping[str, ApiProtocol]
"""By AWS's name of the protocol."""
