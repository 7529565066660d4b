"""AWS_IAM at a route of an HTTP API: the request is signed, and its signer may invoke the route. Of a refusal the
client learns nothing."""

import logging
from collections.abc import Mapping
from typing import Any

from dewstack.access import Authorize, Principal, Refusal
from dewstack.apigateway.http_api import responses
from dewstack.apigateway.http_api.exchange import Exchange
from dewstack.apigateway.http_api.payload import Constants, Identity
from dewstack.apigateway.http_api.responses import GatewayResponse
from dewstack.apigateway.policy import INVOKE

log = logging.getLogger(__name__)


class IamAuthorizer:
    """The authorizer of such a route."""

    def __init__(self, authorize: Authorize, constants: Constants) -> None:
        self._authorize = authorize
        self._constants = constants

    async def authorize(self, exchange: Exchange, parameters: Mapping[str, str] | None) -> Identity:
        """Who has signed the request. Raises GatewayResponse: 403 for whoever may not pass."""
        request = exchange.request
        arn = f"{self._constants.arn}/{request.method}/{exchange.route_path.strip('/')}"
        found = await self._authorize(request, INVOKE, arn)
        if isinstance(found, Refusal):
            log.warning(
                "%s %s is refused: %s: %s",
                request.method,
                exchange.path,
                found.code,
                found.message.partition("\n")[0],
            )
            raise GatewayResponse(responses.FORBIDDEN)
        return Identity("iam", facts_of(found))


def facts_of(signer: Principal) -> dict[str, Any]:
    """Who has signed, as events tell it: those of function URLs too."""
    return {
        "accessKey": signer.access_key_id,
        "accountId": signer.account_id,
        "callerId": signer.user_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": signer.arn,
        "userId": signer.user_id,
    }
