"""Where IAM learns of roles, users and their keys: from stacks, and from what moto holds."""

import logging
from collections.abc import Callable

from dewstack.cloudformation import CloudFormation
from dewstack.iam import Credential, Identity, Recorded, Sources, user_key
from dewstack.others.identities import Identities

GATEWAY = "apigateway.amazonaws.com"
"""The principal that API Gateway invokes functions by."""


def gateway_permits(permits: Callable[[str, str, str], bool]) -> Callable[[str, str], bool]:
    """Whether a function's resource policy lets API Gateway invoke it for an API; both are ARNs. `permits` asks it of a
    principal."""

    def asked(function: str, api: str) -> bool:
        permitted = permits(function, GATEWAY, api)
        if not permitted:
            logging.getLogger("dewstack.iam").warning(
                "the policy of %s doesn't let API Gateway invoke it for %s: requests get 500, as on AWS"
                " (lambda:AddPermission)",
                function,
                api,
            )
        return permitted

    return asked


def iam_sources(stacks: CloudFormation, identities: Identities) -> Sources:
    """What is asked of both."""

    def records() -> list[Recorded]:
        return [
            Recorded(stack.account_id, one.type, one.physical_id, one.properties, one.attributes)
            for stack, one in stacks.resources_of("AWS::IAM::")
        ]

    def key_of_user(access_key_id: str) -> Credential | None:
        key = identities.access_key(access_key_id)
        return user_key(access_key_id, **key) if key else None

    def identity(arn: str) -> Identity | None:
        made = identities.identity(arn)
        return Identity(**made) if made else None

    return Sources(
        records=records,
        edition=lambda: (stacks.edition, identities.edition),
        identity=identity,
        document=identities.document,
        user_key=key_of_user,
        arn_of=identities.arn_of,
    )
