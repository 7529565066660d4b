"""The control plane of `apigatewayv2`: the APIs themselves."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from dewstack.apigateway import integrations
from dewstack.apigateway.errors import BadRequestException
from dewstack.apigateway.v2.model import Api, Integration, Route, Stage
from dewstack.apigateway.v2.protocols import Protocols
from dewstack.apigateway.v2.resources import ApisV2, new_id, page
from dewstack.apigateway.v2.shapes import fields_of, output, required
from dewstack.clock import Clock
from dewstack.config import Caller
from dewstack.errors import NotEmulated
from dewstack.ids import api_id
from dewstack.wire import operation

NAME_LIMIT = 128


class ApiOperations:
    """CreateApi, GetApi, GetApis, UpdateApi, DeleteApi, DeleteCorsConfiguration.

    `endpoint` gives the URL of an API from its id and region.
    """

    def __init__(
        self, apis: ApisV2, clock: Clock, endpoint: Callable[[str, str], str], protocols: Protocols
    ) -> None:
        self._apis = apis
        self._clock = clock
        self._endpoint = endpoint
        self._protocols = protocols

    def _output(self, api: Api) -> dict[str, Any]:
        return output(api) | {"ApiEndpoint": self._url(api)}

    def _url(self, api: Api) -> str:
        _, colon, rest = self._endpoint(api.api_id, api.region).partition(":")
        return f"{self._protocols[api.protocol_type].scheme}{colon}{rest}"

    @operation("CreateApi")
    def create_api(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Create an API; with `Target`, also its `$default` stage, a route and the integration behind it."""
        protocol = self._protocols.get(required(params, "ProtocolType"))
        if protocol is None:
            raise BadRequestException("ProtocolType must be one of [WEBSOCKET, HTTP]")
        if len(required(params, "Name")) > NAME_LIMIT:
            raise BadRequestException(f"Name must be at most {NAME_LIMIT} characters long")
        given = fields_of(Api, params) | {"api_id": api_id(), "created_date": self._clock.time()}
        given.setdefault("route_selection_expression", protocol.route_selection_expression or "")
        api = Api(account_id=caller.account_id, region=caller.region, **given)
        protocol.check_api(api)
        with self._apis.transaction():
            self._apis.put(api)
            if params.get("Target"):
                if api.protocol_type != "HTTP":
                    raise BadRequestException("Quick create is only supported for HTTP APIs")
                self._quick_create(api, params)
        self._apis.changed(api)
        return self._output(api)

    def _quick_create(self, api: Api, params: dict[str, Any]) -> None:
        function = integrations.function_arn(params["Target"])
        if function is None:
            raise NotEmulated("CreateApi: a Target that isn't a Lambda function is not emulated")
        integration = Integration(
            new_id(),
            "AWS_PROXY",
            credentials_arn=params.get("CredentialsArn"),
            integration_method="POST",
            integration_uri=params["Target"],
            payload_format_version="2.0",
        )
        target = f"integrations/{integration.integration_id}"
        route = Route(new_id(), params.get("RouteKey") or "$default", target=target)
        now = self._clock.time()
        self._apis.integrations.put(api, integration.integration_id, integration)
        self._apis.routes.put(api, route.route_id, route)
        self._apis.stages.put(api, "$default", Stage("$default", now, now, auto_deploy=True))

    @operation("GetApi")
    def get_api(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One API. Raises NotFoundException."""
        return self._output(self._apis.api(caller, params))

    @operation("GetApis")
    def get_apis(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The APIs of the caller's account and region, oldest first."""
        apis = self._apis.of(caller)
        shape = page(apis, params)
        for item in shape["Items"]:
            item["ApiEndpoint"] = self._url(self._apis.named(caller, item["ApiId"]))
        return shape

    @operation("UpdateApi")
    def update_api(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Change what `params` gives and leave the rest. Raises NotFoundException, BadRequestException."""
        with self._apis.transaction():
            api = replace(self._apis.api(caller, params), **fields_of(Api, params))
            self._protocols[api.protocol_type].check_api(api)
            self._apis.put(api)
        self._apis.changed(api)
        return self._output(api)

    @operation("DeleteCorsConfiguration")
    def delete_cors_configuration(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Leave CORS to the functions again."""
        with self._apis.transaction():
            api = self._apis.put(replace(self._apis.api(caller, params), cors_configuration=None))
        self._apis.changed(api)
        return {}

    @operation("DeleteApi")
    def delete_api(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete the API with everything in it. Raises NotFoundException."""
        with self._apis.transaction():
            api = self._apis.api(caller, params)
            self._apis.delete(api)
        self._apis.changed(api)
        return {}
