"""The resource policy of a REST API: who may call it at all, before its authorizers are asked.

At methods without AWS_IAM callers are anonymous, whatever they have signed; at the others the policy and the caller's
own policies are weighed together. A policy that cannot be read keeps everybody out, and says so in the log.
"""

import logging
from collections.abc import Mapping

from dewstack.apigateway.policy import INVOKE, MalformedPolicy
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.model import RestApi
from dewstack.apigateway.rest_api.refusals import Refused, denied_by_policy
from dewstack.policies import Statement, effect, names_principal, read

log = logging.getLogger(__name__)

SHORT = "execute-api:/"


def statements_of(api: RestApi) -> tuple[Statement, ...]:
    """The policy's statements, `execute-api:/dev/GET/*` spelled in full. Raises MalformedPolicy."""
    everywhere = f"arn:aws:execute-api:{api.region}:{api.account_id}:{api.id}/"

    def in_full(resource: str) -> str:
        return everywhere + resource.removeprefix(SHORT) if resource.startswith(SHORT) else resource

    return read(api.policy or "", resource=in_full)


def method_arn(exchange: Exchange) -> str:
    """The ARN that a request's policies speak of."""
    return f"{exchange.stage.arn}/{exchange.request.method}/{exchange.path.strip('/')}"


def keys_of(exchange: Exchange) -> Mapping[str, str]:
    """What conditions may ask about a request, whoever sent it."""
    request = exchange.request
    return {
        "aws:sourceip": request.source_ip,
        "aws:useragent": exchange.header("user-agent") or "",
        "aws:securetransport": "true",
    }


class ResourcePolicy:
    """The policy of an API, for anonymous callers. Raises MalformedPolicy for one that cannot be read."""

    def __init__(self, api: RestApi) -> None:
        self._statements = tuple(one for one in statements_of(api) if names_principal(one, ()))
        self._name = api.name

    async def check(self, exchange: Exchange) -> None:
        """Raises Refused: 403 where the policy denies or doesn't allow."""
        arn = method_arn(exchange)
        found = effect(self._statements, INVOKE, arn, keys_of(exchange))
        if found != "Allow":
            log.warning(
                "API %s: its resource policy keeps %s out of %s",
                self._name,
                exchange.request.source_ip,
                exchange.path,
            )
            raise Refused(denied_by_policy(arn, explicitly=found == "Deny"))


__all__ = ["MalformedPolicy", "ResourcePolicy", "keys_of", "method_arn", "statements_of"]
