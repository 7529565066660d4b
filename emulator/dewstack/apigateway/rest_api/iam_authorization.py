"""AWS_IAM at a method of a REST API: the request is signed, and its signer may invoke the method."""

from collections.abc import Callable, Mapping, Sequence

from dewstack.access import Authorize, Refusal
from dewstack.apigateway.policy import INVOKE
from dewstack.apigateway.rest_api import refusals
from dewstack.apigateway.rest_api.exchange import Exchange
from dewstack.apigateway.rest_api.refusals import Refused
from dewstack.apigateway.rest_api.resource_policy import keys_of, method_arn
from dewstack.policies import Statement


class SignedRequests:
    """The step of such a method. `statements` are the API's own resource policy, weighed together with the policies of
    whoever has signed."""

    def __init__(self, authorize: Authorize, statements: Sequence[Statement] = ()) -> None:
        self._authorize = authorize
        self._statements = statements

    async def check(self, exchange: Exchange) -> None:
        """Note who has signed the request. Raises Refused: 403 for whoever may not pass."""
        arn = method_arn(exchange)
        found = await self._authorize(
            exchange.request, INVOKE, arn, resource_policy=self._statements, keys=keys_of(exchange)
        )
        if isinstance(found, Refusal):
            raise Refused(WORDED[found.code](found.message.replace(arn, refusals.masked(arn))))
        exchange.identity = {
            "accessKey": found.access_key_id,
            "accountId": found.account_id,
            "caller": found.user_id,
            "user": found.user_id,
            "userArn": found.arn,
        }


WORDED: Mapping[str, Callable[[str], refusals.Refusal]] = {
    "MissingAuthenticationTokenException": lambda message: refusals.MISSING_AUTHENTICATION_TOKEN,
    "IncompleteSignatureException": refusals.incomplete_signature,
    "InvalidSignatureException": refusals.invalid_signature,
    "UnrecognizedClientException": refusals.unrecognized_client,
    "ExpiredTokenException": refusals.expired_token,
    "AccessDeniedException": refusals.denied,
}
"""A refusal of AWS_IAM as a REST API words it."""
