"""The control plane of `apigatewayv2`: the tags of APIs, stages and domain names."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.domains.model import DomainName
from dewstack.apigateway.domains.names import DomainNames
from dewstack.apigateway.errors import BadRequestException, NotFoundException
from dewstack.apigateway.v2.model import Api, Stage
from dewstack.apigateway.v2.resources import ApisV2
from dewstack.apigateway.v2.shapes import required
from dewstack.arn import Arn
from dewstack.config import Caller
from dewstack.wire import operation

Tags = dict[str, str]
Tagged = Api | Stage | DomainName


class TagOperations:
    """TagResource, UntagResource, GetTags."""

    def __init__(self, apis: ApisV2, names: DomainNames) -> None:
        self._apis = apis
        self._names = names

    @operation("TagResource")
    def tag_resource(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Add tags. Raises BadRequestException, NotFoundException."""
        self._retag(caller, params, lambda tags: tags | (params.get("Tags") or {}))
        return {}

    @operation("UntagResource")
    def untag_resource(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Take tags off. Raises BadRequestException, NotFoundException."""
        gone = set(params.get("TagKeys") or ())
        self._retag(caller, params, lambda tags: {key: tags[key] for key in tags if key not in gone})
        return {}

    @operation("GetTags")
    def get_tags(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The tags. Raises BadRequestException, NotFoundException."""
        return {"Tags": self._find(caller, required(params, "ResourceArn"))[0].tags}

    def _retag(self, caller: Caller, params: dict[str, Any], change: Callable[[Tags], Tags]) -> None:
        with self._apis.transaction():
            tagged, put = self._find(caller, required(params, "ResourceArn"))
            put(replace(tagged, tags=change(tagged.tags)))

    def _find(self, caller: Caller, arn: str) -> tuple[Tagged, Callable[[Any], Any]]:
        """What `arn:aws:apigateway:region::/apis/ID[/stages/NAME]` and its like mean, and how to keep it."""
        try:
            parts = Arn.parse(arn).resource.strip("/").split("/")
        except ValueError:
            raise BadRequestException(f"Invalid resource ARN specified {arn}") from None
        match parts:
            case ["apis", api_id]:
                return self._apis.api(caller, {"ApiId": api_id}), self._apis.put
            case ["apis", api_id, "stages", name]:
                api = self._apis.api(caller, {"ApiId": api_id})
                return self._apis.stages.get(api, name), lambda stage: self._apis.stages.put(api, name, stage)
            case ["domainnames", name]:
                return self._names.all.get(caller, name), self._names.all.put
        raise NotFoundException(f"Invalid resource identifier specified {arn}")
