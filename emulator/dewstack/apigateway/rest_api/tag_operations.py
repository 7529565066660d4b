"""The control plane of REST APIs: tags of whatever has an ARN, and the account's own settings (`apigateway`)."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from dewstack.apigateway.domains.model import DomainName
from dewstack.apigateway.errors import BadRequestException, NotFoundException
from dewstack.apigateway.rest_api.account_model import ClientCertificate, VpcLink
from dewstack.apigateway.rest_api.model import Account, ApiKey, RestApi, Stage, UsagePlan
from dewstack.apigateway.rest_api.patch import Patches, removable
from dewstack.apigateway.rest_api.resources import RestApis
from dewstack.apigateway.rest_api.shapes import output, required
from dewstack.arn import Arn
from dewstack.config import Caller
from dewstack.wire import operation

PATCHES = Patches(Account, {"cloudwatchRoleArn": removable})
ACCOUNT = {
    "throttleSettings": {"burstLimit": 5_000, "rateLimit": 10_000.0},
    "features": ["UsagePlans"],
    "apiKeyVersion": "4",
}
"""What AWS says of every account."""

Tags = dict[str, str]
Tagged = RestApi | Stage | ApiKey | UsagePlan | DomainName | VpcLink | ClientCertificate


class TagOperations:
    """TagResource, UntagResource, GetTags; GetAccount, UpdateAccount."""

    def __init__(self, apis: RestApis) -> None:
        self._apis = apis

    @operation("TagResource")
    def tag_resource(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Add tags. Raises BadRequestException, NotFoundException."""
        self._retag(caller, params, lambda tags: tags | (params.get("tags") or {}))
        return {}

    @operation("UntagResource")
    def untag_resource(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Take tags away. Raises BadRequestException, NotFoundException."""
        gone = set(params.get("tagKeys") or ())
        self._retag(caller, params, lambda tags: {key: tags[key] for key in tags if key not in gone})
        return {}

    @operation("GetTags")
    def get_tags(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The tags. Raises BadRequestException, NotFoundException."""
        return {"tags": self._find(caller, required(params, "resourceArn"))[0].tags}

    def _retag(self, caller: Caller, params: dict[str, Any], change: Callable[[Tags], Tags]) -> None:
        with self._apis.transaction():
            tagged, put = self._find(caller, required(params, "resourceArn"))
            put(replace(tagged, tags=change(tagged.tags)))

    def _find(self, caller: Caller, arn: str) -> tuple[Tagged, Callable[[Any], Any]]:
        """What `arn:aws:apigateway:region::/restapis/ID` and its like mean, and how to keep it."""
        try:
            parts = Arn.parse(arn).resource.strip("/").split("/")
        except ValueError:
            raise BadRequestException(f"Invalid ARN specified in the request: {arn}") from None
        match parts:
            case ["restapis", api_id]:
                return self._apis.named(caller, api_id), self._apis.put
            case ["restapis", api_id, "stages", name]:
                api = self._apis.named(caller, api_id)
                return self._apis.stages.get(api, name), lambda stage: self._apis.stages.put(api, name, stage)
            case ["apikeys", key_id]:
                return self._apis.api_keys.get(caller, key_id), self._apis.api_keys.put
            case ["domainnames", name]:
                return self._apis.domain_names.get(caller, name), self._apis.domain_names.put
            case ["vpclinks", link_id]:
                return self._apis.vpc_links.get(caller, link_id), self._apis.vpc_links.put
            case ["clientcertificates", identity]:
                certificates = self._apis.client_certificates
                return certificates.get(caller, identity), certificates.put
            case ["usageplans", plan_id]:
                return self._apis.usage_plans.get(caller, plan_id), self._apis.usage_plans.put
        raise NotFoundException(f"Invalid resource identifier specified: {arn}")

    @operation("GetAccount")
    def get_account(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """The account's settings for REST APIs."""
        return ACCOUNT | output(self._apis.account(caller))

    @operation("UpdateAccount")
    def update_account(self, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        """Apply patch operations; the role is kept, nothing is logged in its name. Raises BadRequestException."""
        with self._apis.transaction():
            account = PATCHES.apply(self._apis.account(caller), params.get("patchOperations"))
            self._apis.put_account(account)
        return ACCOUNT | output(account)
