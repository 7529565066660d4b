"""The control plane of `apigatewayv2`: what is mapped at custom domain names, APIs of all kinds."""

import re
from collections.abc import Callable
from typing import Any

from dewstack.apigateway.domains.model import NO_BASE_PATH, BasePathMapping, DomainName
from dewstack.apigateway.domains.names import DomainNames
from dewstack.apigateway.domains.table import Domains
from dewstack.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from dewstack.apigateway.v2.resources import ApisV2, new_id, shown_page
from dewstack.apigateway.v2.shapes import required
from dewstack.config import Caller
from dewstack.wire import operation

KEY = re.compile(r"[A-Za-z0-9_.~!$'()*+:;@&=-]+(?:/[A-Za-z0-9_.~!$'()*+:;@&=-]+)*|")
KEY_LIMIT = 300


class ApiMappingOperations:
    """CreateApiMapping, GetApiMapping(s), UpdateApiMapping, DeleteApiMapping. `rest_stages` gives the stages of a REST
    API, and raises NotFoundException."""

    def __init__(
        self,
        names: DomainNames,
        domains: Domains,
        apis: ApisV2,
        rest_stages: Callable[[Caller, str], list[str]],
    ) -> None:
        self._names = names
        self._domains = domains
        self._apis = apis
        self._rest_stages = rest_stages

    @operation("CreateApiMapping")
    def create_api_mapping(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Map a key to a stage. Raises BadRequestException, ConflictException, NotFoundException."""
        with self._names.transaction():
            domain = self._domain(caller, params)
            mapping = BasePathMapping(
                params.get("ApiMappingKey") or NO_BASE_PATH,
                required(params, "ApiId"),
                required(params, "Stage"),
                new_id(),
            )
            self._keep(caller, domain, mapping)
        self._domains.forget()
        return _shown(mapping)

    @operation("GetApiMapping")
    def get_api_mapping(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """One mapping. Raises NotFoundException."""
        return _shown(self._mapping(self._domain(caller, params), params))

    @operation("GetApiMappings")
    def get_api_mappings(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The mappings of a domain name."""
        return shown_page(self._names.mappings.all(self._domain(caller, params)), params, _shown)

    @operation("UpdateApiMapping")
    def update_api_mapping(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Change what `params` gives and leave the rest. Raises as CreateApiMapping does."""
        with self._names.transaction():
            domain = self._domain(caller, params)
            before = self._mapping(domain, params)
            key = params.get("ApiMappingKey")
            mapping = BasePathMapping(
                before.base_path if key is None else key or NO_BASE_PATH,
                required(params, "ApiId"),
                params.get("Stage") or before.stage,
                before.id,
            )
            self._keep(caller, domain, mapping)
            if mapping.base_path != before.base_path:
                self._names.mappings.delete(domain, before.base_path)
        self._domains.forget()
        return _shown(mapping)

    @operation("DeleteApiMapping")
    def delete_api_mapping(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Delete a mapping. Raises NotFoundException."""
        with self._names.transaction():
            domain = self._domain(caller, params)
            self._names.mappings.delete(domain, self._mapping(domain, params).base_path)
        self._domains.forget()
        return {}

    def _domain(self, caller: Caller, params: dict[str, Any]) -> DomainName:
        return self._names.all.get(caller, required(params, "DomainName"))

    def _mapping(self, domain: DomainName, params: dict[str, Any]) -> BasePathMapping:
        return self._names.mapping(domain, required(params, "ApiMappingId"))

    def _keep(self, caller: Caller, domain: DomainName, mapping: BasePathMapping) -> None:
        if not KEY.fullmatch(mapping.path) or len(mapping.path) > KEY_LIMIT:
            raise BadRequestException(
                "API mapping key may only contain letters, numbers and $-_.+!*'() characters, and single slashes"
                " within"
            )
        protocol, stages = self._found(caller, mapping.rest_api_id)
        if mapping.stage not in stages:
            raise BadRequestException("Invalid stage identifier specified")
        if protocol == "WEBSOCKET" and "/" in mapping.path:
            raise BadRequestException("API mappings of several levels are not supported for WebSocket APIs")
        for other in self._names.mappings.all(domain):
            if other.id == mapping.id:
                continue
            if other.base_path == mapping.base_path:
                raise ConflictException("ApiMapping key already exists for this domain name")
            if (self._protocol(other) == "WEBSOCKET") != (protocol == "WEBSOCKET"):
                raise BadRequestException("A domain name may not have WebSocket APIs and others beside them")
        self._names.mappings.put(domain, mapping.base_path, mapping)

    def _protocol(self, mapping: BasePathMapping) -> str:
        api = self._apis.anywhere(mapping.rest_api_id)
        return api.protocol_type if api else "REST"

    def _found(self, caller: Caller, api_id: str) -> tuple[str, list[str]]:
        """The protocol of an API of any kind, and its stages. Raises BadRequestException where there is none."""
        try:
            if api_id not in self._apis:
                return "REST", self._rest_stages(caller, api_id)
            api = self._apis.named(caller, api_id)
        except NotFoundException:
            raise BadRequestException(f"Invalid API identifier specified {api_id}") from None
        return api.protocol_type, [stage.stage_name for stage in self._apis.stages.all(api)]


def _shown(mapping: BasePathMapping) -> dict[str, Any]:
    shape = {"ApiId": mapping.rest_api_id, "ApiMappingId": mapping.id, "ApiMappingKey": mapping.path}
    return shape | ({"Stage": mapping.stage} if mapping.stage else {})
